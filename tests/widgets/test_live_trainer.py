"""LiveTrainer: what its page does, and what its user does, on the real engine."""

from __future__ import annotations

import copy

import pytest
import torch
from pages import Page
from torch import nn

import nbviz
from nbviz.errors import (
    CheckpointError,
    CommandError,
    ConfigurationError,
    RunActiveError,
    TrainingError,
)
from nbviz.widgets.output import WIDGET_VIEW
from nbviz.widgets.run_bar import RunBar


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(8, 16)
        self.dropout = nn.Dropout(0.1)
        self.out = nn.Linear(16, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(self.dropout(torch.relu(self.hidden(x))))


def data(batches: int = 20) -> list[tuple[torch.Tensor, torch.Tensor]]:
    inputs = torch.randn(batches, 16, 8)
    return [(x, (x.sum(1) > 0).long()) for x in inputs]


def make(**options) -> nbviz.LiveTrainer:
    model = Net()
    return nbviz.LiveTrainer(
        model,
        data(),
        val_loader=data(2),
        loss_fn=nn.CrossEntropyLoss(),
        optimizer=torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9),
        **{
            "metrics": ["accuracy"],
            "max_epochs": 10_000,
            "device": "cpu",
            "threads": 1,
            **options,
        },
    )


@pytest.fixture
def trainer():
    made = make()
    yield made
    made.trainer.stop_and_wait()


def want(page: Page, panel: str, *keys: str) -> dict:
    run_id = page.dashboard.run.run_id
    return page.ask("set_wanted", run_id=run_id, panel=panel, view=1, keys=list(keys))


def has_come(page: Page, kind: str, step: int) -> bool:
    return any(update["kind"] == kind and update["step"] == step for update in page.updates)


def lr_of(trainer: nbviz.LiveTrainer) -> float:
    return trainer.optimizer.param_groups[0]["lr"]


def test_start_pause_step_set_stop_from_the_page(trainer) -> None:
    page = Page(trainer)
    page.ready()
    assert page.newest("run_changed")["status"] == "ready"
    assert page.newest("run_added")["commands"] == [
        "start", "pause", "resume", "step", "step_into", "stop", "set", "reset", "inject_fault",
        "watch_layer", "rewind", "fork", "probe", "find_nonfinite", "cancel",
    ]  # fmt: skip
    page.control("start")
    page.wait_for(lambda: len(page.points.get("loss/train", [])) > 3)
    page.control("pause")
    page.wait_for(lambda: page.newest("run_changed")["status"] == "paused")
    stood = trainer.run["loss/train"].last.step
    page.control("step", n=1)
    page.wait_for(lambda: trainer.status == "paused" and trainer.run.progress.step == stood + 1)
    assert trainer.run["loss/train"].last.step == stood + 1
    page.control("set", lr=0.025)
    page.wait_for(lambda: lr_of(trainer) == 0.025)
    page.wait_for(lambda: page.newest("settings_changed")["settings"][0]["value"] == 0.025)
    page.wait_for(lambda: "lr 0.1 → 0.025" in page.newest("events_recorded")["events"][-1]["text"])
    page.control("resume")
    page.control("stop")
    page.wait_for(lambda: page.newest("run_changed")["status"] == "stopped")
    trainer.wait(180)
    page.control("start")
    page.wait_for(lambda: trainer.run["loss/train"].last.step > stood + 2)


def test_step_before_start_makes_exactly_so_many(trainer) -> None:
    page = Page(trainer)
    page.ready()
    page.control("step", n=4)
    page.wait_for(lambda: trainer.status == "paused")
    assert trainer.run["loss/train"].steps.tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("values", "says"),
    [({"lr": -1}, "lr"), ({"unknown": 1}, "unknown"), ({"lr": "fast"}, "fast")],
)
def test_a_value_that_cannot_be_set_is_refused_in_the_page_and_in_code(
    trainer, values, says
) -> None:
    page = Page(trainer)
    answer = page.control("set", **values)
    assert answer["kind"] == "command_failed"
    assert says in answer["error"]
    with pytest.raises(CommandError, match=says):
        trainer.set(**values)
    assert lr_of(trainer) == 0.1


def test_start_twice(trainer) -> None:
    trainer.start()
    with pytest.raises(RunActiveError, match=r"active already.*stop"):
        trainer.start()


def test_two_trainers_do_not_train_one_model_at_once(trainer) -> None:
    trainer.start()
    other = nbviz.LiveTrainer(
        trainer.model, data(), loss_fn=nn.CrossEntropyLoss(), optimizer=trainer.optimizer
    )
    with pytest.raises(RunActiveError, match="training the same model"):
        other.start()


def test_wait_says_that_training_goes_on(trainer) -> None:
    trainer.start()
    with pytest.raises(TimeoutError, match="goes on"):
        trainer.wait(0.05)
    assert trainer.status == "running"


def test_an_error_in_training_is_shown_with_its_traceback_and_raised_by_wait() -> None:
    def broken(model, batch):
        if "loss/train" in trainer.run and trainer.run["loss/train"].last.step == 7:
            raise ZeroDivisionError("at step 8")
        return nn.functional.cross_entropy(model(batch[0]), batch[1])

    trainer = make(training_step=broken, metrics=())
    page = Page(trainer)
    page.ready()
    page.control("start")
    with pytest.raises(TrainingError, match="at step 8") as raised:
        trainer.wait(180)
    assert isinstance(raised.value.__cause__, ZeroDivisionError)
    page.wait_for(lambda: page.newest("run_changed")["status"] == "failed")
    lines = [
        line
        for update in page.updates
        if update["kind"] == "lines_appended"
        for line in update["lines"]
    ]
    errors = "\n".join(line["text"] for line in lines if line["level"] == "error")
    assert "Traceback" in errors
    assert "ZeroDivisionError: at step 8" in errors
    assert trainer.run["loss/train"].steps.tolist() == list(range(1, 8))


def test_prints_of_the_training_step_are_in_the_log() -> None:
    def talkative(model, batch):
        print("hello from a step")
        return nn.functional.cross_entropy(model(batch[0]), batch[1])

    trainer = make(training_step=talkative, metrics=(), max_epochs=None, max_steps=2)
    trainer.start()
    trainer.wait(180)
    texts = [(line.level, line.text) for line in trainer.run.lines.since(0)]
    # Two batches to train on, two to validate, and one to try before whether it can validate.
    assert texts.count(("print", "hello from a step")) == 5
    steps = [line.step for line in trainer.run.lines.since(0) if line.level == "print"]
    assert steps == [0, 1, 2, 2, 2]


def test_the_graph_is_drawn_before_the_first_step(trainer) -> None:
    page = Page(trainer)
    page.ready()
    assert page.newest("graph_added")["run_id"] == trainer.run.run_id
    rng = torch.random.get_rng_state()
    answer = page.ask("send_graph", run_id=trainer.run.run_id, scopes=[""])
    labels = [node["label"] for node in answer["levels"][0]["nodes"]]
    assert {"hidden", "relu", "dropout", "out"} <= set(labels)
    assert torch.equal(torch.random.get_rng_state(), rng)


def test_the_graph_of_an_own_training_step_comes_with_its_first_call() -> None:
    def step(model, batch):
        return nn.functional.cross_entropy(model(batch[0]), batch[1])

    trainer = make(training_step=step, metrics=(), max_epochs=None, max_steps=3)
    page = Page(trainer)
    page.ready()
    page.send("send_graph", request_id=99, run_id=trainer.run.run_id, scopes=[""])
    assert 99 not in page.answers
    trainer.start()
    page.wait_for(lambda: 99 in page.answers)
    assert page.answers[99]["kind"] == "graph_sent"
    trainer.wait(180)


def test_tracing_between_steps_changes_nothing_that_training_depends_on() -> None:
    def train(*, traced: bool) -> list[float]:
        torch.manual_seed(3)
        trainer = make(max_epochs=None, max_steps=20, seed=5)
        trainer.step(2)
        Page(trainer).wait_for(lambda: trainer.status == "paused")
        if traced:
            found: list[object] = []
            trainer.trainer.graph.ask(found.append)
            Page(trainer).wait_for(lambda: found)
        trainer.resume()
        trainer.wait(180)
        return trainer.run["loss/train"].values.tolist()

    assert train(traced=True) == train(traced=False)


def test_weights_come_for_the_layers_that_a_page_shows(trainer) -> None:
    page = Page(trainer)
    page.ready()
    layers = {layer["name"]: layer["shape"] for layer in page.newest("layers_listed")["layers"]}
    assert layers["hidden.weight"] == [16, 8]
    want(page, "weights", "hidden.weight")
    page.control("start")
    page.wait_for(lambda: any(u["kind"] == "weights_updated" for u in page.updates))
    picture = page.newest("weights_updated")
    assert (picture["name"], picture["rows"], picture["columns"]) == ("hidden.weight", 16, 8)


def test_a_paused_run_shows_the_weights_of_the_step_at_which_it_stands(trainer) -> None:
    page = Page(trainer)
    page.ready()
    want(page, "weights", "hidden.weight")
    for step in range(1, 6):  # faster than pictures are made in a run
        page.control("step", n=1)
        page.wait_for(lambda at=step: page.newest("run_changed")["step"] == at)
        page.wait_for(lambda: trainer.status == "paused")
        page.wait_for(lambda at=step: has_come(page, "weights_updated", at))


def test_the_line_of_a_run_that_has_not_begun_yet_is_no_text(trainer) -> None:
    """`start` returns before the run's thread has said that it has begun, also the second time."""
    bar = RunBar(trainer.run, trainer.view_id)
    assert WIDGET_VIEW in bar.picture()
    trainer.start()
    trainer.trainer.stop_and_wait()
    text = bar.picture()
    assert list(text) == ["text/plain"]
    trainer.run.control.reserve()
    again = RunBar(trainer.run, trainer.view_id)
    assert WIDGET_VIEW in again.picture()
    assert bar.picture() == text  # of the cell whose loop has ended
    trainer.run.control.end("stopped")
    for one in (bar, again):
        one.close()


def test_an_overlay_comes_for_the_boxes_that_a_page_shows_until_it_is_gone(trainer) -> None:
    page = Page(trainer)
    page.ready()
    run_id = trainer.run.run_id
    graph = page.ask("send_graph", run_id=run_id, scopes=[""])
    assert "gradient_norm" in graph["overlays"]
    nodes = [node["node_id"] for node in graph["levels"][0]["nodes"]]
    assert want(page, "graph", "activation_std", *nodes)["kind"] == "command_done"
    page.control("start")
    page.wait_for(lambda: any(u["kind"] == "overlay_updated" for u in page.updates))
    update = page.newest("overlay_updated")
    assert update["overlay"] == "activation_std"
    assert "hidden" in update["nodes"]
    refused = want(page, "graph", "colour", *nodes)
    assert "no overlay 'colour'" in refused["error"]
    trainer.close()
    assert trainer.trainer.overlays.wanted == frozenset()


@pytest.mark.parametrize("overlay", ["activation_std", "gradient_norm", "update_ratio", "time"])
def test_an_overlay_follows_a_run_that_is_stepped(trainer, overlay) -> None:
    page = Page(trainer)
    page.ready()
    run_id = trainer.run.run_id
    graph = page.ask("send_graph", run_id=run_id, scopes=[""])
    nodes = [node["node_id"] for node in graph["levels"][0]["nodes"]]
    want(page, "graph", overlay, *nodes)
    page.control("step", n=1)
    for step in range(1, 6):
        page.wait_for(lambda at=step: page.newest("run_changed")["step"] == at)
        page.wait_for(lambda: trainer.status == "paused")
        page.wait_for(lambda at=step: has_come(page, "overlay_updated", at))
        assert "hidden" in page.newest("overlay_updated")["nodes"]
        page.control("step", n=1)


def test_a_run_stopped_in_its_validation_is_measured_when_it_is_stepped_again() -> None:
    stopped_at = []

    def validation(model, batch):
        if not stopped_at:
            stopped_at.append(trainer.trainer.step_number)
            trainer.stop()
        return nn.functional.cross_entropy(model(batch[0]), batch[1])

    trainer = make(validation_step=validation, validate_every=2)
    page = Page(trainer)
    page.ready()
    run_id = trainer.run.run_id
    nodes = page.ask("send_graph", run_id=run_id, scopes=[""])["levels"][0]["nodes"]
    ids = [node["node_id"] for node in nodes]
    want(page, "graph", "activation_std", *ids)
    trainer.start()
    trainer.wait(180)
    page.control("step", n=1)
    page.wait_for(lambda: has_come(page, "overlay_updated", 3))
    trainer.trainer.stop_and_wait()


def test_a_model_can_be_copied_and_saved_before_its_first_step(trainer, tmp_path) -> None:
    copied = copy.deepcopy(trainer.model)
    assert copied(torch.zeros(1, 8)).shape == (1, 2)
    torch.save(trainer.model, tmp_path / "model.pt")


def test_a_picture_that_fails_ends_neither_the_run_nor_its_recording(trainer, monkeypatch) -> None:
    def fail(*_):
        raise RuntimeError("out of memory")

    monkeypatch.setattr("nbviz.inspection.tensors.heatmaps.reduce_on_device", fail)
    page = Page(trainer)
    page.ready()
    want(page, "weights", "hidden.weight")
    trainer.step(5)
    page.wait_for(lambda: trainer.status == "paused")
    assert trainer.run["loss/train"].steps.tolist() == [1, 2, 3, 4, 5]


def test_reset_from_the_page_waits_for_the_step_and_tells_why_it_cannot(tmp_path) -> None:
    trainer = make(dir=tmp_path, max_epochs=1000)
    page = Page(trainer)
    page.ready()
    trainer.start()
    page.wait_for(lambda: trainer.run.progress.step > 3)
    earlier = trainer.run
    answer = page.ask("control", run_id=earlier.run_id, name="reset", arguments={})
    assert answer["kind"] == "command_done"
    assert (trainer.run.progress.step, earlier.status) == (0, "stopped")
    again = page.ask("control", run_id=earlier.run_id, name="reset", arguments={})
    assert "no command 'reset'" in again["error"]
    trainer.close()


def test_reset_shows_a_new_run_in_the_same_view_and_leaves_the_earlier_one(tmp_path) -> None:
    trainer = make(dir=tmp_path, seed=3, max_epochs=2)
    page = Page(trainer)
    page.ready()
    trainer.start()
    trainer.wait(180)
    earlier = trainer.run
    weights = trainer.model.state_dict()["out.weight"].clone()
    trainer.set(lr=1e-5)
    trainer.reset()
    new = trainer.run
    assert trainer.runs == (earlier, new)
    assert (trainer.status, new.status, earlier.status) == ("ready", "ready", "finished")
    assert new.name == f"{earlier.name} (2)"

    def commands(run: nbviz.Run) -> list:
        added = [one for one in page.updates if one["kind"] == "run_added"]
        return [one["commands"] for one in added if one["run_id"] == run.run_id]

    page.wait_for(lambda: commands(new) and commands(earlier)[-1] == [])
    assert "start" in commands(new)[-1]
    answer = page.ask("control", run_id=new.run_id, name="start", arguments={})
    assert answer["kind"] == "command_done"
    trainer.wait(180)
    assert new["loss/train"].values.tolist() == earlier["loss/train"].values.tolist()
    assert new["lr"].values.tolist() == earlier["lr"].values.tolist()
    assert torch.equal(trainer.model.state_dict()["out.weight"], weights)
    reset_run = nbviz.open_run(tmp_path / "reset-1")
    assert reset_run["loss/train"].values.tolist() == new["loss/train"].values.tolist()
    trainer.reset()
    assert [run.name for run in trainer.runs][1:] == [f"{earlier.name} ({n})" for n in (2, 3)]


def test_reset_stops_a_run_and_is_refused_where_its_start_was_not_kept() -> None:
    trainer = make(max_epochs=None)
    trainer.start()
    trainer.reset()
    assert (trainer.status, trainer.trainer.engine.step) == ("ready", 0)
    too_large = make(reset_memory=100, max_epochs=1)
    too_large.start()
    too_large.wait(180)
    with pytest.raises(CheckpointError, match=r"not kept: it takes .* MB, and reset_memory is 0.0"):
        too_large.reset()


def test_a_dashboard_that_compares_steers_the_run_that_was_meant(trainer) -> None:
    other = make()
    both = Page(nbviz.Dashboard(trainer.run, other.run))
    both.ready()
    answer = both.ask("control", run_id=other.run.run_id, name="step", arguments={"n": 2})
    assert answer["kind"] == "command_done"
    both.wait_for(lambda: other.status == "paused")
    assert trainer.status == "ready"
    other.trainer.stop_and_wait()


def test_a_saved_page_carries_curves_and_graph(trainer, tmp_path) -> None:
    trainer.step(3)
    Page(trainer).wait_for(lambda: trainer.status == "paused")
    page = trainer.save_html(tmp_path / "run.html").read_text()
    assert '"graph_sent"' in page
    assert "loss/train" in page
    assert '"hidden"' in page


def test_a_run_that_has_ended_goes_on_from_its_step(trainer) -> None:
    trainer.step(3)
    Page(trainer).wait_for(lambda: trainer.status == "paused")
    trainer.stop()
    trainer.wait(180)
    trainer.step(2)
    Page(trainer).wait_for(lambda: trainer.status == "paused")
    assert trainer.run["loss/train"].steps.tolist() == [1, 2, 3, 4, 5]


def test_bad_options_are_named() -> None:
    with pytest.raises(ConfigurationError, match="radar"):
        make(panels=["radar"])
    with pytest.raises(ConfigurationError, match="perfection"):
        make(metrics=["perfection"])
