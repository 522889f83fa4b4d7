"""Awkward by what is around them or inside them: parametrizations, compilers, hooks, devices."""

from __future__ import annotations

import contextlib

import torch
from awkward_case import case, image, sequence, vector
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations, parametrize


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
