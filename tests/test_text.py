"""Text that is made safe for where it leaves nbviz."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as some
from torch import nn

import nbviz
from nbviz.text import clean_line, clean_text, counted, csv_text, encodable

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = (
    "a\rb", "a\r\nb", "a\x0bb", "a\x1cb", "a\x1db", "a\x1eb", "a\x85b", "a\u2028b", "a\u2029b",
    "a\ud800b", "a\udfffb", "a\x1b[31mb", "a\x00b", "a\x7fb", "a\u202eb", "a\ufffeb", "a\uffffb",
)  # fmt: skip
ANY = some.text(some.characters(codec=None), max_size=40)


@given(ANY)
def test_any_text_becomes_xml_json_and_utf8(text: str) -> None:
    for cleaned in (clean_text(text), clean_line(text)):
        cleaned.encode()
        assert ET.fromstring(f"<a>{escape(cleaned)}</a>").text == (cleaned or None)
        assert json.loads(json.dumps(cleaned, ensure_ascii=False).encode()) == cleaned
    encodable(text).encode()


@given(ANY)
def test_any_text_has_the_same_lines_for_every_reader(text: str) -> None:
    assert len(clean_line(text).splitlines()) <= 1
    cleaned = clean_text(text)
    assert cleaned.split("\n")[: len(cleaned.splitlines())] == cleaned.splitlines()


@given(ANY)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean_text(clean_text(text)) == clean_text(text)
    assert clean_line(clean_line(text)) == clean_line(text)
    assert encodable(encodable(text)) == encodable(text)


def test_what_is_harmless_stays() -> None:
    text = "größe 損失 🙂 é\n\tindented – “quoted”"
    assert clean_text(text) == encodable(text) == text
    assert clean_line("größe 損失 🙂") == "größe 損失 🙂"


def test_names_that_differ_are_shown_as_different() -> None:
    assert len({clean_line(text) for text in HOSTILE}) == len(HOSTILE)
    assert clean_line("a\x1b\x00\x7f\ud800\n") == "a␛␀␡\\ud800␊"
    assert clean_text("a\r\nb\rc\x85d\u2029e\x1b") == "a\nb\nc\nd\ne␛"


@pytest.mark.parametrize(
    "text", ["=cmd|'/c calc'!A1", "@SUM(A1)", "+1", "-1", " =1", "\t=1", "\r=1"]
)
def test_a_cell_is_never_a_formula(text: str) -> None:
    file = io.StringIO()
    csv.writer(file).writerow([csv_text(text), csv_text("loss/train")])
    ((first, second),) = csv.reader(io.StringIO(file.getvalue()))
    assert first.startswith("'")
    assert second == "loss/train"


@pytest.mark.parametrize("text", HOSTILE)
def test_a_journal_keeps_text_as_far_as_a_file_can(tmp_path: Path, text: str) -> None:
    run = nbviz.Run(dir=tmp_path, overhead_budget=1)
    run.log({text: 1.0}, 1)
    run.log_text(f"{text}/note", text, 1)
    run.print(text)
    run.finish()
    opened = nbviz.open_run(tmp_path)
    kept = encodable(text)
    assert list(opened) == [kept]
    assert opened.media[f"{kept}/note"][0].value == kept
    assert kept in [line.text for line in opened.lines.since(0)]
    with pytest.raises(KeyError) as raised:
        opened.media["no such"]
    assert len(str(raised.value.args[0]).splitlines()) == 1


class _Named(nn.Linear):
    """A layer with text of its own in what is said of it."""

    def __init__(self, text: str) -> None:
        super().__init__(2, 2)
        self.text = text

    def extra_repr(self) -> str:
        return self.text


@pytest.mark.parametrize("text", HOSTILE)
def test_graphs_and_summaries_are_written_with_any_text(tmp_path: Path, text: str) -> None:
    model = nn.Sequential()
    model.add_module(text, _Named(text))
    graph = nbviz.graph(model, torch.ones(1, 2))
    dot = graph.save(tmp_path / "graph.dot").read_text("utf-8")
    lines = (clean_line(line).replace("\\", "\\\\") for line in text.split("\n"))
    assert "\\n".join(lines) in dot
    assert clean_text(dot) == dot
    kept = json.loads(graph.save(tmp_path / "graph.json").read_text("utf-8"))
    assert any(text in node["node_id"] for node in kept["nodes"])
    summary = nbviz.summary(model, torch.ones(1, 2))
    assert clean_line(text) in str(summary)
    assert clean_text(str(summary)) == str(summary)
    frame = summary.to_pandas()
    assert encodable(text) in list(frame["path"])


@pytest.mark.parametrize("text", ["a\ud800b", "a\x00b", "größe"])
def test_tables_are_written_with_any_text(tmp_path: Path, text: str) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    run = nbviz.Run(text, config={text: text})
    run.log({text: 1.0}, 1)
    run.finish()
    run.to_parquet(tmp_path / "points.parquet")
    assert parquet.read_table(tmp_path / "points.parquet")["tag"].to_pylist() == [encodable(text)]
    frame = nbviz.Dashboard(run).to_pandas()
    assert list(frame["run"]) == [encodable(text)]
    assert encodable(text) in frame.columns


def test_one_of_a_kind_is_no_plural() -> None:
    assert [counted(n, "record") for n in (0, 1, 2000)] == [
        "0 records",
        "1 record",
        "2,000 records",
    ]
    assert counted(1, "value was", "values were") == "1 value was"
    assert counted(3, "class", "classes") == "3 classes"


def test_texts_of_one_thing_are_in_the_singular(tmp_path: Path) -> None:
    run = nbviz.Run("one", dir=tmp_path)
    run.log({"loss": 1.0}, 1)
    assert run.journal.flush()  # the end comes after: a bad last record is one still being written
    run.finish()
    (file,) = tmp_path.glob("*tfevents*")
    data = bytearray(file.read_bytes())
    data[data.index(b"loss")] ^= 1
    file.write_bytes(bytes(data))
    opened = nbviz.open_run(tmp_path)
    (said,) = [one.text for one in opened.lines.since(0) if one.level == "warning"]
    assert said == f"{file.name}: it is damaged; left out: 1 record."
    graph = nbviz.trace(nn.Linear(1, 1, bias=False), torch.ones(1, 1))
    assert repr(graph) == "<Graph of Linear: 1 module call, 3 nodes, 1 parameter>"
    assert repr(run["loss"]) == "Series('loss', 1 point, last 1 at step 1)"
