import base64
import io
import json
import math
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import ipywidgets
import numpy as np
import pytest
import torch
from ipywidgets.embed import embed_minimal_html
from PIL import Image

import nbviz
from nbviz.errors import ConfigurationError
from nbviz.pictures import shapes as static_shapes
from nbviz.pictures.charts import chart_titles, extremes, split_tag
from nbviz.pictures.png import render_png
from nbviz.pictures.saved_view import describe, mime_bundle, render_html, render_text
from nbviz.pictures.svg import render_svg
from nbviz.recording.run import Run

SVG = "{http://www.w3.org/2000/svg}"
TOKENS = Path(__file__).parents[2] / "js" / "src" / "ui" / "tokens.css"
NASTY = "</title><script>alert(1)</script>\"'&\x00\x1b"


def recorded(name: str = "digits", steps: int = 200, **more: float) -> Run:
    run = Run(name)
    for step in range(1, steps + 1):
        run.log({"loss/train": 2 / step, "lr": 0.01, **more}, step=step)
        if step % 50 == 0:
            run.log({"loss/val": 2.5 / step}, step=step)
    run.finish()
    return run


def texts(svg: str) -> list[str]:
    return ["".join(e.itertext()) for e in ET.fromstring(svg).iter(f"{SVG}text")]


def shown_color(png: bytes) -> set[tuple[int, int, int]]:
    image = Image.open(io.BytesIO(png)).convert("RGB")
    return {color for _, color in image.getcolors(1 << 24)}


def test_the_picture_says_what_the_run_came_to() -> None:
    shown = texts(render_svg([recorded()]))
    assert "digits" in shown
    assert any(text.startswith("finished · 200 steps") for text in shown)
    assert "train  0.01" in shown
    assert "val  0.0125" in shown
    assert {"loss", "lr", "step"} <= set(shown)


def test_train_and_validation_share_a_chart_and_are_told_apart() -> None:
    tree = ET.fromstring(render_svg([recorded()]))
    strokes = [(e.get("class"), e.get("stroke-dasharray")) for e in tree.iter(f"{SVG}path")]
    assert ("s-series-1", None) in strokes
    assert ("s-series-2", "4 3") in strokes


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("loss/train", ("loss", "train")),
        ("train/loss", ("loss", "train")),
        ("val_loss", ("loss", "val")),
        ("loss_val", ("loss", "val")),
        ("lr", ("lr", "")),
        ("grad_norm", ("grad_norm", "")),
        ("layer1/weight/std", ("layer1/weight/std", "")),
        ("val", ("val", "")),
    ],
)
def test_a_tag_tells_its_chart_and_its_split(tag: str, expected: tuple[str, str]) -> None:
    assert split_tag(tag) == expected


def test_loss_and_accuracy_come_first_and_the_learning_rate_last() -> None:
    run = Run("order")
    run.log({"lr": 0.1, "f1": 0.5, "accuracy/val": 0.5, "loss/train": 1.0}, step=1)
    run.drain()
    assert chart_titles([run]) == ["loss", "accuracy", "f1", "lr"]


def test_one_extreme_among_very_many_points_is_drawn() -> None:
    run = Run("spike")
    for step in range(1, 50_001):
        run.log({"loss": 1.0 if step != 31_234 else 100.0}, step=step)
    run.finish()
    svg = render_svg([run])
    assert len(svg) < 60_000
    assert "100" in texts(svg)  # the axis reaches it
    found = extremes(run["loss"])
    assert (found.highest, found.highest_step) == (100.0, 31_234)


def test_a_long_run_with_many_series_stays_small() -> None:
    random = np.random.default_rng(0)
    run = Run("long")
    for step, noise in enumerate(random.normal(size=(20_000, 8)).tolist(), 1):
        run.log({f"m{i}/train": value for i, value in enumerate(noise)}, step=step)
    run.finish()
    assert len(render_svg([run])) < 60_000


def test_weights_and_newest_images_are_in_the_picture() -> None:
    run = recorded()
    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Linear(2, 400))
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([[1.0, 0.0, -1.0], [float("nan"), 0.5, 0.0]]))
    run.log_weights(model)
    run.log_image("samples", np.zeros((4, 4, 3), np.uint8), 100)
    run.log_image("samples", np.full((4, 4), 255, np.uint8), 200)
    run.log_text("notes", "no picture", 200)
    svg = render_svg([run])
    assert len(svg) < 60_000
    assert {"Weights", "0.weight · 200", "1.weight · 200", "Images", "samples · 200"} <= set(
        texts(svg)
    )
    found = [e.get("href", "") for e in ET.fromstring(svg).iter(f"{SVG}image")]
    files = [base64.b64decode(one.removeprefix("data:image/png;base64,")) for one in found]
    first, large, newest = [Image.open(io.BytesIO(file)).convert("RGB") for file in files]
    assert first.size == (3, 2)
    assert first.getpixel((1, 0)) == (255, 255, 255), "zero is the surface"
    assert first.getpixel((0, 0)) != first.getpixel((2, 0)), "signs differ"
    assert first.getpixel((0, 1)) == (0xE8, 0xC5, 0x47), "what is no number stands out"
    assert max(large.size) <= 96
    assert newest.getcolors() == [(16, (255, 255, 255))]


def test_nan_and_infinity_are_marked_and_counted() -> None:
    run = Run("bad")
    for step in range(1, 101):
        value = {40: math.nan, 41: math.nan, 70: math.inf, 80: -math.inf}.get(step, 1 / step)
        run.log({"loss": value}, step=step)
    run.finish()
    svg = render_svg([run])
    assert any("2 NaN" in text for text in texts(svg))
    triangles = re.findall(r'class="f-series-1"[^>]*d="([^"]*)"', svg)
    assert sum(path.count("M") for path in triangles) >= 3
    assert "NaN" in render_text([run])


@pytest.mark.parametrize("values", [[math.nan], [math.inf], [0.0], [5.0], [1e300, -1e300]])
def test_any_values_can_be_drawn(values: list[float]) -> None:
    run = Run("odd")
    for step, value in enumerate(values, 1):
        run.log({"x": value}, step=step)
    run.finish()
    svg = render_svg([run])
    assert "nan" not in re.sub(r">[^<]*<", "><", svg).lower()
    render_png([run], scale=1)
    render_text([run])


def test_a_run_without_scalars_says_so() -> None:
    run = Run("empty")
    assert "No scalars have been logged yet." in texts(render_svg([run]))
    assert "<table" not in render_html([run], "abc")
    assert render_text([run]).startswith("empty: ready, 0 steps")


def test_a_failed_run_shows_its_error() -> None:
    run = Run("broken")
    run.log({"loss": 1.0}, step=1)
    run.finish(ValueError("batch 3 has the wrong shape"))
    assert any("batch 3 has the wrong shape" in text for text in texts(render_svg([run])))
    assert "batch 3 has the wrong shape" in render_text([run])


def test_of_a_long_error_the_line_that_names_it_is_shown() -> None:
    run = Run("broken")
    run.log({"loss": 1.0}, step=1)
    run.finish(RuntimeError("first line\nhint: look elsewhere"))
    assert "RuntimeError: first line" in texts(render_svg([run]))


def test_nothing_that_was_logged_is_markup() -> None:
    run = Run(NASTY)
    run.log({f"{NASTY}/train": 1.0, "b<b>": 2.0}, step=1)
    run.finish(ValueError(NASTY))
    svg, html = render_svg([run]), render_html([run], "abc")
    assert not list(ET.fromstring(svg).iter(f"{SVG}script"))
    assert "<script" not in html
    seen: list[str] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: seen.append(tag)
    parser.feed(html)
    assert set(seen) <= {
        *("figure", "style", "img", "details", "summary"),
        *("table", "thead", "tbody", "tr", "th", "td"),
    }


def test_several_runs_are_told_apart_by_colour_and_named() -> None:
    svg = render_svg([recorded("first"), recorded("second")])
    assert {"first train  0.01", "second train  0.01"} <= set(texts(svg))
    assert 'class="s-series-1"' in svg
    assert 'class="s-series-2"' in svg


def test_charts_that_do_not_fit_are_counted() -> None:
    run = Run("many")
    run.log({f"metric{i}": 1.0 for i in range(20)}, step=1)
    run.finish()
    assert "8 more charts are not in this picture." in texts(render_svg([run]))


def test_png_shows_the_curves_at_twice_the_size() -> None:
    png = render_png([recorded()])
    image = Image.open(io.BytesIO(png))
    assert image.width == 1720
    series = tuple(bytes.fromhex(static_shapes.LIGHT["series-1"][1:]))
    nearest = min(sum(abs(a - b) for a, b in zip(c, series, strict=True)) for c in shown_color(png))
    assert nearest < 12


def test_bundle_has_a_form_for_every_reader() -> None:
    bundle = mime_bundle([recorded()], "abc")
    json.dumps(bundle)
    assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG")
    assert 'data-nbviz-static="abc"' in bundle["text/html"]
    row = next(line for line in bundle["text/plain"].splitlines() if "loss/train" in line)
    assert row.split() == ["loss/train", "0.01", "0.01", "200", "2", "1", "200"]


def test_alternative_text_gives_the_numbers() -> None:
    run = recorded()
    words = describe([run])
    assert words.startswith("Run digits, finished: 200 steps")
    assert "loss/train 0.01 (from 0.01 to 2)" in words
    assert words in render_html([run], "abc")


def test_colours_are_those_of_the_live_view() -> None:
    light, dark = TOKENS.read_text().split('[data-theme="dark"]')
    for palette, css in ((static_shapes.LIGHT, light), (static_shapes.DARK, dark)):
        for name, color in palette.items():
            declared = re.search(rf"--nbviz-{name}:\s*(?:var\([^,]*,\s*)?(#\w+)", css)
            assert declared, name
            assert declared[1] == color, name


@pytest.mark.parametrize("width", [319, 0, -5])
def test_a_width_without_room_is_refused(width: int) -> None:
    with pytest.raises(ConfigurationError, match="width must be at least 320 pixels"):
        render_svg([], width)


def test_a_scale_out_of_range_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="scale must be between 1 and 4, got 9"):
        render_png([], scale=9)


def test_an_id_that_could_end_the_style_sheet_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="view_id must be letters and digits"):
        render_html([], '"]{}</style>')


def test_a_page_made_by_ipywidgets_holds_the_drawing_that_stands_in_for_the_view(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Such a page holds all widgets that there are, of other tests, too. They stay open: ipycanvas
    # has one that it makes once.
    known: Any = getattr(ipywidgets.widgets.widget, "_instances", None)
    known = ipywidgets.Widget.widgets if known is None else known
    for model_id in list(known):
        monkeypatch.delitem(known, model_id)
    shown = [
        (nbviz.Dashboard(recorded("digits")), "digits"),
        (nbviz.graph(torch.nn.Linear(4, 2), torch.ones(1, 4)), "Linear"),
    ]
    for view, words in shown:
        page = io.StringIO()
        embed_minimal_html(page, views=[view], title="page")
        (state,) = re.findall(
            r'<script type="application/vnd.jupyter.widget-state\+json">(.*?)</script>',
            page.getvalue(),
            re.DOTALL,
        )
        written = json.loads(state)["state"][view.model_id]["state"]
        assert any(words in text for text in texts(written["_drawing"]))
        # What draws it is the same in all views, and ipywidgets leaves that out by itself.
        assert (written["_esm"], written["_source"]) == (view._esm, view._source)
        # anywidget's front end has no default of these, and drew nothing on the whole page.
        assert (written["_view_name"], written["_view_module"]) == ("AnyView", "anywidget")
        assert written["_view_module_version"] == view._view_module_version
        assert "_drawing" not in view.get_state()  # a kernel's page is sent none
        view.close()
