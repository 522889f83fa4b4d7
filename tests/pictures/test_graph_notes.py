"""A note below a saved graph is read to its end, however narrow the picture."""

from __future__ import annotations

import torch
from torch import nn

from nbviz.inspection.graph import trace
from nbviz.pictures.graph_picture import graph_picture
from nbviz.pictures.shapes import Label, text_width


class Chooses(nn.Module):
    def forward(self, x):
        return x + 1 if x.sum() > 0 else x - 1


def test_a_note_is_wrapped_between_words_and_stays_inside() -> None:
    graph = trace(Chooses(), torch.ones(2))
    picture = graph_picture(graph)
    labels = [shape for shape in picture.shapes if isinstance(shape, Label)]
    lines = [label for label in labels if label.size == 11 and label.text in graph.note]
    lines.sort(key=lambda label: label.y)
    start = next(i for i, label in enumerate(lines) if graph.note.startswith(label.text))
    assert " ".join(label.text for label in lines[start:]) == graph.note
    assert len(lines[start:]) > 1
    for label in lines[start:]:
        assert label.x + text_width(label.text, 11) <= picture.width
        assert label.y <= picture.height
