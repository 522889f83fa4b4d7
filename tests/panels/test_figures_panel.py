"""Figures that a page draws itself: what it is sent of them, and of what draws them."""

from __future__ import annotations

import json
import sys
import zlib
from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import plotly.graph_objects as go
import pytest
from pages import Page

import nbviz
from nbviz.session.transport import FRAME_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

LINE = go.Figure(go.Scatter(x=[1, 2], y=[3, 4]))
BARS = alt.Chart(alt.Data(values=[{"a": 1}])).mark_bar().encode(x="a:Q")


@pytest.fixture(autouse=True)
def without_kaleido(monkeypatch):
    monkeypatch.setitem(sys.modules, "kaleido", None)  # it starts a browser


@pytest.fixture
def asked(monkeypatch) -> Callable[..., dict[str, Any]]:
    """Returns a function that logs a figure and returns what a page is sent of it."""

    def ask(figure: object, *, draws: bool = True) -> dict[str, Any]:
        run = nbviz.Run("a", overhead_budget=1)
        page = Page(nbviz.Dashboard(run))
        page.ready()
        run.log_figure("x", figure, step=1)
        run.drain_media()
        sent = {"tag": "x", "step": 1, "pixels": 500, "draws": draws}
        return page.ask("send_figure", run_id=run.run_id, **sent)

    return ask


@pytest.mark.parametrize(("library", "figure"), [("plotly", LINE), ("altair", BARS)])
def test_a_page_that_draws_is_sent_the_figure_and_others_what_there_is_of_a_picture(
    asked, library: str, figure: Any
) -> None:
    sent = asked(figure)
    assert (sent["library"], sent["media_type"], sent["note"]) == (library, "application/json", "")
    assert json.loads(zlib.decompress(sent["data"])) == json.loads(figure.to_json())
    still = asked(figure, draws=False)
    assert still["media_type"] == "image/png"
    assert still["data"][:4] == b"\x89PNG" if library == "altair" else "kaleido" in still["note"]


@pytest.mark.parametrize(
    ("figure", "why"),
    [
        (go.Figure(go.Scattergeo(lon=[1], lat=[2])), "lies on other hosts"),
        (go.Figure(layout={"images": [{"source": "https://example.com/a.png"}]}), "other hosts"),
        (go.Figure(go.Scatter(y=np.random.default_rng(0).random(400_000))), "too many to be sent"),
    ],
)
def test_what_a_page_cannot_draw_by_itself_says_why(asked, figure: object, why: str) -> None:
    sent = asked(figure)
    assert sent["media_type"] == "image/png"
    assert sent["data"] == b""
    assert why in sent["note"]
    assert "pip install kaleido" in sent["note"]


def test_a_chart_whose_data_lie_elsewhere_is_a_picture_or_says_what_failed(asked) -> None:
    sent = asked(alt.Chart("file:///nowhere/data.json").mark_point().encode(x="a:Q"))
    assert sent["media_type"] == "image/png"
    assert "it shows what lies on other hosts" in sent["note"] or sent["data"]


def test_a_library_whose_code_is_not_there_leaves_pictures(asked, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    assert "pip install vl-convert-python" in asked(BARS)["note"]


def test_the_code_of_plotly_comes_in_parts_that_make_one_module() -> None:
    run = nbviz.Run("a")
    page = Page(nbviz.Dashboard(run))
    page.ready()
    ask = {"run_id": run.run_id, "name": "plotly"}
    first = page.ask("send_library", **ask, part=0)
    parts = [first] + [page.ask("send_library", **ask, part=n) for n in range(1, first["parts"])]
    assert max(len(part["data"]) for part in parts) <= FRAME_BYTES
    source = zlib.decompress(b"".join(part["data"] for part in parts)).decode()
    assert "plotly.js v" in source[:200]
    assert source.endswith("export default module.exports;\n")
    assert page.ask("send_library", run_id=run.run_id, name="bokeh", part=0)["kind"] == (
        "command_failed"
    )
