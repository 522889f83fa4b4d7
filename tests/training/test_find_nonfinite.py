"""What first becomes NaN or infinite is found and named, and a healthy run is left alone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
import torch
from resumed_runs import SECONDS
from torch import nn

import nbviz
from nbviz.errors import CheckpointError, TrainingError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BATCH, BREAKS_AT = 8, 31


def batches(count: int = 50, width: int = 6) -> list[tuple[torch.Tensor, torch.Tensor]]:
    generator = torch.Generator().manual_seed(3)
    inputs = [torch.randn(BATCH, width, generator=generator) for _ in range(count)]
    return [(one, (one.sum(1) > 0).long()) for one in inputs]


class Breaks(nn.Module):
    """Does something else in one training step."""

    calls: torch.Tensor

    def __init__(self, act: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.act = act
        self.register_buffer("calls", torch.zeros((), dtype=torch.int64))

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        return self.act(given) if int(self.calls) == BREAKS_AT else given


def by_zero(given: torch.Tensor) -> torch.Tensor:
    scale = torch.ones(BATCH, 1)
    scale[3] = 0
    return given / scale


def trained(act: Callable[[torch.Tensor], torch.Tensor], **more: Any) -> nbviz.Trainer:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 12), Breaks(act), nn.ReLU(), nn.Linear(12, 2))
    return run(model, **more)


def run(model: nn.Module, **more: Any) -> nbviz.Trainer:
    options: dict[str, Any] = {
        "loss_fn": nn.CrossEntropyLoss(), "threads": 1, "device": "cpu", "ring_every": 10,
        "max_steps": 50, "optimizer": torch.optim.SGD(model.parameters(), lr=0.1),
        "train_loader": batches(), **more,
    }  # fmt: skip
    trainer = nbviz.Trainer(model, options.pop("train_loader"), **options)
    trainer.start()
    if options.get("on_nan") != "rewind":
        trainer.wait(SECONDS)
    return trainer


def is_finite(model: nn.Module) -> bool:
    return all(bool(torch.isfinite(one).all()) for one in model.parameters())


def stepped(model: nn.Module, step: Any, optimizer: torch.optim.Optimizer) -> nbviz.Trainer:
    """A trainer of 50 steps of the test's own."""
    return nbviz.Trainer(
        model, batches(), training_step=step, optimizer=[optimizer], threads=1, device="cpu",
        ring_every=10, max_steps=50,
    )  # fmt: skip


def check_rewound(trainer: nbviz.Trainer, said: str) -> None:
    assert trainer.status == "paused"
    assert trainer.engine.step == BREAKS_AT - 1
    assert is_finite(trainer.model)
    assert len(trainer.run["loss/train"]) == BREAKS_AT - 1
    lines = [line.text for line in trainer.run.lines.since(0) if line.level == "warning"]
    assert lines == [said]
    trainer.stop_and_wait()


def test_one_sample_in_one_layer_in_one_step() -> None:
    trainer = trained(by_zero)
    assert not is_finite(trainer.model)
    found = trainer.find_nonfinite()
    assert found is not None
    assert (found.step, found.operation, found.module) == (BREAKS_AT, "div", "1")
    assert (found.sample, found.batch, found.phase) == (3, 0, "forward")
    assert found.facts == ("division by 0: 1 value",)
    assert str(found) == (
        "in step 31 div in 1 was the first to give NaN or infinity: 12 of 96 values of its output "
        "(8 × 12, float32), infinite, of sample 3 in the batch (division by 0: 1 value)."
    )
    check_rewound(trainer, str(found))


def test_the_run_rewinds_by_itself_and_goes_on_once_it_is_mended() -> None:
    trainer = trained(by_zero, on_nan="rewind")
    old = trainer.run
    while trainer.status != "paused":
        assert trainer.is_active
        time.sleep(0.01)
    said = [line.text for line in trainer.run.lines.since(0) if line.level == "warning"]
    assert "div in 1 was the first" in said[0]
    assert trainer.engine.step == BREAKS_AT - 1
    assert old is not trainer.run
    assert len(old["loss/train"]) == BREAKS_AT
    breaks: Any = trainer.model[1]
    breaks.act = torch.tanh
    trainer.resume()
    trainer.wait(SECONDS)
    assert (trainer.status, trainer.engine.step) == ("finished", 50)
    assert is_finite(trainer.model)


def root_of_zero(given: torch.Tensor) -> torch.Tensor:
    zero = torch.ones(BATCH, 1)
    zero[5] = 0
    return given + (given * zero).abs().sqrt()  # at 0 its slope is infinite


def test_the_gradient_alone() -> None:
    trainer = trained(root_of_zero)
    found = trainer.find_nonfinite()
    assert found is not None
    assert (found.phase, found.operation, found.sample) == ("backward", "the gradient of sqrt", 5)
    assert found.module in ("1", "2")
    assert "division by 0" in found.facts[0]
    check_rewound(trainer, str(found))


def test_half_precision_overflows() -> None:
    def large(given: torch.Tensor) -> torch.Tensor:
        scale = torch.ones(BATCH, 1)
        scale[2] = 6e4
        return ((given.abs() + 2).half() * scale.half()).float()

    trainer = trained(large)
    found = trainer.find_nonfinite()
    assert found is not None
    assert (found.operation, found.module, found.sample) == ("mul", "1", 2)
    assert found.facts[-1] == "float16 holds at most 65,504"
    check_rewound(trainer, str(found))


def test_fp16_that_overflows_however_the_loss_is_scaled() -> None:
    torch.manual_seed(0)

    class Overflows(nn.Module):
        def forward(self, given: torch.Tensor) -> torch.Tensor:
            scale = torch.ones(BATCH, 1, dtype=given.dtype)
            if trainer.engine.step_number >= BREAKS_AT:  # in every try of it
                scale[2] = 6e4
            return (given.abs() + 2) * scale

    model = nn.Sequential(nn.Linear(6, 12), Overflows(), nn.ReLU(), nn.Linear(12, 2))
    trainer = nbviz.Trainer(
        model, batches(), loss_fn=nn.CrossEntropyLoss(), threads=1, device="cpu", ring_every=10,
        max_steps=50, optimizer=torch.optim.SGD(model.parameters(), lr=0.01), precision="fp16",
    )  # fmt: skip
    trainer.start()
    with pytest.raises(TrainingError, match=r"find_nonfinite\(\) names the operation"):
        trainer.wait(SECONDS)
    found = trainer.find_nonfinite()
    assert found is not None
    assert (found.step, found.operation, found.module) == (BREAKS_AT, "mul", "1")
    assert (found.sample, found.facts[-1]) == (2, "float16 holds at most 65,504")
    check_rewound(trainer, str(found))


def test_an_update_that_a_scaler_left_out_is_not_blamed() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 12), Breaks(by_zero), nn.ReLU(), nn.Linear(12, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def step(model: nn.Module, batch: Any) -> dict[str, Any]:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(batch[0]), batch[1])
        overflows = trainer.engine.step_number == BREAKS_AT - 4
        (loss * (float("inf") if overflows else 1.0)).backward()
        if not overflows:
            optimizer.step()
        return {"loss": loss}

    trainer = stepped(model, step, optimizer)
    trainer.start()
    trainer.wait(SECONDS)
    found = trainer.find_nonfinite()
    assert found is not None
    assert (found.step, found.operation, found.module, found.sample) == (BREAKS_AT, "div", "1", 3)
    check_rewound(trainer, str(found))


def test_gradients_that_add_up_over_steps_are_followed_to_the_step_that_spoiled_them() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 12), Breaks(root_of_zero), nn.ReLU(), nn.Linear(12, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def step(model: nn.Module, batch: Any) -> dict[str, Any]:
        loss = nn.functional.cross_entropy(model(batch[0]), batch[1])
        loss.backward()
        if trainer.engine.step_number % 4 == 0:  # not that which spoils them
            optimizer.step()
            optimizer.zero_grad()
        return {"loss": loss}

    trainer = stepped(model, step, optimizer)
    trainer.start()
    trainer.wait(SECONDS)
    found = trainer.find_nonfinite()
    assert found is not None
    assert (found.step, found.operation) == (BREAKS_AT, "the gradient of sqrt")
    check_rewound(trainer, str(found))


def test_an_infinity_that_only_spoils_the_gradient() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 12), Breaks(by_zero), nn.Tanh(), nn.Linear(12, 2))
    trainer = run(model)
    assert bool(torch.isfinite(torch.tensor(trainer.run["loss/train"].values[BREAKS_AT - 1])))
    found = trainer.find_nonfinite()  # tanh makes 1 of infinity: the loss is fine, the weights not
    assert found is not None
    assert (found.step, found.operation, found.sample) == (BREAKS_AT, "the gradient of div", 3)
    check_rewound(trainer, str(found))


def test_the_batch_itself() -> None:
    data = batches()
    data[BREAKS_AT - 1][0][6, 2] = float("nan")
    model = nn.Sequential(nn.Linear(6, 12), nn.Tanh(), nn.Linear(12, 2))
    trainer = run(model, train_loader=data)
    found = trainer.find_nonfinite()
    assert found is not None
    assert (found.phase, found.sample, found.step) == ("batch", 6, BREAKS_AT)
    assert "the batch itself is not finite" in str(found)
    check_rewound(trainer, str(found))


def test_which_batch_of_a_step_it_was() -> None:
    data = batches(150)
    data[3 * BREAKS_AT - 2][0][1, 0] = float("inf")
    trainer = run(nn.Linear(6, 2), train_loader=data, accumulate=3)
    found = trainer.find_nonfinite()
    assert found is not None
    assert (found.step, found.batch, found.sample) == (BREAKS_AT, 1, 1)
    check_rewound(trainer, str(found))


def test_log_of_0_in_the_loss() -> None:
    def loss(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        chosen = outputs.softmax(1).gather(1, targets[:, None])
        is_late = trainer.engine.step_number >= BREAKS_AT
        return -torch.log(
            chosen * (torch.arange(BATCH) != 4)[:, None] if is_late else chosen
        ).mean()

    model = nn.Linear(6, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    trainer = nbviz.Trainer(
        model, batches(), loss_fn=loss, optimizer=optimizer, max_steps=50, threads=1, device="cpu"
    )
    trainer.start()
    trainer.wait(SECONDS)
    found = trainer.find_nonfinite()
    assert found is not None
    assert (found.step, found.operation, found.module) == (BREAKS_AT, "log", "")
    assert (found.sample, found.facts) == (4, ("log of 0: 1 value",))
    check_rewound(trainer, str(found))


def test_a_weight_that_was_made_infinite_by_hand_while_the_run_stood() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 12), nn.ReLU(), nn.Linear(12, 2))
    trainer = nbviz.Trainer(
        model, batches(), loss_fn=nn.CrossEntropyLoss(), threads=1, device="cpu", max_steps=50,
        optimizer=torch.optim.SGD(model.parameters(), lr=0.1), ring_every=10,
    )  # fmt: skip
    trainer.step(BREAKS_AT - 1)
    while trainer.status != "paused":
        time.sleep(0.002)
    with torch.no_grad():
        model[2].weight[0, 3] = float("inf")
    trainer.resume()
    trainer.wait(SECONDS)
    found = trainer.find_nonfinite()
    assert found is not None
    assert (found.step, found.phase, found.module) == (BREAKS_AT, "before", "2")
    assert str(found) == (
        "before step 31 the tensor 2.weight was no longer finite: 1 of 24 values of it (2 × 12, "
        "float32), infinite (it was changed by hand, between two steps)."
    )
    check_rewound(trainer, str(found))


@pytest.mark.parametrize("options", [{}, {"foreach": False}, {"fused": True}])
def test_an_optimizer_that_divides_by_0_and_which_weight_it_was(options: Any) -> None:
    class Idle(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.used, self.idle = nn.Linear(6, 2), nn.Linear(6, 2)

        def forward(self, given: torch.Tensor) -> torch.Tensor:
            is_idle = trainers and trainers[0].engine.step_number >= BREAKS_AT
            return self.used(given) + self.idle(given) * (0 if is_idle else 1)

    torch.manual_seed(0)
    trainers: list[nbviz.Trainer] = []
    model = Idle()
    trainer = nbviz.Trainer(
        model, batches(), loss_fn=nn.CrossEntropyLoss(), threads=1, device="cpu", max_steps=50,
        optimizer=torch.optim.Adam(model.parameters(), lr=0.01, eps=0, betas=(0.0, 0.0), **options),
    )  # fmt: skip
    trainers.append(trainer)
    trainer.start()
    trainer.wait(SECONDS)
    found = trainer.find_nonfinite()
    assert found is not None
    assert (found.step, found.phase, found.sample) == (BREAKS_AT, "update", None)
    assert "12 of 12 values of idle.weight (2 × 6, float32), NaN" in found.tensor
    assert found.facts == (
        "Adam, lr 0.01", "eps is 0", "its gradient is at most 0 in size",
    )  # fmt: skip
    check_rewound(trainer, str(found))


def test_statistics_that_became_nan_in_a_step_whose_update_was_left_out() -> None:
    """What a gradient scaler does: the weights are fine, and no validation is."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 12), Breaks(by_zero), nn.BatchNorm1d(12), nn.Linear(12, 2))
    model.register_buffer("mask", torch.full((2, 2), float("-inf")))  # is meant
    model.register_buffer("missing", torch.full((2,), float("nan")))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def step(model: nn.Module, batch: Any) -> dict[str, Any]:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(batch[0]), batch[1])
        if torch.isfinite(loss):
            loss.backward()
            optimizer.step()
        return {"loss": loss.nan_to_num()}

    trainer = stepped(model, step, optimizer)
    trainer.start()
    trainer.wait(SECONDS)
    assert is_finite(model)
    found = trainer.find_nonfinite()
    assert found is not None
    assert (found.step, found.operation, found.module, found.sample) == (BREAKS_AT, "div", "1", 3)
    check_rewound(trainer, str(found))


@pytest.mark.parametrize(
    ("act", "operation", "fact", "samples"),
    [
        (lambda x: x * torch.full_like(x, float("-inf")).softmax(1), "softmax",
         "softmax of -inf alone: 8 rows", 0),
        (lambda x: x / x[:1].std(0), "std", "std of one value each", 0),
        (lambda x: x / (torch.arange(BATCH) % 3 != 0)[:, None], "div",
         "division by 0: 3 values", 3),
        (lambda x: x + nn.functional.cross_entropy(x, torch.full((BATCH,), -100)),
         "nll_loss_forward", "no target counts: each is ignore_index", 0),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:std")
def test_what_is_known_of_why(act: Any, operation: str, fact: str, samples: int) -> None:
    trainer = trained(act)
    found = trainer.find_nonfinite()
    assert found is not None
    assert (found.operation, found.facts) == (operation, (fact,))
    assert found.more_samples == max(0, samples - 1)
    assert (", of sample 0 and 2 more in the batch" in str(found)) == (samples > 0)
    check_rewound(trainer, str(found))


def test_a_recurrent_network_that_explodes() -> None:
    class Recurrent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cell = nn.Linear(6, 6)
            self.head = nn.Linear(6, 2)

        def forward(self, given: torch.Tensor) -> torch.Tensor:
            for _ in range(30):
                given = given + self.cell(given).relu()
            return self.head(given)

    torch.manual_seed(0)
    model = Recurrent()
    trainer = run(model, optimizer=torch.optim.SGD(model.parameters(), lr=1.0), ring_every=1)
    found = trainer.find_nonfinite()
    assert found is not None
    assert found.module in ("cell", "head", "")
    assert any("what it was given is at most" in fact for fact in found.facts)
    assert trainer.engine.step == found.step - 1
    assert is_finite(trainer.model)
    trainer.stop_and_wait()


class Masked(nn.Module):
    """Attention with a mask of -inf, and a division by 0 of which nothing is used."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(1, 8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.broken = Breaks(by_zero)
        self.head = nn.Linear(8, 2)

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        mask = torch.full((6, 6), float("-inf")).triu(1)
        sequence = self.embed(given[..., None])
        mixed = self.attention(sequence, sequence, sequence, attn_mask=mask)[0].mean(1)
        unused = given / torch.zeros_like(given)
        return self.head(self.broken(mixed + torch.where(unused < 0, 0.0, 0.0).sum(1)[:, None]))


def test_infinities_that_are_meant_are_not_blamed() -> None:
    torch.manual_seed(0)
    trainer = run(Masked())
    found = trainer.find_nonfinite()
    assert found is not None
    assert (found.operation, found.module, found.sample) == ("div", "broken", 3)
    check_rewound(trainer, str(found))


@pytest.mark.parametrize("seed", range(5))
def test_a_healthy_run_is_never_flagged(seed: int) -> None:
    torch.manual_seed(seed)
    model = Masked()
    model.broken.act = torch.tanh
    trainer = run(model, max_steps=40)
    run_before = trainer.run
    assert trainer.find_nonfinite() is None
    assert (trainer.run, trainer.status, trainer.engine.step) == (run_before, "finished", 40)


def test_what_does_not_break_again_is_said_and_changes_nothing() -> None:
    trainer = trained(by_zero)
    breaks: Any = trainer.model[1]
    breaks.act = torch.tanh
    run_before = trainer.run
    with pytest.raises(CheckpointError, match=r"all was finite when step 31 was made again.*as it"):
        trainer.find_nonfinite()
    assert (trainer.run, trainer.status) == (run_before, "finished")
    assert not is_finite(trainer.model)
    off = trained(by_zero, ring=False)
    with pytest.raises(CheckpointError, match="ring is off"):
        off.find_nonfinite()
    marked = trained(by_zero, ring=False, on_nan="rewind")
    marked.wait(SECONDS)
    assert marked.status == "stopped"
    assert "could not be rewound" in marked.run.lines.since(0)[-1].text


def test_in_a_run_that_was_loaded(tmp_path: Path) -> None:
    def made() -> nn.Module:
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(6, 12), Breaks(by_zero), nn.ReLU(), nn.Linear(12, 2))

    saver = run(made(), max_steps=20)
    saver.save(tmp_path / "kept.pt")
    model = made()
    trainer = nbviz.Trainer.load(
        tmp_path / "kept.pt", model, batches(), loss_fn=nn.CrossEntropyLoss(), threads=1,
        optimizer=torch.optim.SGD(model.parameters(), lr=0.1), max_steps=50, device="cpu",
    )  # fmt: skip
    trainer.start()
    trainer.wait(SECONDS)
    found = trainer.find_nonfinite()
    assert found is not None
    assert (found.step, found.operation, found.sample) == (BREAKS_AT, "div", 3)
    assert trainer.engine.step == BREAKS_AT - 1
    trainer.stop_and_wait()
