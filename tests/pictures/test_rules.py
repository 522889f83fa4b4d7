"""Rules that the page follows too: vitest reads the same files of `tests/fixtures/rules`."""

from __future__ import annotations

import csv
import fnmatch
import io
import json
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nbviz.inspection.graph.families import family_of
from nbviz.inspection.graph.layout.layout import place
from nbviz.inspection.graph.layout.level import LevelShape
from nbviz.panels.wire import deflated, narrowed
from nbviz.pictures.charts import is_setting, is_validation, order_charts, split_tag
from nbviz.pictures.graph_boxes import text_of
from nbviz.pictures.graph_picture import AUTOGRAD_COLORS, FAMILY_COLORS
from nbviz.pictures.graph_scene import at_a_glance
from nbviz.pictures.number_text import (
    format_duration,
    format_ticks,
    format_value,
    nice_ticks,
    short_count,
)
from nbviz.pictures.shapes import fixed
from nbviz.text import csv_text
from nbviz.training.better_values import better_values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbviz.protocol.graph import GraphLevel

RULES = Path(__file__).parents[1] / "fixtures" / "rules"


def rule(name: str) -> Any:
    return json.loads((RULES / f"{name}.json").read_text("utf-8"))


tags, numbers, boxes = rule("tags"), rule("numbers"), rule("box_texts")
better = rule("better")["better"]
cells, patterns = rule("csv"), rule("patterns")
families, opening, levels = rule("families"), rule("opening"), rule("levels")
packed = rule("deflated")


def test_every_rule_is_read_here_and_by_vitest() -> None:
    root = Path(__file__).parents[2]
    read_here = Path(__file__).read_text("utf-8")
    in_page = "".join(
        path.read_text("utf-8") for path in (root / "js" / "tests").rglob("*.test.ts")
    )
    for path in RULES.glob("*.json"):
        assert f'rule("{path.stem}")' in read_here
        assert f'>("{path.stem}")' in in_page, f"no vitest reads {path.name}"


@pytest.mark.parametrize("case", tags["tags"], ids=lambda case: case["tag"])
def test_a_tag_belongs_to_a_chart(case: dict[str, Any]) -> None:
    chart, split = split_tag(case["tag"])
    assert (chart, split) == (case["chart"], case["split"])
    assert is_validation(split) == case["is_validation"]
    assert is_setting(chart) == case["is_setting"]


@pytest.mark.parametrize("case", tags["orders"], ids=lambda case: case["charts"][0])
def test_loss_stands_first_and_what_was_set_last(case: dict[str, Any]) -> None:
    assert order_charts(case["charts"]) == case["ordered"]


@pytest.mark.parametrize(("tag", "values"), better)
def test_which_values_of_a_tag_are_better(tag: str, values: str | None) -> None:
    assert better_values(tag) == values


@pytest.mark.parametrize("case", patterns, ids=lambda case: case["pattern"])
def test_a_pattern_of_tags_matches_as_fnmatch_has_it(case: dict[str, Any]) -> None:
    found = [
        tag
        for tag in [*case["matches"], *case["others"]]
        if fnmatch.fnmatchcase(tag, case["pattern"])
    ]
    assert found == case["matches"]


@pytest.mark.parametrize(("value", "text"), numbers["values"])
def test_a_value_reads(value: float | str, text: str) -> None:
    assert format_value(float(value)) == text


@pytest.mark.parametrize(("seconds", "text"), numbers["durations"])
def test_seconds_last(seconds: float | str, text: str) -> None:
    assert format_duration(float(seconds)) == text


@pytest.mark.parametrize(("low", "high", "count", "ticks"), numbers["ticks"])
def test_ticks_are_round(low: float, high: float, count: int, ticks: list[float]) -> None:
    assert nice_ticks(low, high, count) == ticks


@pytest.mark.parametrize("high", [0.0, float("inf"), float("nan"), -1.0])
def test_a_range_that_is_none_has_one_tick(high: float) -> None:
    assert nice_ticks(0.0, high, 5) == [0.0]


@pytest.mark.parametrize(("ticks", "labels"), numbers["tick_labels"])
def test_labels_of_ticks(ticks: list[float], labels: list[str]) -> None:
    assert format_ticks(ticks) == labels


@pytest.mark.parametrize("case", boxes["boxes"], ids=lambda case: case["about"])
def test_the_text_of_a_box(case: dict[str, Any]) -> None:
    text = text_of(case["node"], is_open=case["is_open"])
    shown = {name: getattr(text, name) for name in case["text"]}
    shown["attributes"] = [list(pair) for pair in text.attributes]
    assert shown == case["text"]


@pytest.mark.parametrize(("count", "text"), boxes["counts"])
def test_a_count_is_written_as(count: float, text: str) -> None:
    assert short_count(count) == text


@pytest.mark.parametrize(("node", "family"), families["families"])
def test_a_box_has_the_colour_of_its_family(node: dict[str, Any], family: str) -> None:
    assert family_of({**boxes["boxes"][0]["node"], **node}) == family


def test_the_colours_of_boxes_are_those_of_the_page() -> None:
    assert families["colours"] == FAMILY_COLORS
    assert {kind: fixed(color) for kind, color in families["autograd"].items()} == AUTOGRAD_COLORS


class NamedLevels:
    """A graph of which only the names, the numbers of boxes inside and the repeats are given."""

    def __init__(self, nodes: dict[str, list[list[Any]]]) -> None:
        self._nodes = nodes

    def level(self, scope: str = "") -> GraphLevel:
        some = boxes["boxes"][0]["node"]
        return {
            "scope": scope,
            "title": "",
            "nodes": [
                {**some, "node_id": name, "child_count": inside, "repeat": repeat}
                for name, inside, repeat in self._nodes[scope]
            ],
            "edges": [],
            "inputs": [],
            "outputs": [],
            "note": "",
        }

    def levels(self) -> Iterator[GraphLevel]:
        return map(self.level, self._nodes)

    def to_dot(self) -> str:
        raise NotImplementedError

    def to_dict(self) -> dict[str, object]:
        raise NotImplementedError


@pytest.mark.parametrize("case", opening["graphs"], ids=lambda case: case["about"])
def test_boxes_are_open_that_are_read_at_a_glance(case: dict[str, Any]) -> None:
    assert at_a_glance(NamedLevels(case["levels"])) == set(case["open"])


@pytest.mark.parametrize("case", levels["levels"], ids=lambda case: case["about"])
def test_boxes_in_line_are_placed_as_on_the_page(case: dict[str, Any]) -> None:
    pairs = (case[name] for name in ("sizes", "edges", "inputs", "outputs"))
    placed = place(LevelShape(*([(a, b) for a, b in some] for some in pairs)))
    expected = case["placed"]
    assert (placed.width, placed.height) == pytest.approx((expected["width"], expected["height"]))
    assert placed.input_ports == pytest.approx(expected["input_ports"])
    assert placed.output_ports == pytest.approx(expected["output_ports"])
    for corner, wanted in zip(placed.corners, expected["boxes"], strict=True):
        assert corner == pytest.approx(tuple(wanted))
    for route, points in zip(placed.routes, expected["routes"], strict=True):
        assert [x for point in route for x in point] == pytest.approx(
            [x for point in points for x in point]
        )


@pytest.mark.parametrize("case", cells, ids=lambda case: repr(case["given"]))
def test_a_cell_of_a_csv_file(case: dict[str, str]) -> None:
    file = io.StringIO()
    csv.writer(file, lineterminator="").writerow([csv_text(case["given"])])
    assert file.getvalue() == case["cell"]


def test_parts_are_deflated_in_the_smallest_type_that_holds_them() -> None:
    parts = [narrowed(np.array(part["values"], float)) for part in packed["parts"]]
    assert [name for _, name in parts] == [part["type"] for part in packed["parts"]]
    data = zlib.decompress(deflated(*(numbers for numbers, _ in parts)))
    assert list(data) == packed["planes"]
