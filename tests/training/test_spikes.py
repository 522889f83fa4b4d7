"""A loss that leaps up is met as `on_spike` says, and one that merely varies is left alone."""

from __future__ import annotations

import time
from typing import Any

import pytest
import torch
from resumed_runs import SECONDS
from torch import nn

import nbviz
from nbviz.errors import ConfigurationError
from nbviz.training.spikes import STEPS, SpikeWatch

LEAPS_AT = 131


def run(**more: Any) -> nbviz.Trainer:
    torch.manual_seed(0)
    model = nn.Linear(4, 1)
    leaps = [LEAPS_AT]

    def loss(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        times = 1000.0 if trainer.engine.step_number in leaps else 1.0
        return nn.functional.mse_loss(outputs, targets) * times

    data = [(torch.randn(8, 4), torch.randn(8, 1)) for _ in range(40)]
    trainer = nbviz.Trainer(
        model, data, loss_fn=loss, threads=1, device="cpu", ring_every=10, max_steps=150,
        optimizer=torch.optim.SGD(model.parameters(), lr=1e-3), **more,
    )  # fmt: skip
    trainer.leaps = leaps  # pyright: ignore[reportAttributeAccessIssue]
    trainer.start()
    return trainer


def said(trainer: nbviz.Trainer) -> list[str]:
    return [line.text for line in trainer.run.lines.since(0) if line.level == "warning"]


def test_it_is_marked_and_by_default_it_is_not() -> None:
    quiet = run()
    quiet.wait(SECONDS)
    assert said(quiet) == []
    marked = run(on_spike="mark")
    marked.wait(SECONDS)
    assert marked.status == "finished"
    [text] = said(marked)
    assert text.startswith(f"the loss of step {LEAPS_AT} is ")
    assert "more than 10 times the median of the 100 steps before it" in text


def test_the_run_stops_is_paused_or_goes_back_to_before_it() -> None:
    stopped = run(on_spike="stop")
    stopped.wait(SECONDS)
    assert (stopped.status, stopped.engine.step) == ("stopped", LEAPS_AT)
    paused = run(on_spike="pause")
    wait_for_pause(paused)
    assert paused.engine.step == LEAPS_AT
    paused.stop_and_wait()
    rewound = run(on_spike="rewind")
    wait_for_pause(rewound)
    assert rewound.engine.step == len(rewound.run["loss/train"]) == LEAPS_AT - 1
    assert rewound.run.name.endswith("(2)")
    rewound.leaps.clear()  # pyright: ignore[reportAttributeAccessIssue]
    rewound.resume()
    rewound.wait(SECONDS)
    assert (rewound.status, rewound.engine.step, said(rewound)) == ("finished", 150, [])
    with pytest.raises(ConfigurationError, match="on_spike"):
        run(on_spike="loudly")


def wait_for_pause(trainer: nbviz.Trainer) -> None:
    while trainer.status != "paused":
        assert trainer.is_active
        time.sleep(0.01)


def test_what_is_a_spike() -> None:
    watch = SpikeWatch()

    def spikes(losses: list[float]) -> list[int]:
        return [place for place, one in enumerate(losses) if watch.take(place, one) is not None]

    assert spikes([100.0, *[1.0] * (STEPS - 1)]) == []  # too few before it
    assert spikes([9.9, 10.1, 1e9, 1.0, 50.0, float("nan"), float("inf")]) == [1, 4]
    state = watch.state_dict()
    again = SpikeWatch()
    again.load_state_dict(state)
    assert again.take(0, 30.0) is None  # still high
    assert again.take(1, torch.tensor(1.0)) is None
    assert again.take(2, torch.tensor(30.0)) is not None
    watch = SpikeWatch()
    assert spikes([-1.0] * STEPS + [5.0] + [-100.0]) == []  # a median below 0 has no 10 times
