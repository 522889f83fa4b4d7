"""The graph in Graphviz's language."""

from __future__ import annotations

import re

import torch
from torch import nn

from nbviz.inspection.graph.trace.trace import trace


def test_modules_are_clusters_and_every_way_is_there() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Sequential(nn.ReLU(), nn.Flatten()))
    text = trace(model, torch.zeros(1, 1, 8, 8)).to_dot()
    assert text.count("subgraph") == 1
    assert 'subgraph "cluster_1" {' in text
    ways = re.findall(r'"(.+?)" -> "(.+?)" \[label="(.+?)"\]', text)
    assert ways == [
        ("/input", "0", "1×1×8×8"),
        ("0", "1.0", "1×2×6×6"),
        ("1.0", "1.1", "1×2×6×6"),
        ("1.1", "/output", "1×72"),
    ]
    assert text.count("{") == text.count("}")


def test_names_end_no_string() -> None:
    class Odd(nn.Module):
        def forward(self, x):
            return x + 1

    Odd.__name__ = 'a"];\\ b[label="\n'
    model = nn.Sequential()
    model.add_module("odd", Odd())
    text = trace(model, torch.zeros(1)).to_dot()
    line = next(line for line in text.splitlines() if line.lstrip().startswith('"odd" ['))
    assert line.strip() == r'"odd" [label="odd: a\"];\\ b[label=\"\n"];'
