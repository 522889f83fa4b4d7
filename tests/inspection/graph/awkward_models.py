"""Small models that are hard to trace, each with inputs and the module calls that it makes."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations, parametrize
from torch.utils.checkpoint import checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Case:
    """A model, what it is called with, and how many calls of leaf modules it makes."""

    make: Callable[[], nn.Module]
    inputs: Callable[[], tuple[Any, ...]]
    leaf_calls: int
    kwargs: Callable[[], dict[str, Any]] = field(default=dict)
    needs_values: bool = False


CASES: dict[str, Case] = {}


def case(
    name: str,
    leaf_calls: int,
    *inputs: Callable[[], Any],
    needs_values: bool = False,
    **kwargs: Callable[[], Any],
) -> Callable[[Callable[[], nn.Module]], Callable[[], nn.Module]]:
    def add(make: Callable[[], nn.Module]) -> Callable[[], nn.Module]:
        CASES[name] = Case(
            make,
            lambda: tuple(make_input() for make_input in inputs),
            leaf_calls,
            lambda: {key: make_input() for key, make_input in kwargs.items()},
            needs_values,
        )
        return make

    return add


def vector() -> torch.Tensor:
    return torch.randn(2, 4)


def image() -> torch.Tensor:
    return torch.randn(2, 3, 8, 8)


def sequence() -> torch.Tensor:
    return torch.randn(2, 5, 4)


def tokens() -> torch.Tensor:
    return torch.randint(0, 10, (2, 5))


@case("tied weights", 2, tokens)
class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(10, 4)
        self.out = nn.Linear(4, 10, bias=False)
        self.out.weight = self.embed.weight

    def forward(self, x):
        return self.out(self.embed(x))


@case("module used four times", 4, vector)
class Reused(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x):
        for _ in range(4):
            x = self.layer(x).relu()
        return x


@case("LSTM with tuples", 2, sequence)
class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 6, num_layers=2, batch_first=True, bidirectional=True)
        self.out = nn.Linear(12, 3)

    def forward(self, x):
        states, (hidden, _) = self.lstm(x)
        return self.out(states[:, -1]), hidden


@case("GRU with packed sequences", 1, sequence, needs_values=True)
class Packed(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(4, 6, batch_first=True)

    def forward(self, x):
        packed = nn.utils.rnn.pack_padded_sequence(x, torch.tensor([5, 3]), batch_first=True)
        states, _ = self.gru(packed)
        return nn.utils.rnn.pad_packed_sequence(states, batch_first=True)[0]


@case("LSTM cell in a loop", 6, sequence)
class Cells(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.LSTMCell(4, 6)
        self.out = nn.Linear(6, 2)

    def forward(self, x):
        state = None
        for time in range(x.shape[1]):
            state = self.cell(x[:, time], state)
        return self.out(state[0])


@case("branch on a value", 1, vector, needs_values=True)
class Branching(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = nn.Linear(4, 4)
        self.other = nn.Linear(4, 4)

    def forward(self, x):
        return self.one(x) if x.abs().sum() > 0 else self.other(x)


@case("as many steps as a value says", 3, vector, needs_values=True)
class Steps(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x):
        for _ in range(int((x * 0).sum().item()) + 3):
            x = self.layer(x)
        return x


@case("experts chosen by values", 3, vector, needs_values=True)
class Experts(nn.Module):
    def __init__(self):
        super().__init__()
        self.gate = nn.Linear(4, 2)
        self.experts = nn.ModuleList(nn.Linear(4, 4) for _ in range(2))

    def forward(self, x):
        chosen = (self.gate(x) * 0).argmax(-1) + torch.tensor([0, 1])
        result = torch.zeros_like(x)
        for number, expert in enumerate(self.experts):
            rows = (chosen == number).nonzero().squeeze(-1)
            result = result.index_add(0, rows, expert(x[rows]))
        return result


@case(
    "nested dictionaries and keyword arguments",
    2,
    lambda: {"image": image(), "meta": [vector(), {"mask": torch.ones(2, 4, dtype=torch.bool)}]},
    scale=lambda: torch.tensor(2.0),
)
class Nested(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.fc = nn.Linear(4, 4)

    def forward(self, batch, *, scale=None, unused=None):
        x = self.conv(batch["image"]).mean((2, 3))
        y = self.fc(batch["meta"][0]) * batch["meta"][1]["mask"]
        return {"sum": x + y, "parts": [x * scale, {"y": y}]}


@dataclass
class Answer:
    logits: torch.Tensor
    hidden: list[torch.Tensor] | None = None


@case("keywords only, dataclass out", 1, x=vector, mask=lambda: None)
class KeywordsOnly(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 3)

    def forward(self, *, x, mask=None):
        y = self.fc(x)
        return Answer(y.softmax(-1), [y])


class Pair(NamedTuple):
    first: torch.Tensor
    second: torch.Tensor


@case("named tuple in and out", 1, lambda: Pair(vector(), vector()))
class NamedPair(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, pair):
        return Pair(self.fc(pair.first), pair.second)


class PlainBatch:
    def __init__(self):
        self.x = vector()
        self.name = "batch"


@case("object of the user's own", 1, PlainBatch)
class TakesObject(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, batch):
        return self.fc(batch.x)


@case("arguments by star", 2, vector, vector, vector, extra=vector)
class Starred(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(16, 4)
        self.act = nn.ReLU()

    def forward(self, *parts, **more):
        return self.act(self.fc(torch.cat([*parts, *more.values()], dim=1)))


@case("writes in place and through views", 1, vector)
class InPlace(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        y = self.fc(x).clone()
        y += 1
        y[:, 0] = 0.0
        row = y[0]
        row.mul_(2)
        y.view(-1)[3:5].zero_()
        return functional.relu(y, inplace=True)


@case("buffers that change", 2, vector)
class Counting(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(4)
        self.drop = nn.Dropout(0.5)
        self.register_buffer("seen", torch.zeros((), dtype=torch.long))

    def forward(self, x):
        self.seen += 1
        return self.drop(self.norm(x))


class Doubling(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, gradient):
        return gradient * 2


@case("autograd function, checkpoint and no_grad", 4, vector)
class Functions(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 4)
        self.b = nn.Linear(4, 4)
        self.c = nn.Linear(4, 4)
        self.d = nn.Linear(4, 4)

    def forward(self, x):
        x = Doubling.apply(self.a(x))
        x = checkpoint(self.b, x, use_reentrant=False)
        x = checkpoint(self.c, x, use_reentrant=True)
        with torch.no_grad():
            return self.d(x)


@case("NumPy on the way", 2, vector, needs_values=True)
class ThroughNumpy(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 4)
        self.b = nn.Linear(4, 4)

    def forward(self, x):
        return self.b(torch.from_numpy(np.tanh(self.a(x).detach().numpy())))


@case("methods other than forward", 2, vector)
class OtherMethods(nn.Module):
    class Inner(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(4, 4)
            self.back = nn.Linear(4, 4)

        def encode(self, x):
            return self.fc(x).relu()

        def decode(self, x):
            return self.back(x)

    def __init__(self):
        super().__init__()
        self.inner = self.Inner()

    def forward(self, x):
        return self.inner.decode(self.inner.encode(x))


@case("weight norm", 1, vector)
def weight_norm() -> nn.Module:
    return nn.Sequential(parametrizations.weight_norm(nn.Linear(4, 3)))


class Symmetric(nn.Module):
    def forward(self, x):
        return x.triu() + x.triu(1).T


@case("parametrization", 1, vector)
def parametrized() -> nn.Module:
    layer = nn.Linear(4, 4)
    parametrize.register_parametrization(layer, "weight", Symmetric())
    return nn.Sequential(layer)


@case("spectral norm", 1, image)
def spectral_norm() -> nn.Module:
    return nn.Sequential(parametrizations.spectral_norm(nn.Conv2d(3, 4, 3)))


@case("scripted part", 2, vector)
class PartlyScripted(nn.Module):
    def __init__(self):
        super().__init__()
        self.scripted = torch.jit.script(nn.Sequential(nn.Linear(4, 4), nn.ReLU()))
        self.fc = nn.Linear(4, 2)

    def forward(self, x):
        return self.fc(self.scripted(x))


@case("compiled part", 2, vector)
class PartlyCompiled(nn.Module):
    def __init__(self):
        super().__init__()
        self.compiled = torch.compile(nn.Linear(4, 4))
        self.in_place = nn.Linear(4, 4)
        self.in_place.compile()

    def forward(self, x):
        return self.in_place(self.compiled(x))


@case("compiled whole", 1, vector)
def compiled_whole() -> nn.Module:
    return torch.compile(nn.Sequential(nn.Linear(4, 4)))


@case("transformer encoder", 16, sequence)
def encoder() -> nn.Module:
    layer = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)
    return nn.TransformerEncoder(layer, 2).eval()


@case("attention with its weights", 1, sequence)
class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)

    def forward(self, x):
        y, weights = self.attention(x, x, x, need_weights=True)
        return x + y, weights


@case("causal self-attention", 3, sequence)
class Causal(nn.Module):
    def __init__(self):
        super().__init__()
        self.position = nn.Embedding(16, 4)
        self.qkv = nn.Linear(4, 12)
        self.out = nn.Linear(4, 4)

    def forward(self, x):
        length = x.shape[1]
        x = x + self.position(torch.arange(length, device=x.device))
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        mask = torch.full((length, length), float("-inf"), device=x.device).triu(1)
        return self.out((q @ k.transpose(-2, -1) + mask).softmax(-1) @ v)


@case("identity and dropout that do nothing", 4, vector)
def nothing() -> nn.Module:
    class Nothing(nn.Module):
        def __init__(self):
            super().__init__()
            self.same = nn.Identity()
            self.drop = nn.Dropout(0.5)
            self.a = nn.Linear(4, 4)
            self.b = nn.Linear(4, 4)

        def forward(self, x):
            return self.a(self.drop(x)) + self.b(self.same(x)) + x

    return Nothing().eval()


@case("returns its input", 0, vector)
class Passing(nn.Module):
    def forward(self, x):
        return x


@case("hooks", 2, vector)
def hooked() -> nn.Module:
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
    model[0].register_forward_hook(lambda module, given, result: result * 2)
    model[1].register_forward_pre_hook(lambda module, given: (given[0] + 1,))
    return model


@case("half precision", 2, lambda: vector().to(torch.bfloat16))
def half() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4)).to(torch.bfloat16)


@case("autocast", 1, vector, needs_values=True)
class Autocast(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        with torch.autocast(x.device.type, dtype=torch.bfloat16):
            return self.fc(x).float()


@case("meta device", 2, lambda: torch.empty(2, 4, device="meta"))
def on_meta() -> nn.Module:
    with torch.device("meta"):
        return nn.Sequential(nn.Linear(4, 10**6), nn.Linear(10**6, 2))


@case("DataParallel", 2, vector)
def data_parallel() -> nn.Module:
    return nn.DataParallel(nn.Sequential(nn.Linear(4, 4), nn.ReLU()))


@case("quantised", 2, vector, needs_values=True)
def quantised() -> nn.Module:
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
    return torch.ao.quantization.quantize_dynamic(model, {nn.Linear}, dtype=torch.qint8)


@case("custom operator", 1, vector, needs_values=True)
class CustomOperator(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        return torch.ops.nbviz_tests.half(self.fc(x))


with contextlib.suppress(RuntimeError):  # already defined when a test module is imported again

    @torch.library.custom_op("nbviz_tests::half", mutates_args=())
    def half_of(x: torch.Tensor) -> torch.Tensor:
        return x / 2


@case("complex numbers and FFT", 1, vector)
class Fourier(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        return torch.fft.irfft(torch.fft.rfft(self.fc(x)) * 1j, n=4)


@case("gradient inside of forward", 1, vector)
class Energy(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 1)

    def forward(self, x):
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            return -torch.autograd.grad(self.fc(x).tanh().sum(), x, create_graph=True)[0]


@case("keeps what it saw", 1, vector)
class Caching(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.last = None
        self.history = []
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        self.last = self.fc(x)
        self.history.append(self.last)
        return self.last


@case("modules made in forward", 2, vector)
class MakesModules(nn.Module):
    def forward(self, x):
        return nn.ReLU()(nn.Linear(4, 4)(x))


@case("lazy modules", 1, vector)
def lazy() -> nn.Module:
    return nn.Sequential(nn.LazyLinear(3))


@case("functional parameters", 0, vector)
class Functional(nn.Module):
    def __init__(self):
        super().__init__()
        self.weights = nn.ParameterList([nn.Parameter(torch.randn(4, 4)) for _ in range(2)])
        self.table = nn.ParameterDict({"bias": nn.Parameter(torch.zeros(4))})

    def forward(self, x):
        for weight in self.weights:
            x = functional.linear(x, weight, self.table["bias"])
        return x


@case("einsum, vmap and random numbers", 1, vector)
class Odds(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        x = torch.einsum("bi,bj->bij", x, self.fc(x))
        x = torch.vmap(lambda row: row.sum(0))(x)
        return x + torch.randn_like(x)


@case("no tensor goes in", 1, lambda: 3)
class Generates(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, count):
        return self.fc(torch.randn(count, 4))


@case("U-Net", 7, image)
class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.downs = nn.ModuleList(nn.Conv2d(3 if i == 0 else 4, 4, 3, padding=1) for i in range(3))
        self.ups = nn.ModuleList(nn.Conv2d(8, 4, 3, padding=1) for _ in range(3))
        self.head = nn.Conv2d(4, 1, 1)

    def forward(self, x):
        skips = []
        for down in self.downs:
            x = down(x).relu()
            skips.append(x)
            x = functional.max_pool2d(x, 2)
        for up in self.ups:
            x = functional.interpolate(x, size=skips[-1].shape[2:])
            x = up(torch.cat([x, skips.pop()], 1))
        return self.head(x)


@case("zipped lists", 6, vector)
class Zipped(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.ModuleList(nn.Linear(4, 4) for _ in range(3))
        self.second = nn.ModuleList(nn.ReLU() for _ in range(3))

    def forward(self, x):
        for a, b in zip(self.first, self.second, strict=True):
            x = b(a(x))
        return x
