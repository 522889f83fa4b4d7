"""A step taken apart: the run stands after each of its phases, and goes on as if it had not."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import torch
from observed import SECONDS, make_batches, make_model
from protocol_types import conforms
from torch import nn

import nbviz
from nbviz.errors import CommandError, RunActiveError, TrainingError
from nbviz.panels.batch import Batch
from nbviz.panels.panel import Extent
from nbviz.panels.toolbar import PANEL
from nbviz.protocol.run import PhaseChanged

if TYPE_CHECKING:
    from types import FrameType

    from nbviz.training.phases.phase import Phase


def made(model: Any = None, **options: Any) -> nbviz.Trainer:
    model = make_model() if model is None else model
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    given = {"loss_fn": nn.CrossEntropyLoss(), "optimizer": optimizer, "max_epochs": 2, **options}
    return nbviz.Trainer(model, make_batches(), device="cpu", threads=1, ring="off", **given)


def end(trainer: nbviz.Trainer) -> dict[str, torch.Tensor]:
    if trainer.status == "paused":
        trainer.resume()
    trainer.wait(SECONDS)
    return {name: one.clone() for name, one in trainer.model.state_dict().items()}


def stand(trainer: nbviz.Trainer, phase: str) -> Phase:
    for one in nbviz.step_through(trainer):
        if one.name == phase:
            return one
    raise AssertionError(phase)


def pause_of(trainer: nbviz.Trainer) -> int:
    """Wait until a run is paused between two steps; returns the step."""
    assert trainer.control.wait_inside() is None
    assert trainer.status == "paused"
    return trainer.engine.step


def test_each_phase_has_its_values_and_the_run_is_to_the_last_bit_the_same() -> None:
    model = make_model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    more: dict[str, Any] = {"accumulate": 2, "gradient_clip": 0.25}
    trainer = made(
        model, optimizer=optimizer,
        scheduler=torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=8), **more,
    )  # fmt: skip
    before = {name: one.clone() for name, one in model.state_dict().items()}
    seen: list[str] = []
    for phase in nbviz.step_through(trainer):
        seen.append(f"{phase.name}{phase.batch}")
        is_same = all(torch.equal(one, before[n]) for n, one in model.state_dict().items())
        assert is_same == (phase.name not in ("optimizer", "scheduler", "end"))
        assert trainer.run.phase is not None
        assert (trainer.run.phase.step, trainer.run.phase.name) == (1, phase.name)
        norms = [p.grad.norm() for p in model.parameters() if p.grad is not None]
        norm = float(torch.stack(norms).norm()) if norms else 0.0
        if phase.name == "batch":
            assert phase.shapes == {"inputs": (8, 3), "targets": (8,)}
            inputs, targets = phase.tensors.values()
        elif phase.name == "forward":
            output = phase.tensors["output"]
            assert phase.numbers["mean"] == pytest.approx(float(output.mean()))
        elif phase.name == "loss":
            expected = nn.functional.cross_entropy(output, targets)
            assert phase.numbers == {"loss": pytest.approx(float(expected))}
        elif phase.name == "backward":
            assert phase.numbers == {"gradient norm": pytest.approx(norm)}
            assert phase.tensors["0.weight"] is not None
            unclipped = norm
        elif phase.name == "clip":
            assert phase.numbers == {
                "gradient norm": pytest.approx(0.25, rel=1e-3),
                "before clipping": pytest.approx(unclipped),
            }
        elif phase.name == "optimizer":
            assert phase.numbers["lr"] == pytest.approx(0.004)
            assert (trainer.engine.step, trainer.run.phase.step) == (0, 1)
    batch = ["batch", "forward", "loss", "backward"]
    assert seen == [
        *(f"{one}1" for one in batch), *(f"{one}2" for one in batch),
        "clip2", "optimizer2", "scheduler2", "end1",
    ]  # fmt: skip
    assert torch.equal(inputs, make_batches()[1][0])
    assert (trainer.status, trainer.engine.step) == ("paused", 1)
    assert trainer.run["loss/train"].steps.tolist() == [1]
    stepped = end(trainer)
    again = make_model()
    other = torch.optim.SGD(again.parameters(), lr=0.1)
    plain = made(
        again, optimizer=other,
        scheduler=torch.optim.lr_scheduler.OneCycleLR(other, 0.1, total_steps=8), **more,
    )  # fmt: skip
    plain.start()
    assert all(torch.equal(one, stepped[name]) for name, one in end(plain).items())
    assert not model._forward_hooks


def test_a_step_that_was_begun_is_finished_by_all_that_needs_it(tmp_path: Any) -> None:
    trainer = made()
    assert stand(trainer, "loss").text == f"loss {trainer.run.phase.numbers['loss']:.4g}"
    trainer.pause()  # it stands already
    assert trainer.control.inside is not None
    trainer.step()
    assert pause_of(trainer) == 1
    stand(trainer, "forward")
    trainer.step(2)
    assert pause_of(trainer) == 3
    stand(trainer, "backward")
    with trainer.between_steps():
        assert (trainer.control.inside, trainer.engine.step) == (None, 4)
    assert pause_of(trainer) == 4
    stand(trainer, "batch")
    trainer.save(tmp_path / "now.pt")
    assert pause_of(trainer) == 5
    assert trainer.step_into() is not None
    trainer.stop()
    trainer.wait(SECONDS)
    assert (trainer.status, trainer.engine.step, trainer.control.inside) == ("stopped", 6, None)
    assert str(trainer.step_into()) == "in step 7, after batch: inputs 8 × 3, targets 8"
    trainer.set(lr=0.5)  # applied between two steps
    assert stand(trainer, "optimizer").numbers["lr"] == 0.1
    assert [one.name for one in nbviz.step_through(trainer)] == ["end"]
    assert stand(trainer, "optimizer").numbers["lr"] == 0.5
    assert [one.name for one in nbviz.step_through(trainer, 5)] == ["end"]  # the last step
    assert trainer.step_into() is not None  # goes on for as many epochs again
    end(trainer)


class Failing(nn.Linear):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if getattr(self, "fails", False):
            raise ZeroDivisionError("as planned")
        return super().forward(x)


def test_an_error_inside_is_raised_and_the_run_can_be_stepped_into_again() -> None:
    model = Failing(3, 2)
    trainer = made(model)
    stand(trainer, "batch")
    model.fails = True
    with pytest.raises(TrainingError, match="as planned"):
        trainer.step_into()
    assert (trainer.status, trainer.control.inside) == ("failed", None)
    assert not model._forward_hooks
    model.fails = False
    assert stand(trainer, "optimizer").step == 1
    end(trainer)
    with pytest.raises(CommandError, match="takes a Trainer or LiveTrainer, got object"):
        nbviz.step_through(object())
    with pytest.raises(CommandError, match="at least 1; got 0"):
        nbviz.step_through(trainer, 0)


def test_it_is_refused_where_the_run_would_wait_for_itself() -> None:
    met: list[Exception] = []

    class Asks(nn.Linear):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            try:
                trainer.step_into()
            except RunActiveError as error:
                met.append(error)
            return super().forward(x)

    trainer = made(Asks(3, 2), max_steps=1)
    trainer.start()
    end(trainer)
    assert "on the run's own thread" in str(met[0])


def test_a_step_of_ones_own_has_the_phases_that_it_makes() -> None:
    model = make_model()
    halves = [torch.optim.SGD(part.parameters(), lr=0.1) for part in (model[0], model[3])]

    def training_step(model: nn.Module, batch: Any) -> torch.Tensor:
        for optimizer in halves:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(batch[0]), batch[1])
            loss.backward()
            optimizer.step()
        return loss

    trainer = made(model, loss_fn=None, optimizer=halves, training_step=training_step)
    two = ["forward", "backward", "optimizer"] * 2
    assert [one.name for one in nbviz.step_through(trainer)] == ["batch", *two, "loss", "end"]
    end(trainer)
    model = make_model()
    closing = made(model, optimizer=torch.optim.LBFGS(model.parameters(), max_iter=3))
    phases = [one.name for one in nbviz.step_through(closing)]  # whose step evaluates it again
    assert phases == ["batch", "forward", "loss", "backward", "optimizer", "end"]
    end(closing)


def test_a_run_that_is_not_stepped_into_makes_no_call_for_it() -> None:
    calls: Counter[str] = Counter()
    counted: list[Counter[str]] = []

    class Counts(nn.Linear):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            counted.append(Counter(calls))
            calls.clear()
            return super().forward(x)

    def count(frame: FrameType, event: str, _: Any) -> None:
        is_run = threading.current_thread().name == f"nbviz-{name}"
        if is_run and event == "call" and "nbviz/training/" in frame.f_code.co_filename:
            calls[f"{frame.f_code.co_filename}:{frame.f_code.co_qualname}"] += 1

    name = "counted"
    threading.setprofile(count)
    try:
        trainer = made(Counts(3, 2), max_epochs=2, name=name)
        trainer.start()
        end(trainer)
        stand(trainer, "backward")
        end(trainer)
    finally:
        threading.setprofile(None)
    never, into, after = counted[6], counted[9], counted[14]  # between steps of one epoch
    assert any("/phases/" in one for one in into)
    assert not any("/phases/" in one or "inside" in one for one in never)
    assert after == never


def told(run: nbviz.Run) -> PhaseChanged:
    batch = Batch()
    PANEL.updates(run, PANEL.entry(), batch, Extent())
    [found] = [one for one in batch.updates if one["kind"] == "phase_changed"]
    assert conforms(found, PhaseChanged)
    return found


def test_pages_are_told_the_phase_and_see_what_is_there() -> None:
    trainer = made()
    trainer.graph.ask(lambda graph: None)
    run, overlays = trainer.run, trainer.overlays
    run.weights.want("page", ["0.weight"])
    stand(trainer, "backward")
    run.drain()
    assert (run.progress.status, run.progress.status_text) == ("paused", "In step 1: backward")
    assert told(run)["phases"] == ["batch", "forward", "loss", "backward", "optimizer"]
    assert told(run)["text"].startswith("gradient norm 0.")
    overlays.want(
        "page", "gradient_norm", [call.call_id for call in trainer.graph.graph.module_calls]
    )
    assert trainer.control.inside is not None  # a look at gradients does not end the step
    norm = trainer.model[0].weight.grad.norm(), trainer.model[0].bias.grad.norm()
    values = overlays.latest("gradient_norm").values
    assert float(torch.stack(norm).norm()) in [pytest.approx(one) for one in values.values()]
    run.capture_idle_weights()
    before = run.weights.latest("0.weight")
    stand(trainer, "optimizer")
    after = run.weights.latest("0.weight")
    assert (before.step, after.step) == (0, 1)
    assert (before.cells != after.cells).any()
    trainer.step()
    assert pause_of(trainer) == 1
    assert (told(run)["phase"], told(run)["step"]) == ("end", 1)
    end(trainer)
    assert run.phase is None
