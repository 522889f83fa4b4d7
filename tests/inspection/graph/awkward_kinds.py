"""Awkward by the kind of their tensors, containers or results."""

from __future__ import annotations

import torch
from awkward_case import case, image, sequence, tokens, vector
from torch import nn
from torch.nn import functional


@case("generator out", 3, vector)
class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(4, 4) for _ in range(3))

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
            yield x


@case("sparse embedding and bag", 2, tokens)
class SparseEmbedding(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(10, 4, sparse=True)
        self.bag = nn.EmbeddingBag(10, 4, mode="mean")

    def forward(self, x):
        return self.embed(x).mean(1) + self.bag(x)


@case("sparse matrix", 1, vector, needs_values=True)
class SparseMatrix(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.register_buffer("adjacency", torch.eye(2).to_sparse())

    def forward(self, x):
        return torch.sparse.mm(self.adjacency, self.fc(x))


@case("nested tensors", 1, sequence, needs_values=True)
class Nested(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        ragged = torch.nested.nested_tensor([x[0], x[1, :3]], layout=torch.strided)
        return torch.nested.to_padded_tensor(self.fc(ragged), 0.0)


@case("functional call", 1, vector)
class CallsFunctionally(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        doubled = {name: 2 * p for name, p in self.fc.named_parameters()}
        return torch.func.functional_call(self.fc, doubled, (x,))


@case("transposed convolutions", 3, image)
class Upsampling(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.ConvTranspose2d(3, 4, 3, stride=2, output_padding=1)
        self.shuffle = nn.PixelShuffle(2)
        self.out = nn.Conv2d(1, 2, 1)

    def forward(self, x):
        return self.out(self.shuffle(self.up(x)))


@case("module chosen from a dictionary", 2, vector, mode=lambda: "b")
class Chosen(nn.Module):
    def __init__(self):
        super().__init__()
        self.heads = nn.ModuleDict({"a": nn.Linear(4, 2), "b": nn.Linear(4, 3)})
        self.acts = nn.ModuleDict({"relu": nn.ReLU()})

    def forward(self, x, mode="a"):
        return {mode: self.acts["relu"](self.heads[mode](x))}


@case("the same attention across two inputs", 2, sequence, sequence)
class CrossAttention(nn.Module):
    def __init__(self):
        super().__init__()
        self.q, self.kv = nn.Linear(4, 4), nn.Linear(4, 8)

    def forward(self, x, memory):
        k, v = self.kv(memory).chunk(2, -1)
        return functional.scaled_dot_product_attention(self.q(x), k, v, dropout_p=0.1)


@case("complex parameters", 0, vector)
class Complex(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(4, 4, dtype=torch.complex64))

    def forward(self, x):
        return torch.view_as_real(x.to(torch.complex64) @ self.weight).abs()


@case("decoder with a cache", 4, sequence)
class Cached(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv, self.out = nn.Linear(4, 12), nn.Linear(4, 4)

    def forward(self, x):
        cache, results = [], []
        for step in x.split([3, 2], dim=1):
            q, k, v = self.qkv(step).chunk(3, -1)
            cache.append((k, v))
            keys, values = (torch.cat(part, 1) for part in zip(*cache, strict=True))
            results.append(self.out((q @ keys.mT).softmax(-1) @ values))
        return torch.cat(results, 1)


@case("parameter set in forward", 1, vector)
class SetsParameter(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x):
        with torch.no_grad():
            self.scale.mul_(0.9)
            self.fc.weight.clamp_(-1, 1)
        return self.fc(x) * self.scale


@case("no gradients wanted", 2, vector)
def frozen() -> nn.Module:
    model = nn.Sequential(nn.Linear(4, 4), nn.Tanh()).requires_grad_(requires_grad=False)
    return model.eval()
