"""visdom's environments, files, events and cells; and what pages are sent of windows."""

from __future__ import annotations

import json
import os
import queue
import threading
import uuid
import warnings
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest

import nbviz
from nbviz.errors import ConfigurationError
from nbviz.integrations.visdom import Visdom
from nbviz.integrations.visdom.feed import WindowsFeed
from nbviz.integrations.visdom.pictures import windows_bundle, windows_picture
from nbviz.integrations.visdom.showing import Shown
from nbviz.pictures.shapes import Label
from nbviz.session.transport import Transport
from nbviz.widgets.windows_view import WindowsView

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nbviz.protocol.windows import WindowsChange


def client(**options: Any) -> Visdom:
    """A client that shares its windows with no other."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Visdom(uuid.uuid4().hex, **options)


class Page:
    """What a page has of windows, put together as js/src/visdom/store.ts does."""

    def __init__(self) -> None:
        self.blobs: dict[int, bytearray] = {}
        self.windows: dict[tuple[str, str], dict[str, Any]] = {}
        self.frames: list[int] = []
        self.envs: list[str] = []

    def receive(self, message: dict[str, Any], buffers: list[bytes]) -> None:
        if message["kind"] == "snapshot":
            self.blobs.clear()
            self.windows.clear()
        self.frames.append(sum(map(len, buffers)))
        for update in message["updates"]:
            self.apply(update, buffers)

    def apply(self, change: WindowsChange, buffers: list[bytes]) -> None:
        for part in change["parts"]:
            held = self.blobs.setdefault(part["blob"], bytearray())
            if part["start"] == len(held):
                held += buffers[part["buffer"]]
        self.envs = change["envs"]
        for closed in change["closed"]:
            self.windows.pop((closed["env"], closed["win"]), None)
        for one in change["changed"]:
            spec = json.loads(one["spec"], object_hook=self.held)
            self.windows[one["env"], one["win"]] = spec
        for blob in change["forgotten"]:
            del self.blobs[blob]

    def held(self, value: dict[str, Any]) -> Any:
        kind = value.get("$")
        if kind is None:
            return value
        data = b"".join(bytes(self.blobs[blob]) for blob in value["blobs"])
        if kind == "column":
            return np.frombuffer(data)
        if kind == "grid":
            return np.frombuffer(data, np.float32).reshape(value["shape"])
        return data


def test_the_client_is_nbviz_own_and_says_once_what_it_does_not_use() -> None:
    assert nbviz.Visdom is Visdom
    with pytest.warns(UserWarning, match="without a server: password, proxies, username not used"):
        Visdom(username="me", password="secret", proxies={"http": "a:1"}, env="mine")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Visdom(username="me", password="secret")
        viz = Visdom("localhost", port=8097, base_url="/", use_incoming_socket=True)
    assert viz.check_connection(timeout_seconds=3)
    assert viz.env == "main"


def test_clients_of_one_server_share_their_windows() -> None:
    name = uuid.uuid4().hex
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        first, second = Visdom(name), Visdom(name, env="other")
    first.text("here", win="a", env="other")
    assert second.win_exists("a")
    assert not client().win_exists("a", env="other")


def test_environments_are_listed_forked_cleared_and_deleted() -> None:
    viz = client(env="a/b")
    assert viz.get_env_list() == ["a_b"]
    viz.text("kept", win="one")
    viz.text("kept", win="two")
    viz.fork_env("a_b", "copy")
    viz.text("changed", win="one")
    assert json.loads(viz.get_window_data("one", env="copy"))["content"] == "kept"
    viz.close("two")
    assert (viz.win_exists("two"), viz.win_exists("two", env="copy")) == (False, True)
    viz.close()
    assert json.loads(viz.get_window_data()) == {}
    assert viz.get_env_list() == ["a_b", "copy"]
    viz.delete_env("copy")
    assert viz.get_env_list() == ["a_b"]
    with pytest.raises(ConfigurationError, match=r"'none' to be forked; there are: a_b"):
        viz.fork_env("none", "x")


def test_a_window_is_read_set_and_hashed() -> None:
    viz = client()
    win = viz.line(Y=[1.0, np.nan], X=[0, 1], opts={"title": "line"})
    before = viz.get_window_data(win)
    digest = viz.win_hash(win)
    assert digest is not None
    assert len(digest) == 32
    assert viz.win_hash("none") is None
    data = json.loads(before)
    assert data["content"]["data"][0]["y"] == [1, None]
    data["content"]["data"][0]["name"] = "other"
    viz.set_window_data(json.dumps(data), win=win)
    assert json.loads(viz.get_window_data(win))["content"]["data"][0]["name"] == "other"
    assert viz.win_hash(win) != digest
    viz.set_window_data(before, win=win)
    assert viz.win_hash(win) == digest
    viz.line(Y=[2.0], X=[2], win=win, update="append")
    assert json.loads(viz.get_window_data(win))["content"]["data"][0]["y"] == [1, None, 2]


def test_environments_are_saved_and_read_again(tmp_path: Path) -> None:
    viz = client(env_path=tmp_path)
    viz.image(np.zeros((3, 2, 2), np.uint8), win="image")
    viz.heatmap([[1.0, 2.0]], win="heat")
    assert json.loads(viz.save(["main", "none"])) == ["main"]
    assert json.loads((tmp_path / "main.json").read_text())["jsons"].keys() == {"image", "heat"}
    (tmp_path / "broken.json").write_text("{")
    again = client(env_path=tmp_path)
    assert json.loads(again.get_window_data()) == json.loads(viz.get_window_data())
    again.heatmap([[3.0, 4.0]], win="heat", update="appendRow")
    again.delete_env("main")
    assert not (tmp_path / "main.json").exists()
    with pytest.raises(ConfigurationError, match="list of names, got 'main'"):
        viz.save(cast("Any", "main"))


def test_a_log_is_replayed_also_one_written_offline(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with pytest.raises(ConfigurationError, match="log_to_filename"):
        client(offline=True)
    offline = client(offline=True, log_to_filename=log)
    win = offline.line(Y=np.array([1.0]), X=np.array([0.0]), opts={"title": "t"})
    offline.line(Y=np.array([2.0]), X=np.array([1.0]), win=win, update="append")
    offline.image(np.zeros((3, 2, 2), np.uint8), win="image")
    offline.text("a", win="text")
    offline.text("b", win="text", append=True)
    assert offline.close("text") == "text"
    assert offline.get_env_list() == ["main"]
    assert not offline.check_connection()
    viz = client()
    viz.replay_log(log)
    plot = json.loads(viz.get_window_data(win))
    assert plot["content"]["data"][0]["y"] == [1, 2]
    assert json.loads(viz.get_window_data("text"))["content"] == "a<br>b"
    image = json.loads(viz.get_window_data("image"))["content"]["src"]
    assert image.startswith("data:image/png;base64,")
    (tmp_path / "other").write_text("no log")
    with pytest.raises(ConfigurationError, match="is no log"):
        viz.replay_log(tmp_path / "other")


def test_handlers_are_told_what_readers_do(caplog: pytest.LogCaptureFixture) -> None:
    viz = client()
    win = viz.text("pad")
    heard: list[dict[str, Any]] = []
    viz.register_event_handler(lambda _: 1 / 0, win)
    viz.register_event_handler(heard.append, win)
    viz.register_event_handler(
        lambda event: viz.text(event["pane_data"]["content"] + event["key"], win=win), win
    )
    event = {"eid": "main", "target": win, "event_type": "KeyPress", "key": "x"}
    viz._desk.heard(event)
    assert json.loads(viz.get_window_data(win))["content"] == "padx"
    assert (heard[0]["pane_data"]["content"], heard[0]["key"]) == ("pad", "x")
    assert "ZeroDivisionError" in caplog.text
    viz.clear_event_handlers(win)
    viz._desk.heard({**event, "event_type": "Close"})
    assert len(heard) == 1
    assert not viz.win_exists(win)
    viz._desk.heard(event)  # of a window that has gone meanwhile
    viz.disconnect()
    with pytest.raises(ConfigurationError, match="use_incoming_socket"):
        viz.register_event_handler(heard.append, win)


def test_a_call_that_sends_nothing_returns_what_it_would_send() -> None:
    viz = client(send=False)
    message, endpoint = viz.line(Y=[1.0], X=[0.0], win="w")
    assert endpoint == "events"
    assert message["data"][0]["y"] == [1]
    assert json.dumps(message)


# ---------------------------------------------------------------- pages


def seconds() -> Callable[[], float]:
    """A clock by which each look at it is one second later."""
    return iter(np.arange(0.0, 1e5)).__next__


def feed_of(viz: Visdom) -> WindowsFeed:
    return WindowsFeed(viz._desk, None)


def test_pages_have_all_windows_and_are_sent_only_what_is_new() -> None:
    viz = client()
    page, feed = Page(), feed_of(viz)
    transport = Transport(cast("Any", feed), page.receive, clock=seconds())
    values = np.arange(20_000.0)
    viz.line(Y=values, X=values, win="long")
    viz.heatmap(np.ones((2, 3)), win="heat")
    viz.image(np.zeros((3, 4, 4), np.uint8), win="image")
    feed.read()
    transport.open("page")
    assert page.windows["main", "long"]["content"]["data"][0]["y"].tolist() == values.tolist()
    assert page.windows["main", "heat"]["content"]["data"][0]["z"].shape == (2, 3)
    assert page.windows["main", "image"]["content"]["src"].startswith(b"\x89PNG")
    viz.line(Y=[5.0], X=[20_000.0], win="long", update="append")
    viz.close("heat")
    transport.tick()
    assert page.frames[-1] == 16  # bytes: one point
    assert page.windows["main", "long"]["content"]["data"][0]["x"][-1] == 20_000
    assert ("main", "heat") not in page.windows
    named = {blob.number for w in feed.windows().values() for blob in w.wire()[1]}
    assert page.blobs.keys() == named
    viz.text("new", env="second", win="t")
    transport.tick()
    assert page.envs == ["main", "second"]


def test_what_is_large_comes_in_parts_also_to_a_second_page() -> None:
    viz = client()
    feed = feed_of(viz)
    pages = {"a": Page(), "b": Page()}

    def send(message: dict[str, Any], buffers: list[bytes]) -> None:
        for name, page in pages.items():
            if message["client_id"] in ("", name):
                page.receive(message, buffers)

    transport = Transport(cast("Any", feed), send, clock=seconds())
    transport.open("a")
    large = np.random.default_rng(0).random(700_000)
    viz.line(Y=large, X=np.arange(700_000.0), win="large")
    viz.text("small", win="small")
    feed.read()
    transport.tick()  # the first part
    assert ("main", "large") not in pages["a"].windows
    transport.open("b")
    for _ in range(30):
        transport.tick()
    for page in pages.values():
        assert max(page.frames) <= 8_000_000
        assert page.windows["main", "large"]["content"]["data"][0]["y"].tolist() == large.tolist()
        assert page.windows["main", "small"]["content"] == "small"


def test_a_page_that_pulls_is_sent_small_frames() -> None:
    viz = client()
    page, feed = Page(), feed_of(viz)
    transport = Transport(cast("Any", feed), page.receive, pulls=True)
    viz.line(Y=np.ones(100_000), X=np.arange(100_000.0), win="line")
    feed.read()
    transport.open("page")
    while ("main", "line") not in page.windows:
        transport.pull("page")
    assert max(page.frames) <= 400_000
    assert len(page.windows["main", "line"]["content"]["data"][0]["x"]) == 100_000


def test_windows_of_many_threads_are_all_there() -> None:
    viz = client()
    page, feed = Page(), feed_of(viz)
    transport = Transport(cast("Any", feed), page.receive)
    transport.open("page")
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            feed.read()
            transport.tick()

    def draw(number: int) -> None:
        for step in range(100):
            viz.line(Y=[step], X=[step], win="shared", name=str(number), update="append")
            viz.text(str(step), win=f"own {number}")

    viz.line(Y=[0.0], X=[0.0], win="shared")
    looking = threading.Thread(target=look)
    drawing = [threading.Thread(target=draw, args=(number,)) for number in range(4)]
    looking.start()
    for thread in drawing:
        thread.start()
    for thread in drawing:
        thread.join()
    done.set()
    looking.join()
    lines = {
        t["name"]: t["y"] for t in json.loads(viz.get_window_data("shared"))["content"]["data"]
    }
    assert lines == {"1": lines["1"], **{str(n): list(range(100)) for n in (0, 2, 3)}}
    assert lines["1"] == [0, *range(100)]
    feed.read()
    final = Page()
    Transport(cast("Any", feed), final.receive).open("late")
    assert len(final.windows) == 5


def test_a_window_that_cannot_be_drawn_says_so_and_the_others_are_there() -> None:
    viz = client()
    viz._send({"data": [{"type": "bar", "x": [1], "y": "<b>"}], "layout": {}, "win": "odd"})
    viz._send({"data": [{"type": "pie", "labels": 3}], "layout": {}, "win": "pie"})
    viz.image(np.zeros((3, 2, 2), np.uint8), win="broken")
    held = viz._desk.window("main", "broken")
    assert held is not None
    held.data["content"]["src"].blob._make = lambda: 1 // 0
    viz.text("whole", win="whole")
    feed, page = feed_of(viz), Page()
    feed.read()
    batch = feed.collect(feed.cursor())
    page.apply(cast("Any", batch.updates[0]), batch.buffers)
    assert "ZeroDivisionError" in page.windows["main", "broken"]["content"]
    assert page.windows["main", "whole"]["content"] == "whole"
    assert windows_bundle(viz._desk.windows(), "abc")["text/plain"].startswith("4 windows")


# ---------------------------------------------------------------- readers without a kernel


def test_saved_pages_and_pictures_hold_the_windows(tmp_path: Path) -> None:
    viz = client()
    viz.line(Y=[1.0, 2.0], X=[0, 1], opts={"title": "loss </script><b>"})
    viz.text("<script>alert(1)</script>said")
    viz.scatter(np.random.default_rng(0).random((9, 3)), win="space")
    viz.bar([[1, 2], [3, 4]], opts={"stacked": True})
    viz.boxplot(np.random.default_rng(0).random((9, 2)))
    viz.mesh(np.eye(3), [[0, 1, 2]])
    viz.pie([1, 2], opts={"legend": ["a", "b"]})
    viz.graph([(0, 1)])
    viz.image(np.zeros((3, 2, 2), np.uint8))
    viz.contour(np.eye(3))
    viz.properties([{"type": "text", "name": "n", "value": "v"}])
    viz.plotlyplot({"data": [{"type": "candlestick"}], "layout": {}})
    path = viz.save_html(tmp_path / "page.html", title="windows")
    text = path.read_text(encoding="utf-8")
    assert "<script>alert" not in text
    assert "</script><b>" not in text
    page = json.loads(text.partition('id="nbviz-page">')[2].partition("</script>")[0])
    changed = page["recorded"]["updates"][0]["changed"]
    assert len(changed) == 12
    assert "replay" in page["front_end"]
    bundle = windows_bundle(viz._desk.windows(), "abc")
    assert bundle.keys() == {"text/plain", "text/html", "image/png"}
    assert bundle["text/plain"].startswith("12 windows: loss")
    assert "<script>alert" not in bundle["text/html"]
    with pytest.raises(ConfigurationError, match=r"ends with \.html"):
        viz.save_html(tmp_path / "page.txt")
    if os.geteuid() != 0:
        with pytest.raises(ConfigurationError, match="cannot be written"):
            viz.save_html("/nowhere/page.html")


def texts_of(window: str, viz: Any) -> list[str]:
    """What the picture of one window says, from left to right and from above."""
    windows = {key: one for key, one in viz._desk.windows().items() if key[1] == window}
    shapes = windows_picture(windows).shapes
    return [shape.text for shape in shapes if isinstance(shape, Label)]


def test_a_picture_has_the_legend_and_the_names_that_the_page_has() -> None:
    viz = client()
    names = ["setosa", "a name that is far too long for a legend of this size"]
    ticks = {"xtickvals": [0, 1, 2], "xticklabels": ["sepal", "petal", "stem"]}
    titles = {"legend": names, "xlabel": "part", "ylabel": "cm"}
    viz.line([[1, 2], [2, 3], [3, 1]], [[0, 0], [1, 1], [2, 2]], win="l", opts=ticks | titles)
    said = texts_of("l", viz)
    assert "setosa" in said
    assert any(text.startswith("a name") and text.endswith("…") for text in said)
    assert {"sepal", "petal", "stem", "part", "cm"} <= set(said)
    rows = {"rownames": ["top", "middle"], "columnnames": ["left", "right", "far"]}
    viz.heatmap(np.eye(2, 3), win="h", opts=rows)
    assert set(texts_of("h", viz)) >= {"top", "middle", "left", "right", "far"}
    many = {"legend": [f"class {number}" for number in range(30)]}
    viz.bar(np.ones((2, 30)), win="b", opts=many)
    said = texts_of("b", viz)
    shown = sum(text.startswith("class ") for text in said)
    assert 4 <= shown < 30
    assert f"+{30 - shown}" in said
    viz.line([1.0, 2.0], win="one")
    assert not any(text.startswith("1 ") or "trace" in text for text in texts_of("one", viz))


def test_a_cell_shows_the_windows_that_it_draws_in(run_cells: Callable[..., list[Any]]) -> None:
    cells = run_cells(
        # Of another server than a notebook's that has run in the same kernel.
        """import nbviz, numpy as np
viz = nbviz.Visdom(port=2)
viz.text("outside", env="second", win="x")
viz.line(Y=np.ones(1), X=np.zeros(1), win="a", opts={"title": "loss"})
for step in range(1, 5):
    viz.line(Y=np.ones(1), X=np.full(1, step), win="a", update="append")""",
        "viz.text('here', win='b', opts={'title': 'said'});",
        "viz",
        "nbviz.Visdom(port=2, show=False).text('hidden', win='c');",
        """import threading
begun, go_on = threading.Event(), threading.Event()
def draw():
    viz.text("of a thread", win="d")
    begun.set()
    go_on.wait()
    viz.text("later", win="f")
thread = threading.Thread(target=draw)
thread.start(); begun.wait();""",
        "viz.text('at once', win='b', opts={'title': 'said'}); go_on.set(); thread.join()",
        "other = nbviz.Visdom(port=1)\n"
        "thread = threading.Thread(target=lambda: other.text('of a logger', win='e'))\n"
        "thread.start(); thread.join()",
    )

    def shown(cell: Any) -> list[Any]:
        data = [one["data"] for one in cell.outputs if "data" in one]
        views = [one for one in data if "application/vnd.jupyter.widget-view+json" in one]
        return [len(views), *(one["text/plain"] for one in data if "text/html" in one)]

    assert [shown(cell) for cell in cells] == [
        [1, "2 windows: loss, x"],
        [1, "1 window: said"],
        # What all windows are is brought up to date as later cells end.
        [1, "6 windows: loss, said, c, d, f, x"],
        [0],
        [1, "2 windows: d, f"],  # a thread goes on where it drew first
        [1, "1 window: said"],
        [1, "1 window: e"],  # loggers draw on threads of their own only
    ]
    shown_first = [one["data"] for one in cells[0].outputs if "data" in one]
    html = shown_first[1]["text/html"]
    assert "data:image/svg+xml;base64," in html


class Sent(WindowsView):
    """A view whose messages the test reads."""

    def __init__(self, *given: Any) -> None:
        self.messages: queue.Queue[dict[str, Any]] = queue.Queue()
        super().__init__(*given)

    def send(self, content: dict[str, Any], buffers: object = None) -> None:
        self.messages.put(content)

    def until(self, kind: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return the first message of a kind that satisfies `holds`."""
        while True:
            message = self.messages.get(timeout=180)
            if message["kind"] == kind and holds(message):
                return message


def test_a_view_sends_all_there_is_until_a_page_can_ask(capsys) -> None:
    viz = client()
    heard: list[str] = []
    viz.text("first", win="w")
    viz.register_event_handler(lambda event: heard.append(event["key"]), "w")
    shown = Shown(viz._desk, None)
    view = Sent(shown, shown.feed)
    view.show()

    def has(text: str) -> Callable[[dict[str, Any]], bool]:
        return lambda message: text in json.dumps(message["updates"])

    # The cell is busy: no page has asked.
    assert view.until("snapshot", has("first"))["client_id"] == ""
    viz.text("second", win="w")
    view.wake()
    assert view.until("snapshot", has("second"))["client_id"] == ""
    view._on_message(None, {"kind": "ready", "client_id": "page"}, [])
    assert view.until("snapshot", has("second"))["client_id"] == "page"
    viz.text("third", win="w")
    view.wake()
    assert view.until("frame", has("third"))["sequence"] == 1
    event = {"event_type": "KeyPress", "eid": "main", "target": "w", "more": {"key": "x"}}
    for content in ({"window_event": event, "client_id": "page"}, "no message", {"kind": "ready"}):
        view._on_message(None, content, [])
    assert heard == ["x"]
    view.close()
