"""visdom's calls, each with the arguments of its documentation: what the window then holds."""

from __future__ import annotations

import base64
import io
import json
import uuid
import warnings
import wave
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from nbviz.errors import ConfigurationError, LoggingError
from nbviz.integrations.visdom import Visdom
from nbviz.integrations.visdom.arrays import Column
from nbviz.integrations.visdom.share_pictures import sectors_of


@pytest.fixture
def viz() -> Visdom:
    """A client that shares its windows with no other."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Visdom(f"http://{uuid.uuid4().hex}")


def window(viz: Visdom, win: str) -> dict[str, Any]:
    return json.loads(viz.get_window_data(win))


def traces(viz: Visdom, win: str) -> list[dict[str, Any]]:
    return window(viz, win)["content"]["data"]


def layout(viz: Visdom, win: str) -> dict[str, Any]:
    return window(viz, win)["content"]["layout"]


def image_of(src: str) -> np.ndarray:
    kind, _, data = src.partition(";base64,")
    assert kind in ("data:image/png", "data:image/jpeg")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))


# ---------------------------------------------------------------- lines


def test_a_line_has_a_trace_for_each_column(viz: Visdom) -> None:
    x = torch.arange(4.0)
    win = viz.line(
        Y=torch.stack([x, x**2], 1),
        X=x,
        opts={
            "title": "curves",
            "legend": ["a", "b"],
            "dash": np.array(["solid", "dashdot"]),
            "linecolor": np.array([[0, 191, 255], [255, 0, 0]]),
            "fillarea": True,
            "markers": True,
            "markersymbol": "square",
            "markersize": 5,
            "xlabel": "step",
            "ytype": "log",
            "ytickmin": 0,
            "ytickmax": 9,
            "xtickvals": [0, 2],
            "xticklabels": ["zero", "two"],
            "marginleft": 30,
            "width": 400,
            "height": 250,
            "traceopts": {"plotly": {"b": {"opacity": 0.5}}},
            "layoutopts": {"plotly": {"legend": {"x": 0}}},
        },
    )
    a, b = traces(viz, win)
    assert (a["x"], a["y"], b["y"]) == ([0, 1, 2, 3], [0, 1, 2, 3], [0, 1, 4, 9])
    assert (a["name"], b["name"], a["mode"], a["fill"]) == ("a", "b", "lines+markers", "tonexty")
    assert (a["line"], b["line"]) == (
        {"dash": "solid", "color": "#00bfff"},
        {"dash": "dashdot", "color": "#ff0000"},
    )
    assert (a["marker"]["symbol"], a["marker"]["size"], b["opacity"]) == ("square", 5, 0.5)
    made = layout(viz, win)
    assert made["showlegend"] is True
    assert made["xaxis"] == {"title": "step", "tickvals": [0, 2], "ticktext": ["zero", "two"]}
    assert made["yaxis"] == {"type": "log", "range": [0, 9]}
    assert (made["margin"]["l"], made["legend"]) == (30, {"x": 0})
    shown = window(viz, win)
    assert (shown["title"], shown["width"], shown["height"]) == ("curves", 400, 250)


def test_lines_are_added_to_replaced_inserted_and_removed(viz: Visdom) -> None:
    y = np.linspace(5, 10, 10)
    win = viz.line(X=np.arange(10), Y=np.column_stack((y, y + 5)))
    more = {"X": np.arange(10, 20), "Y": np.column_stack((y, y + 5)), "win": win}
    viz.line(update="append", **more)
    assert [len(one["x"]) for one in traces(viz, win)] == [20, 20]
    viz.line(X=np.arange(21, 30), Y=np.arange(1, 10), win=win, name="2", update="append")
    viz.line(X=np.arange(3), Y=np.arange(3), win=win, name="delete this", update="append")
    viz.line(X=np.arange(3), Y=np.arange(3) + 1, win=win, name="4", update="insert")
    viz.insert(np.arange(3), np.arange(3) + 2, win=win, name="5")
    viz.line(X=None, Y=None, win=win, name="delete this", update="remove")
    assert [one["name"] for one in traces(viz, win)] == ["1", "2", "4", "5"]
    assert traces(viz, win)[1]["x"] == [*range(20), *range(21, 30)]
    viz.line(X=np.arange(2), Y=np.ones(2), win=win, name="4", update="replace")
    viz.updateTrace(np.array([7.0]), np.array([8.0]), win=win, name="5")
    viz.updateTrace(np.array([1.0]), np.array([2.0]), win=win, name="1", append=False)
    first, _, fourth, fifth = traces(viz, win)
    assert (first["x"], first["y"]) == ([1], [2])
    assert (fourth["y"], fifth["x"][-1], fifth["y"][-1]) == ([1, 1], 7, 8)


def test_an_update_of_nothing_but_nan_changes_nothing(viz: Visdom) -> None:
    win = viz.line(Y=np.zeros((2, 2)), X=np.arange(2.0))
    masked = np.array([[1.0, np.nan], [2.0, np.nan]])
    viz.line(Y=masked, X=np.array([2.0, 3.0]), win=win, update="append")
    assert [len(one["y"]) for one in traces(viz, win)] == [4, 2]
    viz.line(Y=[np.nan, 3.0], X=[4, 5], win=win, name="1", update="append")
    assert traces(viz, win)[0]["y"] == [0, 0, 1, 2, None, 3]


def test_appending_makes_the_window_that_is_not_there(viz: Visdom) -> None:
    for step in range(3):
        win = viz.line(Y=[step], X=[step], win="loss", update="append", opts={"title": "loss"})
        assert win == "loss"
    assert traces(viz, "loss")[0]["y"] == [0, 1, 2]
    assert window(viz, "loss")["title"] == "loss"
    assert viz.line(Y=[1.0], X=[1.0], win="none", update="replace") == "win does not exist"
    pie = viz.pie([1, 2])
    assert "pie" in viz.line(Y=[1.0], X=[1.0], win=pie, update="append")


def test_a_long_line_is_kept_in_few_pieces(viz: Visdom) -> None:
    for step in range(1000):
        viz.line(Y=[step], X=[step], win="long", update="append")
    held = viz._desk.window("main", "long")
    assert held is not None
    column = held.data["content"]["data"][0]["y"]
    assert len(column.pieces) <= 10
    assert column.values.tolist() == list(range(1000))


def test_stems_arrows_and_two_axes(viz: Visdom) -> None:
    y = np.linspace(0, 6, 5)
    win = viz.stem(X=np.column_stack((y, -y)), Y=y, opts={"legend": ["Sine", "Cosine"]})
    sine, cosine = traces(viz, win)
    assert (sine["name"], sine["mode"]) == ("Sine", "lines")
    assert sine["x"][:6] == [0, 0, None, 1.5, 1.5, None]
    assert cosine["y"][3:6] == [0, -1.5, None]
    assert len(traces(viz, viz.stem(X=y))) == 1

    u = np.array([[3.0, 0.0], [0.0, 0.0]])
    win = viz.quiver(X=u, Y=u, opts={"normalize": 0.9, "arrowheads": False})
    arrow = traces(viz, win)[0]
    tip = 0.9 / np.sqrt(2)
    assert arrow["x"][:3] == pytest.approx([0, tip, None])
    assert len(arrow["x"]) == 12
    grid = np.zeros((2, 2))
    heads = traces(viz, viz.quiver(u, u, gridX=grid, gridY=grid))[0]
    assert len(heads["x"]) == 28

    win = viz.dual_axis_lines(
        np.arange(3),
        np.arange(3) * 2,
        np.arange(3) * 9,
        opts={"title": "two", "name_y1": "a", "name_y2": "b", "side": "left", "top": 9},
    )
    assert [one.get("yaxis") for one in traces(viz, win)] == [None, "y2"]
    assert layout(viz, win)["yaxis2"] == {
        "title": "b",
        "titlefont": {},
        "tickfont": {},
        "overlaying": "y",
        "side": "left",
    }
    assert layout(viz, win)["margin"]["t"] == 9


# ---------------------------------------------------------------- points


def test_points_have_a_trace_for_each_label(viz: Visdom) -> None:
    points = np.arange(8.0).reshape(4, 2)
    win = viz.scatter(
        points,
        [2, 1, 2, 2],
        opts={
            "legend": ["one", "two"],
            "markercolor": np.array([[255, 0, 0], [0, 0, 255]]),
            "markersize": 7,
            "markersymbol": "cross-thin-open",
            "markerborderwidth": 0,
            "textlabels": list("abcd"),
        },
    )
    one, two = traces(viz, win)
    assert (one["x"], two["x"], one["name"]) == ([2], [0, 4, 6], "one")
    assert (one["marker"]["color"], two["marker"]["color"]) == (["#ff0000"], ["#0000ff"] * 3)
    assert (two["text"], two["mode"]) == (["a", "c", "d"], "markers+text")
    viz.scatter(X=np.ones(1), Y=np.ones(1), win=win, name="one", update="append")
    viz.scatter(X=np.ones(2), Y=np.ones(2), win=win, name="new", update="new")
    assert [len(one["x"]) for one in traces(viz, win)] == [2, 3, 2]
    single = viz.scatter(points, opts={"markercolor": np.array([0, 255, 0, 0]), "webgl": True})
    trace = traces(viz, single)[0]
    assert (trace["type"], trace["marker"]["color"][1]) == ("scattergl", "rgba(0, 0, 255, 1)")
    space = viz.scatter(torch.ones(3, 3), opts={"ztickmin": 0, "ztickmax": 1, "zlabel": "up"})
    assert (traces(viz, space)[0]["type"], traces(viz, space)[0]["z"]) == ("scatter3d", [1, 1, 1])
    assert layout(viz, space)["scene"]["zaxis"] == {"title": "up", "range": [0, 1]}


def test_options_of_a_window_change_without_its_content(viz: Visdom) -> None:
    win = viz.scatter(np.zeros((2, 2)), [1, 2], opts={"legend": ["a", "b"]})
    viz.update_window_opts(
        win, {"legend": ["Apples", "Pears"], "title": "fruit", "width": 200, "xlabel": "x"}
    )
    assert [one["name"] for one in traces(viz, win)] == ["Apples", "Pears"]
    shown = window(viz, win)
    assert (shown["title"], shown["width"], shown["version"]) == ("fruit", 200, 2)
    assert layout(viz, win)["xaxis"]["title"] == "x"


# ---------------------------------------------------------------- charts


def test_a_heatmap_grows_on_each_side(viz: Visdom) -> None:
    win = viz.heatmap(
        np.outer([1, 2], [1, 2, 3]),
        opts={"rownames": ["a", "b"], "columnnames": list("xyz"), "xmin": 0, "nancolor": "red"},
    )
    viz.heatmap([[9, 9, 9]], win=win, update="appendRow", opts={"rownames": ["c"]})
    viz.heatmap([[8, 8, 8]], win=win, update="prependRow", opts={"rownames": ["_"]})
    column = {"win": win, "opts": {"columnnames": ["w"], "colormap": "Hot"}}
    viz.heatmap(np.full((4, 1), 7), update="prependColumn", **column)
    column["opts"] = {"columnnames": ["end"]}
    viz.heatmap(np.full((4, 1), np.nan), update="appendColumn", **column)
    (trace,) = traces(viz, win)
    assert (trace["y"], trace["x"]) == (["_", "a", "b", "c"], ["w", "x", "y", "z", "end"])
    assert trace["z"][0] == [7, 8, 8, 8, None]
    assert trace["z"][3] == [7, 9, 9, 9, None]
    assert (trace["colorscale"], trace["zmin"], trace["nancolor"]) == ("Hot", 0, "red")
    with pytest.raises(LoggingError, match="needs 5 columns"):
        viz.heatmap([[1]], win=win, update="appendRow", opts={"rownames": ["d"]})
    with pytest.raises(LoggingError, match="rownames"):
        viz.heatmap([[1, 2, 3, 4, 5]], win=win, update="appendRow")
    viz.heatmap([[1, 2]], win=win, update="replace")
    assert (traces(viz, win)[0]["z"], "x" in traces(viz, win)[0]) == ([[1, 2]], False)
    viz.heatmap(None, win=win, update="remove")
    assert traces(viz, win) == []
    viz.heatmap([[5]], win=win, update="appendRow")
    assert traces(viz, win)[0]["z"] == [[5]]


def test_bars_histograms_and_boxes(viz: Visdom) -> None:
    win = viz.bar(np.ones((2, 3)), opts={"stacked": True, "legend": ["a", "b", "c"]})
    assert ([one["name"] for one in traces(viz, win)], layout(viz, win)["barmode"]) == (
        ["a", "b", "c"],
        "stack",
    )
    rows = traces(viz, viz.bar([3, 4], opts={"rownames": ["2012", "2013"]}))[0]
    assert (rows["x"], rows["y"]) == (["2012", "2013"], [3, 4])
    assert len(traces(viz, viz.bar([3, 4], opts={"legend": ["a", "b"]}))) == 2
    assert traces(viz, viz.bar(X=[3, 4], Y=[0.5, 1.5]))[0]["x"] == [0.5, 1.5]
    bins = traces(viz, viz.histogram(torch.arange(100), opts={"numbins": 4}))[0]
    assert (bins["y"], len(bins["x"])) == ([25, 25, 25, 25], 4)
    boxes = traces(viz, viz.boxplot(np.ones((5, 2)), opts={"legend": ["m", "w"]}))
    assert [(one["type"], one["name"], len(one["y"])) for one in boxes] == [
        ("box", "m", 5),
        ("box", "w", 5),
    ]


def test_surfaces_meshes_and_shares(viz: Visdom) -> None:
    grid = np.arange(6.0).reshape(2, 3)
    (surface,) = traces(viz, viz.surf(grid, opts={"colormap": "Hot", "xmin": 1}))
    assert (surface["type"], surface["cmin"], surface["cmax"]) == ("surface", 1, 5)
    (contour,) = traces(viz, viz.contour(torch.tensor(grid)))
    assert (contour["type"], contour["z"]) == ("contour", grid.tolist())
    corners = np.eye(3)
    opts = {"opacity": 0.5, "color": "red"}
    (mesh,) = traces(viz, viz.mesh(X=corners, Y=[[0, 1, 2]], opts=opts))
    assert (mesh["type"], mesh["i"], mesh["k"], mesh["opacity"]) == ("mesh3d", [0], [2], 0.5)
    assert traces(viz, viz.mesh(corners[:, :2], [[0, 1]]))[0]["type"] == "mesh"
    (pie,) = traces(viz, viz.pie([19, 26, 55], opts={"legend": ["a", "b", "c"]}))
    assert (pie["values"], pie["labels"]) == ([19, 26, 55], ["a", "b", "c"])
    opts = {"font_size": 9, "font_color": "red", "opacity": 0.4, "line_width": 2}
    names, parents = np.array(["root", "x", "y"]), np.array(["", "root", "root"])
    (rings,) = traces(viz, viz.sunburst(names, parents, values=[3, 1, 2], opts=opts))
    assert (rings["parents"], rings["values"]) == (["", "root", "root"], [3, 1, 2])
    assert rings["outsidetextfont"] == {"size": 9, "color": "red"}
    assert (rings["leaf"], rings["marker"]["line"]) == ({"opacity": 0.4}, {"width": 2})
    rows = viz.parallel_coordinates(grid, Y=[1, 2], opts={"columnnames": ["a", "b", "c"]})
    (lines,) = traces(viz, rows)
    assert lines["dimensions"][2] == {"label": "c", "values": [2, 5]}


def test_a_saved_sunburst_has_its_rings() -> None:
    """As plotly lays them out: a value is added to its parts', and the largest come first."""
    names, parents = ["Eve", "Cain", "Seth", "Enos", "Noam"], ["", "Eve", "Eve", "Seth", "Seth"]
    trace = {
        "type": "sunburst",
        "labels": names,
        "parents": parents,
        "values": Column.of([10, 14, 12, 10, 2]),
    }
    found = sectors_of(trace)
    assert [(one.label, round(48 * one.share), one.ring) for one in found] == [
        *(("Eve", 48, 0), ("Seth", 24, 1), ("Enos", 10, 2), ("Noam", 2, 2), ("Cain", 14, 1))
    ]
    assert [one.family for one in found] == [-1, 0, 0, 0, 1]
    assert [round(48 * one.start) for one in found] == [0, 0, 0, 10, 24]
    assert [round(26 * one.share) for one in sectors_of({**trace, "branchvalues": "total"})] == [
        *(26, 14, 12, 10, 2)
    ]
    assert sectors_of({**trace, "parents": ["Cain", "Eve", "Eve", "Seth", "Seth"]}) == []
    (pie,) = sectors_of({"type": "pie", "values": Column.of([2, np.nan])})[:1]
    assert (pie.label, pie.share, pie.family) == ("", 1.0, 0)


# ---------------------------------------------------------------- images and other contents


def test_images_are_what_was_given(viz: Visdom) -> None:
    shares = torch.rand(3, 6, 4)
    win = viz.image(shares, opts={"caption": "noise", "title": "image"})
    shown = window(viz, win)
    assert (shown["width"], shown["height"]) == (4, 6)
    assert shown["content"]["caption"] == "noise"
    expected = (shares.numpy() * 255).astype(np.uint8).transpose(1, 2, 0)
    assert np.array_equal(image_of(shown["content"]["src"]), expected)
    grey = np.arange(6, dtype=np.uint8).reshape(2, 3)
    found = image_of(window(viz, viz.image(grey))["content"]["src"])
    assert np.array_equal(found.reshape(2, 3), grey)
    jpeg = window(viz, viz.image(shares, opts={"jpgquality": 50}))["content"]["src"]
    assert image_of(jpeg).shape == (6, 4, 3)
    stretched = image_of(window(viz, viz.image(np.array([[-1.0, 1.0]])))["content"]["src"])
    assert stretched.ravel().tolist() == [0, 255]


def test_images_stand_in_rows_and_keep_their_history(viz: Visdom) -> None:
    several = np.zeros((5, 3, 4, 6), np.uint8)
    grid = image_of(window(viz, viz.images(several, nrow=3, padding=1))["content"]["src"])
    assert grid.shape == (2 * 6, 3 * 8, 3)
    assert (grid[1:5, 1:7] == 0).all()
    assert (grid[0] == 255).all()
    listed = viz.images([torch.zeros(1, 4, 4), torch.ones(1, 4, 4)])
    assert image_of(window(viz, listed)["content"]["src"]).shape[:2] == (8, 16)
    for place in range(3):
        opts = {"store_history": True, "caption": str(place)}
        viz.image(np.full((3, 2, 2), place, np.uint8), win="kept", opts=opts)
    kept = window(viz, "kept")
    assert [one["caption"] for one in kept["content"]] == ["0", "1", "2"]
    assert (kept["type"], kept["selected"]) == ("image_history", 2)


def test_texts_properties_and_pictures(viz: Visdom, tmp_path) -> None:
    win = viz.text("Hello <b>world</b>!", opts={"title": None})
    viz.text("And more", win=win, append=True)
    assert window(viz, win)["content"] == "Hello <b>world</b>!<br>And more"
    fields = [{"type": "checkbox", "name": "on", "value": True}]
    assert window(viz, viz.properties(fields))["content"] == fields
    with pytest.raises(LoggingError, match="slider"):
        viz.properties([{"type": "slider"}])
    svg = viz.svg("<!-- --><svg height='3'><circle/></svg>")
    head, _, data = window(viz, svg)["content"]["src"].partition(";base64,")
    assert head == "data:image/svg+xml"
    assert base64.b64decode(data).startswith(b'<svg xmlns="http://www.w3.org/2000/svg" height')
    (tmp_path / "a.svg").write_text("<svg xmlns='x'></svg>")
    assert window(viz, viz.svg(svgfile=tmp_path / "a.svg"))["type"] == "svg"
    with pytest.raises(LoggingError, match="no <svg>"):
        viz.svg("no picture")


def test_sounds_and_videos(viz: Visdom, tmp_path) -> None:
    sound = viz.audio(tensor=np.array([0.0, 0.5, -0.5]), opts={"sample_frequency": 8000})
    kind, _, data = window(viz, sound)["content"]["src"].partition(";base64,")
    with wave.open(io.BytesIO(base64.b64decode(data))) as file:
        assert (kind, file.getframerate(), file.getnframes()) == ("data:audio/wav", 8000, 3)
    (tmp_path / "a.mp3").write_bytes(b"sound")
    filed = window(viz, viz.audio(audiofile=tmp_path / "a.mp3"))
    assert filed["content"]["src"] == "data:audio/mp3;base64,c291bmQ="
    frames = np.zeros((3, 4, 6, 3), np.uint8)
    frames[..., 0] = [[[255]], [[254]], [[253]]]  # blue, by OpenCV's order
    clip = window(viz, viz.video(tensor=frames, opts={"fps": 10, "loop": True}))
    assert clip["content"]["loop"] is True
    if clip["content"]["src"].startswith("data:image/gif"):
        data = base64.b64decode(clip["content"]["src"].partition(";base64,")[2])
        image = Image.open(io.BytesIO(data))
        assert (image.n_frames, image.size) == (3, (6, 4))
        assert image.convert("RGB").getpixel((0, 0)) == (0, 0, 255)
    planar = viz.video(tensor=np.zeros((3, 1, 4, 6)), dim="LxCxHxW")
    assert (window(viz, planar)["type"], window(viz, planar)["width"]) == ("video", 200)
    (tmp_path / "a.mp4").write_bytes(b"clip")
    assert window(viz, viz.video(videofile=tmp_path / "a.mp4"))["content"]["src"].startswith(
        "data:video/mp4"
    )
    with pytest.raises(LoggingError, match="cannot be read"):
        viz.video(videofile=tmp_path / "none.webm")


def test_figures_of_other_libraries(viz: Visdom) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3, 2))
    figure.subplots().plot([1, 2])
    shown = window(viz, viz.matplot(figure))
    assert (shown["type"], shown["width"], shown["height"]) == ("svg", 312, 216)
    assert window(viz, viz.matplot(figure, opts={"resizable": True}))["width"] is None
    plotly = {
        "data": [{"type": "bar", "x": ["a", "b"], "y": (1, 2)}],
        "layout": {"title": {"text": "plotly"}, "width": 500},
    }
    win = viz.plotlyplot(plotly)
    assert (window(viz, win)["title"], window(viz, win)["width"]) == ("plotly", 500)
    assert traces(viz, win)[0] == {"type": "bar", "x": ["a", "b"], "y": [1, 2]}
    with pytest.raises(LoggingError, match="figure of Plotly"):
        viz.plotlyplot(3)


def test_graphs(viz: Visdom) -> None:
    win = viz.graph(
        [(0, 1), (1, 2)],
        ["A", "B"],
        ["x", "y", "z"],
        opts={"showEdgeLabels": True, "scheme": "different", "directed": True},
    )
    shown = window(viz, win)
    assert shown["content"]["nodes"][2] == {"name": 2, "label": "z", "club": 2}
    assert shown["content"]["edges"][1] == {"source": 1, "target": 2, "label": "B"}
    assert (shown["directed"], shown["showVertexLabels"]) == (True, True)
    with pytest.raises(LoggingError, match=r"no node \[1\]"):
        viz.graph([(0, 2)])


def test_embeddings_are_laid_out_and_a_lasso_lays_out_anew(viz: Visdom) -> None:
    pytest.importorskip("openTSNE")
    rng = np.random.default_rng(0)
    features = np.concatenate([rng.normal(0, 1, (12, 5)), rng.normal(8, 1, (12, 5))])
    labels = ["a"] * 12 + ["b"] * 12
    win = viz.embeddings(features, labels, data_getter=lambda i: f"<b>{i}</b>", data_type="html")
    points = window(viz, win)["content"]["data"]
    assert [one["group"] for one in points] == [0] * 12 + [1] * 12
    assert all(abs(value) <= 1 for one in points for value in one["position"])
    event = {"eid": "main", "target": win}
    viz._desk.heard({**event, "event_type": "EntitySelected", "idx": 3, "entityId": "Entity 3"})
    assert window(viz, win)["content"]["selected"]["html"] == "<b>3</b>"
    viz._desk.heard({**event, "event_type": "RegionSelected", "selectedIdxs": list(range(6))})
    assert [one["idx"] for one in window(viz, win)["content"]["data"]] == list(range(6))


def test_any_plot_of_plotly_is_sent_as_it_is(viz: Visdom) -> None:
    trace = {
        "x": [1, 2, 3],
        "y": [4, 5, 6],
        "mode": "markers+lines",
        "type": "custom",
        "marker": {"color": "red", "symbol": 104, "size": "10"},
        "text": ["one", "two", "three"],
        "name": "1st Trace",
    }
    plot = {"title": "First Plot", "xaxis": {"title": "x1"}}
    assert viz._send({"data": [trace], "layout": plot, "win": "mywin"}) == "mywin"
    assert traces(viz, "mywin") == [trace]
    assert layout(viz, "mywin") == plot


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda viz: viz.line(Y=[1, 2], X=[1]), "X and Y must have one shape"),
        (lambda viz: viz.line(Y=[1], update="append", win="w"), "needs X"),
        (lambda viz: viz.line(Y=[1], X=[1], update="append"), "needs the window"),
        (lambda viz: viz.line(Y=[1], X=[1], win="w", update="grow"), "must be one of"),
        (lambda viz: viz.scatter([[1, 2, 3, 4]]), r"got \(1, 4\)"),
        (lambda viz: viz.scatter([[1, 2]], [0]), "begin with 1"),
        (lambda viz: viz.scatter([[1, 2]], [1.5]), "whole numbers"),
        (lambda viz: viz.scatter([[1, 2]], [3], opts={"legend": ["a"]}), "labels up to 3"),
        (lambda viz: viz.scatter([[1, 2]], opts={"markersize": -1}), "above 0, got -1"),
        (lambda viz: viz.scatter([[1, 2]], opts={"markercolor": np.array([300])}), "0 to 255"),
        (
            lambda viz: viz.line(Y=[1], opts={"dash": np.array(["a", "b"])}),
            "one a line, for 1",
        ),
        (lambda viz: viz.heatmap([1]), r"\(rows, columns\), got \(1,\)"),
        (lambda viz: viz.heatmap([[1]], opts={"rownames": "a"}), "list of names, got 'a'"),
        (lambda viz: viz.bar([[1, 2]], opts={"legend": ["a"]}), "needs 2 names, got 1"),
        (lambda viz: viz.histogram([np.nan]), "no finite value"),
        (lambda viz: viz.pie([-1]), "no negative"),
        (lambda viz: viz.image(np.zeros((2, 3, 4))), r"got \(2, 3, 4\)"),
        (lambda viz: viz.image([["a"]]), "must be numbers"),
        (lambda viz: viz.mesh(np.eye(3), [[0, 1, 5]]), "from 0 to 2"),
        (lambda viz: viz.audio(tensor=np.zeros((2, 3))), r"\(2, 3\)"),
        (lambda viz: viz.audio(), "needs samples"),
        (lambda viz: viz.video(np.zeros((1, 2, 3))), "four axes"),
        (lambda viz: viz.sunburst(["a"], ["", ""]), "1 label for 2 parents"),
        (lambda viz: viz.dual_axis_lines([1], [1]), "needs Y2"),
        (lambda viz: viz.matplot(3), "figure of matplotlib"),
        (lambda viz: viz.set_window_data("{", win="w"), "must be JSON"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_its_value(viz: Visdom, call, said: str) -> None:
    with pytest.raises(LoggingError, match=said):
        call(viz)
    assert json.loads(viz.get_window_data()) == {}


def test_a_window_that_is_not_there_is_named(viz: Visdom) -> None:
    with pytest.raises(ConfigurationError, match="no window 'none' in 'main'"):
        viz.get_window_data("none")
