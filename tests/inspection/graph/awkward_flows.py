"""Awkward by how data flow through them: reuse, branches, structures, detours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from awkward_case import case, image, sequence, tokens, vector
from torch import nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint


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
