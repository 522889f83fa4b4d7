"""What every panel owes to a session, whichever it is."""

from __future__ import annotations

import ast
import json
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any, get_args, get_type_hints

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from pages import Page, wait_until
from protocol_types import conforms, fixture, kind_of
from torch.utils.data import DataLoader, TensorDataset

import nbviz
from nbviz import protocol
from nbviz.panels import PANELS
from nbviz.panels.panel import Panel
from nbviz.panels.subject import Subject
from nbviz.session.feed import Feed
from nbviz.session.saved import record
from nbviz.session.wanted import Wanted

FOLDER = Path(nbviz.__file__).parent / "panels"
ASKED = [(panel, request) for panel in PANELS for request in panel.requests]

NEEDS = {"start_layout": "openTSNE", "send_library": "plotly"}  # Colab's environment has neither
# What is asked of the run below, where the protocol's example asks of another.
QUESTIONS: dict[str, dict[str, Any]] = {
    "control": {"name": "set", "arguments": {"lr": 0.05}},
    "send_range": {"series": [0], "first_step": 1, "last_step": 3, "points": 10},
    "send_media": {"tag": "tensor", "step": 3, "pixels": 100},
    "send_histograms": {"tag": "values", "step": 3, "after": -1},
    "send_text": {"tag": "notes", "step": 3},
    "send_audio": {"tag": "tone", "step": 3, "start": 0},
    "send_figure": {"tag": "figure", "step": 3, "pixels": 100, "draws": False},
    "send_library": {"name": "plotly", "part": 0},
    "send_confusion": {"tag": "confusion", "step": 3},
    "send_predictions": {"tag": "predictions/train", "step": 3},
    "send_samples": {"tag": "predictions/train", "step": 3, "indices": [1, 0]},
    "edit_data": {"tag": "predictions/train", "action": "restore", "indices": [0]},
    "send_roc": {"tag": "pr", "step": 3},
    "send_rows": {"tag": "table", "step": 3, "sort": 0},
    "send_graph": {"scopes": [""]},
    **{
        kind: {"tag": "features", "step": 3}
        for kind in ("send_embedding", "send_positions", "send_column", "send_thumbnails")
    },
    "send_mesh": {"tag": "shape", "step": 3},
    "send_weights": {"name": "weight", "step": 3},
    "send_neighbours": {"tag": "features", "step": 3},
    "start_layout": {"tag": "features", "step": 3},
    "cancel_layout": {"tag": "features", "step": 3},
    "select_points": {"tag": "features", "selected": "BQ=="},
}
# What a view may look at in it; of any other panel nothing.
KEYS: dict[str, list[str]] = {
    "curves": ["0"],
    "weights": ["weight", "bias"],
    "graph": ["weight_norm", "0"],
    "media": ["300 samples", "300 attention"],
    "histograms": ["300 absent", "300 others"],
}


def name_of(value: object) -> str:
    return value.name if isinstance(value, Panel) else kind_of(value)


def ended_trainer() -> nbviz.LiveTrainer:
    model = torch.nn.Linear(3, 2)
    batches = DataLoader(TensorDataset(torch.ones(12, 3), torch.zeros(12, 2)), 4)
    made = nbviz.LiveTrainer(
        model,
        batches,
        loss_fn=torch.nn.MSELoss(),
        optimizer=torch.optim.SGD(model.parameters(), 0.1),
        max_epochs=1,
        metrics=(),
    )
    made.start()
    made.wait(180)
    made.run.log_text("notes", "hello", step=3)
    made.run.log_histogram("values", np.arange(10.0), step=3)
    made.run.log_embedding(
        "features",
        np.arange(30.0).reshape(6, 5) ** 2,
        labels=list("abcabc"),
        images=np.zeros((6, 2, 2)),
        step=3,
    )
    made.run.log_mesh("shape", np.eye(3), faces=[[0, 1, 2]], step=3)
    made.run.log_tensor("tensor", np.arange(10.0), step=3)
    made.run.log_audio("tone", np.sin(np.arange(100.0)), step=3)
    made.run.log_figure("figure", Figure(figsize=(1, 1)), step=3)
    made.run.log_confusion_matrix("confusion", [0, 1], [0, 0], step=3)
    made.run.log_predictions("predictions/train", [0, 1], np.eye(2), step=3, inputs=["a", "b"])
    made.run.log_pr_curve("pr", [0, 1], [0.2, 0.7], step=3)
    made.run.log_table("table", {"a": [2, 1], "b": ["x", "y"]}, step=3)
    made.run.weights.want("test", ["weight"])
    made.run.weights.capture(3)
    made.run.weights.want("test", [])
    made.run.drain_media()
    (subject,) = made.subjects
    wait_until(lambda: all(panel.has_content(panel.part(subject)) for panel in PANELS))
    return made


@pytest.fixture(scope="module")
def trainer():
    made = ended_trainer()
    yield made
    made.close()


def part_of(panel: Panel, trainer: nbviz.LiveTrainer) -> Any:
    (subject,) = trainer.subjects
    part = panel.part(subject)
    assert part is not None
    return part


def check_updates(updates: list[Any], buffers: list[bytes]) -> None:
    """Each is one of the protocol's, as JSON, and its buffer is there."""
    kinds = {kind_of(update): update for update in get_args(protocol.Update)}
    for update in json.loads(json.dumps(updates, allow_nan=False)):
        assert conforms(update, kinds[update["kind"]]), update
        assert "buffer" not in update or 0 <= update["buffer"] < len(buffers)


def test_each_panel_has_a_folder_of_its_name() -> None:
    folders = {path.parent.name for path in FOLDER.glob("*/__init__.py")}
    assert sorted(panel.name for panel in PANELS) == sorted(folders)


@pytest.mark.parametrize("panel", PANELS, ids=name_of)
def test_its_assets_are_those_that_its_page_loads(panel) -> None:
    folder = FOLDER.parents[1] / "js" / "src" / "panels" / panel.name
    index = (folder / "index.ts").read_text(encoding="utf-8")
    needs = re.search(r"needs.*? \[(.*?)\]", index)
    own = [panel.name] if (folder / "asset.ts").exists() else []
    sources = [path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.ts"))]
    later = [name for text in sources for name in re.findall(r'loadAsset<\w+>\("(\w+)"', text)]
    items = ["items"] if "itemPanel<" in index else []
    needed = items + re.findall(r'"(\w+)"', needs[1] if needs else "")
    # What is shown one step at a time has the time line below it.
    line = ["timeline"] if re.search(r"\tsteps[:(]|item(Panel<|sData\()", index) else []
    assert list(panel.assets) == own + needed + later + line


def test_each_request_belongs_to_one_panel_or_to_the_session() -> None:
    owned = [request for panel in PANELS for request in panel.requests]
    of_the_session = [*get_args(protocol.core.Requests), protocol.run.ActOnUnseen]
    assert sorted(map(kind_of, owned + of_the_session)) == sorted(
        map(kind_of, get_args(protocol.Request))
    )
    for panel in PANELS:
        assert panel.slow <= {"set_wanted", *map(kind_of, panel.requests)}


def test_no_panel_knows_another_one_or_the_session() -> None:
    for path in FOLDER.rglob("*.py"):
        if path.parent == FOLDER:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
                others = {panel.name for panel in PANELS} - {path.parent.name}
                assert not any(name.startswith("nbviz.session") for name in names), path
                assert not any(
                    f"{name}.".startswith(f"nbviz.panels.{other}.")
                    for name in names
                    for other in others
                ), path


@pytest.mark.parametrize("panel", PANELS, ids=name_of)
def test_a_page_is_sent_everything_once(panel, trainer) -> None:
    wanted = Wanted([panel])
    feed = Feed([panel], wanted, failed=pytest.fail)
    feed.subjects.extend(trainer.subjects)
    if panel.name in KEYS:
        view = panel.view(part_of(panel, trainer), KEYS[panel.name], 1)
        wanted.want(trainer.run.run_id, panel.name, "page", 1, view)
        wanted.apply(trainer.subjects[0], panel.name)
    cursor = feed.cursor()
    feed.read()
    batch = feed.snapshot(cursor)
    check_updates(batch.updates, batch.buffers)
    assert feed.collect(cursor, 1e6).updates == []
    # A page that opens beside it gets as much, and moves nothing.
    again = feed.snapshot(feed.cursor(), upto=cursor)
    assert [u["kind"] for u in again.updates] == [u["kind"] for u in batch.updates]
    assert feed.collect(cursor, 1e6).updates == []


@pytest.mark.parametrize(("panel", "request_type"), ASKED, ids=name_of)
def test_its_requests_are_answered_as_the_protocol_says(panel, request_type, trainer) -> None:
    page = Page(trainer)
    page.ready()
    kind = kind_of(request_type)
    fields = {**fixture(request_type), **QUESTIONS.get(kind, {}), "run_id": trainer.run.run_id}
    for own in ("kind", "client_id", "request_id"):
        del fields[own]
    answer = page.ask(kind, **fields)
    if (package := NEEDS.get(kind)) and find_spec(package) is None:
        assert "Install it with: pip install" in answer["error"]
        return
    assert answer["kind"] in [kind_of(one) for one in protocol.ANSWERS[request_type]], answer
    data = answer.pop("data")
    check_updates([{**answer, **({"buffer": 0} if "buffer" in answer else {})}], [data])


@pytest.mark.parametrize(("panel", "request_type"), ASKED, ids=name_of)
def test_a_request_without_one_of_its_fields_is_refused_by_its_name(
    panel, request_type, trainer
) -> None:
    page = Page(trainer)
    kind = kind_of(request_type)
    whole = {**fixture(request_type), "run_id": trainer.run.run_id}
    for missing in whole.keys() - {"kind", "client_id", "request_id"}:
        fields = {k: v for k, v in whole.items() if k not in ("kind", "client_id", "request_id")}
        fields[missing] = None
        answer = page.ask(kind, **fields)
        assert answer["kind"] == "command_failed"
        assert missing in answer["error"]


@pytest.mark.parametrize("panel", PANELS, ids=name_of)
def test_keys_are_checked(panel, trainer) -> None:
    page = Page(trainer)
    page.ready()
    asked = {"run_id": trainer.run.run_id, "panel": panel.name, "view": 1}
    flood = [f"nothing {number}" for number in range(2000)]
    answer = page.ask("set_wanted", **asked, keys=flood, known=1)
    assert answer["kind"] == "command_failed"
    good = page.ask("set_wanted", **asked, keys=KEYS.get(panel.name, []), known=1)
    assert (good["kind"] == "command_done") == (panel.name in KEYS)


@pytest.mark.parametrize("panel", [p for p in PANELS if p.name in KEYS], ids=name_of)
def test_a_page_that_is_gone_is_forgotten(panel, trainer) -> None:
    wanted = Wanted(PANELS)
    (subject,) = trainer.subjects
    part, run_id, keys = part_of(panel, trainer), subject.run_id, KEYS[panel.name]
    wanted.want(run_id, panel.name, "stays", 1, panel.view(part, keys[:1], 1))
    alone = wanted.of(run_id, panel.name)
    wanted.want(run_id, panel.name, "goes", 1, panel.view(part, keys, 1))
    wanted.want(run_id, panel.name, "goes", 2, panel.view(part, keys, 1))
    assert wanted.forget("goes") == [(run_id, panel.name)]
    assert wanted.of(run_id, panel.name) == alone


def test_what_was_made_for_pages_is_made_no_more_once_they_are_gone() -> None:
    trainer = ended_trainer()
    page = Page(trainer)
    page.ready()
    for panel, keys in KEYS.items():
        asked = {"run_id": trainer.run.run_id, "panel": panel, "view": 1, "known": 1}
        assert page.ask("set_wanted", **asked, keys=keys)["kind"] == "command_done"
    assert trainer.run.weights.wanted == {"weight", "bias"}
    assert trainer.run.overlays.wanted == {"weight_norm"}
    trainer.close()
    assert trainer.run.weights.wanted == frozenset()
    assert trainer.run.overlays.wanted == frozenset()


def test_a_saved_page_has_every_panel_and_what_it_would_ask_for(trainer) -> None:
    saved = record(PANELS, trainer.subjects)
    panels = [panel for panel in PANELS if panel.least_runs == 1]
    assert saved.panels == [panel.name for panel in panels]
    assert list(saved.assets) == list(dict.fromkeys(a for panel in panels for a in panel.assets))
    check_updates(saved.updates, saved.buffers)
    check_updates(saved.answers, saved.buffers)
    assert {a["kind"] for a in saved.answers} == {
        "graph_sent",
        "tensor_sent",
        "text_sent",
        "histograms_sent",
        "figure_sent",
        "audio_sent",
        *("embedding_sent", "positions_sent", "column_sent", "thumbnails_sent"),
        "mesh_sent",
        "confusion_sent",
        "predictions_sent",
        "samples_sent",
        "roc_sent",
        "rows_sent",
        "weights_sent",
    }


def test_a_run_in_which_nothing_happened_has_no_empty_panels() -> None:
    run = nbviz.Run("empty")
    saved = record(PANELS, [Subject.of_run(run)])
    assert saved.panels == ["toolbar", "curves"]
    assert set(saved.assets) == {"curves", "lines", "files"}
    assert saved.answers == []


def test_a_graph_without_a_run_is_a_subject_too() -> None:
    graph = nbviz.trace(torch.nn.Linear(3, 2), torch.zeros(1, 3))
    subject = Subject.of_graph(graph)
    assert [panel.name for panel in PANELS if panel.part(subject) is not None] == ["graph"]
    saved = record(PANELS, [subject])
    assert saved.panels == ["graph"]
    assert [update["kind"] for update in saved.updates] == ["run_added", "graph_added"]
    page = Page(nbviz.graph(graph))
    page.ready()
    for panel, request in ASKED:
        fields = {**fixture(request), **QUESTIONS.get(kind_of(request), {})}
        fields["run_id"] = page.newest("run_added")["run_id"]
        kind = fields.pop("kind")
        del fields["client_id"], fields["request_id"]
        answer = page.ask(kind, **fields)
        assert (answer["kind"] == "command_failed") == (panel.name != "graph")
        assert answer["kind"] != "command_failed" or "no run" in answer["error"]


@pytest.mark.parametrize(("panel", "request_type"), ASKED, ids=name_of)
def test_an_answer_carries_the_ids_of_its_request(panel, request_type) -> None:
    for update in protocol.ANSWERS[request_type]:
        assert {"client_id", "request_id"} <= get_type_hints(update).keys()
