"""Going back to a step: to the last bit where the run was, with nothing recorded twice."""

from __future__ import annotations

import os
import signal
import threading
import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
import torch
from resumed_runs import KEPT, NAMES, SECONDS, STEPS, arguments, result
from test_resume import differences
from torch import nn

import nbviz
from nbviz.errors import CheckpointError, CommandError, RunActiveError
from nbviz.training.checkpoints.ring import StateRing

if TYPE_CHECKING:
    from pathlib import Path

    from nbviz.training.events import StepEnded


def trained(name: str = "sgd", **more: Any) -> nbviz.Trainer:
    model, data, options = arguments(name, seed=0)
    trainer = nbviz.Trainer(model, data, **{"ring_every": 10, **options, **more})
    trainer.start()
    trainer.wait(SECONDS)
    return trainer


def went_on(trainer: nbviz.Trainer) -> dict[str, Any]:
    trainer.resume()
    trainer.wait(SECONDS)
    assert trainer.status == "finished"
    return result(trainer)


def warnings(trainer: nbviz.Trainer) -> list[str]:
    return [line.text for line in trainer.run.lines.since(0) if line.level in ("warning", "error")]


# That with many threads is below.
@pytest.mark.parametrize(
    "name", [*(name for name in NAMES if "threads" not in name), "a group that is added"]
)
def test_rewound_and_gone_on_is_to_the_last_bit_the_run_that_went_through(name: str) -> None:
    trainer = trained(name)
    first, old = result(trainer), trainer.run
    assert {0, 10, 20, 30, 40} <= set(trainer.ring.steps)  # and after the best validations
    trainer.rewind(KEPT)
    assert (trainer.status, trainer.engine.step) == ("paused", KEPT)
    assert trainer.run is not old
    assert old.status == "finished"
    assert len(old["loss/train"]) == STEPS
    tags = [tag for tag in old.tags if "/val" not in tag]
    for tag in tags:
        past, present = old[tag], trainer.run[tag]
        kept = past.steps <= KEPT
        assert present.steps.tolist() == past.steps[kept].tolist()
        assert present.values.tobytes() == past.values[kept].tobytes()
    assert differences(first, went_on(trainer)) == []
    for tag in old.tags:
        assert trainer.run[tag].steps.tolist() == old[tag].steps.tolist(), tag
        assert trainer.run[tag].values.tobytes() == old[tag].values.tobytes(), tag
    assert trainer.run.epochs == old.epochs
    assert [text for text in warnings(trainer) if "in no optimizer" not in text] == []


def test_to_the_start_to_the_end_of_an_epoch_and_again_and_again() -> None:
    trainer = trained("adamw, dropout, batch norm, validation")
    first, old = result(trainer), trainer.run
    for step in (24, 12, 12, 0, 0):
        trainer.rewind(step)
        assert (trainer.status, trainer.engine.step) == ("paused", step)
        assert trainer.run.progress.step == step
    assert differences(first, went_on(trainer)) == []
    for tag in old.tags:
        assert trainer.run[tag].steps.tolist() == old[tag].steps.tolist(), tag


def test_threads_that_were_tried_out_are_the_same_again() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        model, data, options = arguments("conv, two threads", seed=0)
        trainer = nbviz.Trainer(
            model, data, **{**options, "threads": "auto", "max_steps": 20}, ring_every=10
        )
        trainer.start()
        trainer.wait(SECONDS)
    finally:
        torch.set_num_threads(before)
    stretches = list(trainer.engine.capture().parts["threads"]["stretches"])
    assert len(stretches) > 2
    trainer.rewind(KEPT)
    assert warnings(trainer) == []
    then = trainer.engine.capture().parts["threads"]["stretches"]
    before_it = [[one for one in each if one[0] < KEPT] for each in (then, stretches)]
    assert before_it[0] == before_it[1]
    trainer.stop_and_wait()


def test_what_was_set_on_the_way_is_set_again() -> None:
    class Sets:
        def on_step(self, trainer: nbviz.Trainer, event: StepEnded) -> None:
            if event.step in (5, 12, 23):
                trainer.set(lr=0.1 / event.step)

    trainer = trained(callbacks=[Sets()], ring_every=1000)
    rates = trainer.run["lr"].values
    assert len(set(rates.tolist())) == 4
    first = result(trainer)
    trainer.rewind(KEPT)
    assert differences(first, went_on(trainer)) == []
    assert trainer.run["lr"].values.tolist() == rates.tolist()


def test_what_a_user_sets_holds_until_it_is_gone_back_to_before_it() -> None:
    model, data, options = arguments("sgd", seed=0)
    trainer = nbviz.Trainer(model, data, **options, ring_every=1000)
    trainer.step(8)
    while trainer.status != "paused":
        time.sleep(0.01)
    trainer.rewind(8)
    trainer.set(lr=0.5)
    first = went_on(trainer)
    assert trainer.run["lr"].values[7:9].tolist() == [0.05, 0.5]
    trainer.rewind(20)
    assert differences(first, went_on(trainer)) == []
    trainer.rewind(8)
    went_on(trainer)
    assert set(trainer.run["lr"].values.tolist()) == {0.05}


def test_nothing_is_logged_or_printed_twice(capsys: pytest.CaptureFixture[str]) -> None:
    made: list[int] = []

    def step(model: nn.Module, batch: Any) -> torch.Tensor:
        loss = nn.functional.cross_entropy(model(batch[0]), batch[1])
        made.append(len(made))
        nbviz.log({"mine": float(len(made))})
        trainer.run.log({"theirs": 1.0}, trainer.step_number)
        print("a step")
        return loss

    model, data, options = arguments("sgd", seed=0)
    options |= {"training_step": step, "loss_fn": None}
    trainer = nbviz.Trainer(model, data, **options, ring_every=10)
    trainer.start()
    trainer.wait(SECONDS)
    mine = trainer.run["mine"].values.tolist()
    printed = [line for line in trainer.run.lines.since(0) if line.text == "a step"]
    capsys.readouterr()
    old = trainer.run
    trainer.rewind(KEPT)
    assert len(made) == STEPS + 7
    assert len(old["mine"]) == STEPS
    assert trainer.run["mine"].values.tolist() == mine[:KEPT]
    assert len(trainer.run["theirs"]) == KEPT
    assert [line for line in old.lines.since(0) if line.text == "a step"] == printed
    assert "a step" not in capsys.readouterr().out
    trainer.stop_and_wait()


def test_from_the_middle_of_a_run_and_start_goes_on() -> None:
    model, data, options = arguments("sgd", seed=0)
    trainer = nbviz.Trainer(model, data, **{**options, "max_steps": 10_000_000}, ring_every=10)
    reached = threading.Event()
    with trainer.between_steps():
        trainer.start()
    trainer.run.subscribe(reached.set)
    while trainer.engine.step < 50:
        assert trainer.is_active
        reached.wait(0.01)
    trainer.rewind(33)
    assert (trainer.status, trainer.engine.step) == ("paused", 33)
    trainer.start()
    assert trainer.status == "running"
    trainer.stop_and_wait()


@pytest.mark.parametrize(
    ("step", "says"),
    [(-1, "from 0 to 40; got -1"), (41, "has not been made yet; the run is after step 40"),
     (2.5, "a whole number"), (True, "a whole number"), ("3", "a whole number")],
)  # fmt: skip
def test_a_step_that_there_is_not_is_refused_and_changes_nothing(step: Any, says: str) -> None:
    trainer = trained()
    run = trainer.run
    with pytest.raises(CommandError, match=says):
        trainer.rewind(step)
    with pytest.raises(CommandError, match=says):
        trainer.probe(lambda model: 0.0, steps=[step])
    assert (trainer.run, trainer.status) == (run, "finished")


def test_without_states_it_is_refused_in_words() -> None:
    off = trained(ring="off")
    assert off.ring.steps == []
    with pytest.raises(CheckpointError, match="ring is off"):
        off.rewind(3)
    small = trained(ring_memory=100, reset_memory=0)
    with pytest.raises(CheckpointError, match=r"ring_memory is 0\.0 MB"):
        small.rewind(3)
    assert any("no states are kept to go back to" in text for text in warnings(small))
    model, _, options = arguments("sgd", seed=0)
    batches = iter([(torch.ones(2, 6), torch.zeros(2, dtype=torch.int64))] * 30)
    once = nbviz.Trainer(model, batches, **{**options, "max_steps": None})
    once.start()
    once.wait(SECONDS)
    with pytest.raises(CheckpointError, match="cannot be read again"):
        once.rewind(3)


def test_a_run_that_was_loaded_goes_back_to_where_it_was_loaded(tmp_path: Path) -> None:
    model, data, options = arguments("sgd", seed=0)
    saver = nbviz.Trainer(model, data, **{**options, "max_steps": KEPT})
    saver.start()
    saver.wait(SECONDS)
    saver.save(tmp_path / "kept.pt")
    model, data, options = arguments("sgd", seed=9)
    trainer = nbviz.Trainer.load(tmp_path / "kept.pt", model, data, **options, ring_every=10)
    trainer.start()
    trainer.wait(SECONDS)
    first = result(trainer)
    with pytest.raises(CheckpointError, match="the first is that after step 17"):
        trainer.rewind(16)
    trainer.rewind(KEPT)
    assert differences(first, went_on(trainer)) == []


def test_steps_that_fail_or_are_interrupted_leave_the_run_as_it_was() -> None:
    fails = threading.Event()
    waits, reached = threading.Event(), threading.Event()
    go_on = threading.Event()

    class Fails:
        def on_step(self, trainer: nbviz.Trainer, event: StepEnded) -> None:
            if waits.is_set() and event.step == 14:
                reached.set()
                go_on.wait(SECONDS)

    def loss(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        if fails.is_set():
            raise MemoryError("there is none")
        return nn.functional.cross_entropy(outputs, targets)

    trainer = trained(loss_fn=loss, callbacks=[Fails()])
    first, run = result(trainer), trainer.run
    fails.set()
    with pytest.raises(CheckpointError, match=r"there is none.*as it was, after step 40") as raised:
        trainer.rewind(KEPT)
    assert isinstance(raised.value.__cause__, MemoryError)
    fails.clear()
    assert (trainer.status, trainer.run) == ("finished", run)
    assert differences(first, result(trainer)) == []

    waits.set()

    def interrupt() -> None:
        reached.wait(SECONDS)
        os.kill(os.getpid(), signal.SIGINT)
        while trainer.status == "running":
            time.sleep(0.01)
        go_on.set()

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt) as interrupted:
        trainer.rewind(KEPT)
    thread.join()
    waits.clear()
    assert interrupted.value.__notes__ == ["The run is as it was, after step 40."]
    assert (trainer.status, trainer.run) == ("finished", run)
    assert differences(first, result(trainer)) == []
    trainer.rewind(20)
    assert differences(first, went_on(trainer)) == []


def test_what_differs_the_second_time_is_measured_and_said() -> None:
    noise = [0.0]

    def loss(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return nn.functional.cross_entropy(outputs, targets) + noise[0]

    trainer = trained(loss_fn=loss)
    noise[0] = 0.25
    trainer.rewind(KEPT)
    [said] = warnings(trainer)
    assert "from step 11 on their loss differs, by up to 0.25" in said
    trainer.stop_and_wait()


def test_it_is_refused_where_the_run_would_wait_for_itself() -> None:
    refused: list[str] = []

    class Rewinds:
        def on_step(self, trainer: nbviz.Trainer, event: StepEnded) -> None:
            if event.step == 20:
                with pytest.raises(RunActiveError) as error:
                    trainer.rewind(5)
                refused.append(str(error.value))

    trainer = trained(callbacks=[Rewinds()])
    assert "own thread" in refused[0]
    with trainer.between_steps(), pytest.raises(RunActiveError, match="between_steps"):
        trainer.rewind(5)


def gradient_of(model: nn.Module) -> torch.Tensor:
    gradient = next(model.parameters()).grad
    assert gradient is not None
    return gradient


def test_a_probe_sees_each_step_and_leaves_no_trace() -> None:
    norms: dict[int, float] = {}

    class Looks:
        def on_step(self, trainer: nbviz.Trainer, event: StepEnded) -> None:
            if trainer.run is run_of[0]:
                norms[event.step] = float(gradient_of(trainer.model).norm())

    model, data, options = arguments("adamw, dropout, batch norm, validation", seed=0)
    trainer = nbviz.Trainer(model, data, **options, callbacks=[Looks()], ring_every=10)
    run_of = [trainer.run]
    trainer.start()
    trainer.wait(SECONDS)
    first, lines = result(trainer), len(trainer.run.lines.since(0))

    def look(model: nn.Module) -> torch.Tensor:
        norm = gradient_of(model).norm()
        model(torch.randn(8, 6))  # draws, and moves the averages of batch norm
        for parameter in model.parameters():
            parameter.data.zero_()
        return norm

    assert 10 in trainer.ring.steps  # whose state has no gradients
    probed = trainer.probe(look, steps=[*range(36, 0, -5), 10])
    assert probed.steps.tolist() == [1, 6, 10, 11, 16, 21, 26, 31, 36]
    assert probed.values.tolist() == [norms[step] for step in probed.steps]
    assert differences(first, result(trainer)) == []
    assert (trainer.status, len(trainer.run.lines.since(0))) == ("finished", lines)
    with pytest.raises(ZeroDivisionError):
        trainer.probe(lambda model: 1 / 0, steps=[3])
    assert differences(first, result(trainer)) == []
    with pytest.raises(CommandError, match="at least one step"):
        trainer.probe(look, steps=[])


def test_a_probe_of_a_run_that_is_paused_lets_it_go_on_as_before() -> None:
    first = result(trained())
    model, data, options = arguments("sgd", seed=0)
    trainer = nbviz.Trainer(model, data, **options, ring_every=10)
    trainer.start()
    trainer.wait(SECONDS)
    trainer.rewind(KEPT)
    run = trainer.run
    assert trainer.probe(lambda model: 1, steps=torch.tensor([3, 17]).numpy()).values.tolist() == [
        1,
        1,
    ]
    assert (trainer.status, trainer.engine.step, trainer.run) == ("paused", KEPT, run)
    assert differences(first, went_on(trainer)) == []


def test_the_journal_of_the_new_run_has_the_past(tmp_path: Path) -> None:
    trainer = trained("adamw, dropout, batch norm, validation", dir=tmp_path / "run")
    trainer.rewind(KEPT)
    went_on(trainer)
    opened = nbviz.open_run(tmp_path / "run" / "rewind-1")
    for tag in trainer.run.tags:
        assert opened[tag].values.tobytes() == trainer.run[tag].values.tobytes(), tag
    assert len(nbviz.open_run(tmp_path / "run")["loss/train"]) == STEPS


# ------------------------------------------------------------ the ring


def test_states_are_thinned_within_their_budget_close_together_near_now() -> None:
    trainer = trained(ring_every=1, max_steps=200, reset_memory=0)
    size = trainer.ring.nbytes // len(trainer.ring.steps) + 1
    room = 12
    tight = trained(ring_every=1, max_steps=200, ring_memory=room * size + size // 2)
    assert tight.ring.nbytes <= room * size + size // 2
    steps = tight.ring.steps
    assert steps[0] == 0
    assert steps[-1] == 200
    assert room - 1 <= len(steps) <= room + 1
    ages = [200 - step for step in reversed(steps[1:])]
    gaps = [later - earlier for earlier, later in pairwise(ages)]
    assert sum(gaps[: len(gaps) // 2]) < sum(gaps[len(gaps) // 2 :]) / 4
    assert max(step for step in ages) > 50
    assert len(trainer.ring.steps) == 64
    first = result_at_end(tight)
    tight.rewind(125)
    tight.resume()
    tight.wait(SECONDS)
    assert differences(first, result_at_end(tight)) == []


def result_at_end(trainer: nbviz.Trainer) -> Any:
    parts = trainer.engine.capture().parts
    return {name: parts[name] for name in ("model", "optimizers", "random")}


def test_memory_is_used_again_and_never_the_trainers_own() -> None:
    trainer = trained(ring_every=1, max_steps=30)
    size = trainer.engine.parts.nbytes()
    engine, start = trainer.engine, trainer.engine.start.checkpoint
    assert start is not None
    ring = StateRing(lambda: engine, 1, 3 * size, say=pytest.fail, spend=lambda _: None)
    seen: set[int] = set()
    for step in range(1, 20):
        engine.step = step
        ring.on_step(None, step_ended(step))
        seen |= {pointer(entry) for entry in checkpoints(ring)}
    assert len(seen) <= 4
    assert pointer(start) not in seen


def checkpoints(ring: StateRing) -> list[Any]:
    return [ring.before(step) for step in ring.steps]


def pointer(checkpoint: Any) -> int:
    return next(iter(checkpoint.parts["model"]["tensors"].values())).data_ptr()


def step_ended(step: int) -> StepEnded:
    from nbviz.training.events import StepEnded as Ended

    return Ended(0.0, step, 1, {})


def test_a_setting_and_a_pause_keep_a_state() -> None:
    model, data, options = arguments("sgd", seed=0)
    trainer = nbviz.Trainer(model, data, **options, ring_every=1000)
    trainer.start()
    trainer.wait(SECONDS)
    trainer.rewind(7)
    trainer.set(lr=0.01)
    went_on(trainer)
    assert {0, 7, 8} <= set(trainer.ring.steps)


def test_samples_that_were_dropped_on_the_way_are_dropped_again() -> None:
    class Drops:
        def on_step(self, trainer: nbviz.Trainer, event: StepEnded) -> None:
            if event.step == 15 and not trainer.data.dropped:
                trainer.data.drop(range(40))  # from the next epoch on, after step 24

    trainer = trained(callbacks=[Drops()], ring_every=1000)
    first = result(trainer)
    assert trainer.run.epochs[:4] == [0, 12, 24, 31]
    for step in (20, 28):
        trainer.rewind(step)
        assert differences(first, went_on(trainer)) == []
        assert warnings(trainer) == []


def test_it_is_shown_beside_the_run_that_it_left() -> None:
    model, data, options = arguments("sgd", seed=0)
    live = nbviz.LiveTrainer(model, data, **options, ring_every=10)
    live.start()
    live.wait(SECONDS)
    old = live.run
    live.rewind(KEPT)
    assert (live.status, live.run.progress.step) == ("paused", KEPT)
    assert [subject.run for subject in live.subjects] == [old, live.run]
    assert live.probe(lambda model: 2.0, steps=[3]).values.tolist() == [2.0]
    live.resume()
    live.wait(SECONDS)
    assert live.find_nonfinite() is None
    assert live.status == "finished"


def test_a_trainer_whose_cell_was_run_again_keeps_nothing() -> None:
    trainer = trained()
    trainer.forget_start("its cell was run again")
    assert trainer.ring.steps == []
    with pytest.raises(CheckpointError, match="its cell was run again"):
        trainer.rewind(3)


def test_the_best_state_stays_and_is_gone_back_to() -> None:
    # By step; that after 60 is the best.
    values = [0.9, 0.4, 0.3, float("nan"), 0.5, 0.45, 0.7, 0.35]

    def validate(model: nn.Module, batch: Any) -> dict[str, float]:
        return {"my_loss": values[max(0, trainer.engine.step // 20 - 1)]}

    model, data, options = arguments("adamw, dropout, batch norm, validation", seed=0)
    options |= {
        "validation_step": validate, "val_loader": [0], "validate_every": 20, "max_steps": 160,
        "monitor": "my_loss/val",
    }  # fmt: skip
    size = nbviz.Trainer(model, data, **options).engine.parts.nbytes()
    trainer = nbviz.Trainer(model, data, **options, ring_every=1, ring_memory=12 * size)
    trainer.start()
    trainer.wait(SECONDS)
    assert 60 in trainer.ring.steps
    assert len([step for step in trainer.ring.steps if 40 < step < 80]) < 6  # thinned
    first = result_at_end(trainer)
    trainer.rewind("best")
    assert (trainer.status, trainer.engine.step) == ("paused", 60)
    assert trainer.run["my_loss/val"].steps.tolist() == [20, 40, 60]
    trainer.resume()
    trainer.wait(SECONDS)
    assert differences(first, result_at_end(trainer)) == []
    assert trainer.run["my_loss/val"].steps.tolist() == list(range(20, 161, 20))
    trainer.rewind(59)
    assert (trainer.ring.best.step, trainer.ring.best.value) == (40, 0.4)
    trainer.stop_and_wait()
    none = trained()
    with pytest.raises(CheckpointError, match=r"no validation has given 'loss/val'"):
        none.rewind("best")
    with pytest.raises(CheckpointError, match=r"cannot be told from its name"):
        trained(monitor="wobble/val").rewind("best")
