"""A graph in the cell without a run: what the page is sent, what is saved beside it, and files."""

from __future__ import annotations

import base64
import io
import json
import re
import xml.etree.ElementTree as ET
import zlib

import pytest
import torch
from pages import Page
from PIL import Image
from torch import nn

import nbviz
from nbviz.errors import ConfigurationError, TraceError
from nbviz.pictures.graph_picture import graph_picture
from nbviz.pictures.shapes import Box, Label

NASTY = "<script>alert(1)</script>\"'&"
SVG = "{http://www.w3.org/2000/svg}"


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, x):
        return x + self.linear(x)


def model() -> nn.Module:
    made = nn.Sequential(nn.Linear(3, 4), Block(), nn.ReLU())
    made.add_module(NASTY, nn.Linear(4, 2))
    return made


def view() -> nbviz.GraphView:
    return nbviz.graph(model(), torch.zeros(1, 3))


def texts(svg: str) -> list[str]:
    return ["".join(e.itertext()) for e in ET.fromstring(svg).iter(f"{SVG}text")]


def test_the_page_is_sent_the_graph_and_its_levels() -> None:
    shown = view()
    page = Page(shown)
    page.send("ready")
    (added,) = [update for update in page.updates if update["kind"] == "run_added"]
    assert added["commands"] == []
    assert page.newest("graph_added")["run_id"] == added["run_id"]
    page.send("send_graph", request_id=7, run_id=added["run_id"], scopes=["", "1"])
    root, block = page.answers[7]["levels"]
    assert root["title"].startswith("Sequential, 46 parameters")
    assert [node["label"] for node in block["nodes"]] == ["linear", "+"]
    page.send("send_graph", request_id=8, run_id=added["run_id"], scopes=["nowhere"])
    assert page.answers[8]["kind"] == "command_failed"
    page.send("send_asset", request_id=9, name="graph")
    assert page.answers[9]["kind"] == "asset_sent"
    # However often it is asked for, a level is sent once; what was asked is not repeated at length.
    page.send("send_graph", request_id=10, run_id=added["run_id"], scopes=["1", ""] * 50_000)
    assert [level["title"] for level in page.answers[10]["levels"]] == [
        block["title"],
        root["title"],
    ]
    page.send("send_graph", request_id=11, run_id=added["run_id"], scopes=["n" * 10**6])
    assert len(page.answers[11]["error"]) <= 4000
    assert shown._panels == ["graph"]
    shown.close()


def test_a_graph_that_was_traced_before_is_shown_as_it_is() -> None:
    traced = nbviz.trace(model(), torch.zeros(1, 3))
    assert nbviz.graph(traced).graph is traced
    with pytest.raises(TraceError, match="Sequential failed"):
        nbviz.graph(model(), torch.zeros(1, 5))


def test_a_saved_notebook_shows_a_picture() -> None:
    shown = view()
    bundle = shown.picture()
    assert bundle["text/plain"].startswith("Sequential, 46 parameters")
    assert Image.open(io.BytesIO(base64.b64decode(bundle["image/png"]))).width > 200
    html = bundle["text/html"]
    assert "<script" not in html
    assert f'data-nbviz-static="{shown.view_id}"' in html
    svg = base64.b64decode(re.search(r"svg\+xml;base64,([^\"]+)", html)[1]).decode()
    assert {"linear  Linear", "+", "4→4"} <= set(texts(svg))
    assert NASTY in " ".join(texts(svg))


def test_every_text_lies_within_its_box_and_the_picture() -> None:
    from nbviz.pictures.shapes import wide_text

    picture = graph_picture(view().graph, depth=3)
    boxes = [shape for shape in picture.shapes if isinstance(shape, Box)][1:]
    for label in (shape for shape in picture.shapes if isinstance(shape, Label)):
        width = sum(wide_text(s.text, label.size, bold=s.bold) for s in label.spans)
        left = label.x - width * {"start": 0, "middle": 0.5, "end": 1}[label.anchor]
        assert left >= 0
        assert left + width <= picture.width
        around = [b for b in boxes if b.y <= label.y <= b.y + b.height and b.x <= label.x]
        inside = [b for b in around if b.x <= left and left + width <= b.x + b.width]
        assert inside or label.size == 13, label.text  # only the title stands alone


@pytest.mark.parametrize("kind", ["svg", "png", "pdf", "dot", "html", "json"])
def test_the_extension_says_what_is_written(tmp_path, kind: str) -> None:
    shown = view()
    file = shown.save(tmp_path / f"model.{kind}")
    data = file.read_bytes()
    if kind == "svg":
        assert "+" in texts(data.decode())
    elif kind == "png":
        assert Image.open(file).width > 200
    elif kind == "pdf":
        offset = int(re.search(rb"startxref\n(\d+)", data)[1])
        assert data[offset:].startswith(b"xref\n0 7\n")
        for number, begin in enumerate(re.findall(rb"(\d{10}) 00000 n", data), 1):
            assert data[int(begin) :].startswith(b"%d 0 obj" % number)
        content = zlib.decompress(re.search(rb"stream\n(.*)\nendstream", data, re.DOTALL)[1])
        assert b"(linear) Tj" in content
        assert b"alert\\(1\\)" in content
    elif kind == "dot":
        assert data.startswith(b"digraph")
    elif kind == "json":
        assert json.loads(data)["parameter_count"] == 46
    else:
        page = data.decode()
        assert "<script>alert" not in page
        inert = re.search(r'id="nbviz-page">(.*?)</script>', page, re.DOTALL)[1]
        kept = json.loads(inert)
        assert kept["panels"] == ["graph"]
        (answer,) = kept["recorded"]["answers"]
        assert [level["scope"] for level in answer["levels"]] == ["", "1"]
        assert set(kept["assets"]) == {"graph"}


def test_another_extension_names_those_that_work(tmp_path) -> None:
    with pytest.raises(
        ConfigurationError, match=r"\.svg, \.png, \.pdf, \.dot, \.html, \.json; got"
    ):
        view().save(tmp_path / "model.bmp")
    with pytest.raises(ConfigurationError, match="cannot write"):
        view().save(tmp_path / "missing" / "model.svg")


def test_depth_opens_boxes(tmp_path) -> None:
    closed = texts(view().save(tmp_path / "a.svg", depth=0).read_text())
    opened = texts(view().save(tmp_path / "b.svg", depth=1).read_text())
    assert "linear  Linear" not in closed
    assert "linear  Linear" in opened


def test_a_recording_shows_its_graph() -> None:
    net = model()
    with nbviz.record(net) as recording:
        net(torch.zeros(1, 3)).sum().backward()
    assert recording.graph.parameter_count == 46
    assert nbviz.graph(recording.graph).graph is recording.graph
