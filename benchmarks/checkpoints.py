"""What keeping a run's state costs, beside `torch.save` and DCP's `async_save` of the same state.

Run: python benchmarks/checkpoints.py          (about eight minutes)
     python benchmarks/checkpoints.py --cost   (what the ring costs alone, about five)

For three models with Adam, after a few steps: a capture into fresh memory and into memory that is
used again, which the training waits for; writing it as a checkpoint and reading it back, which it
does not wait for; `copy.deepcopy` of the state dicts and `torch.save` of them, as in a loop of
one's own, and `torch.distributed.checkpoint.async_save` of them: until it returns, which a loop
waits for, and until it is written. Then steps a second with `checkpoint_every` as given, beside
none, in turns; and with states kept in memory (`ring`, the default) beside none, and in `dir`, too,
beside in memory alone, what they take, and how long it takes to go back; and how many steps a run
and its fork make, in turns, of those that the run makes alone.

What the ring costs is measured by the processor time of the training thread, which other processes
do not add to: with and without the ring, in turns, the difference of each pair in % with the 95 %
confidence interval of their mean; then of one longer run how many states were copied, their bytes,
and the share of the thread's time that copying took, which has to be at most 1 %. Last,
how long `find_nonfinite` takes to name a NaN that one sample makes in one layer of a CNN in step
1,234 of 2,000, and how many of 50 healthy runs it flags: none may be.
"""

from __future__ import annotations

import copy
import math
import statistics
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import torch.distributed.checkpoint as dcp
from torch import nn

import nbviz
from nbviz.training.checkpoints.files import read_checkpoint, write_checkpoint
from nbviz.training.checkpoints.ring import default_budget
from nbviz.training.checkpoints.ring_files import MOST_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

REPEATS = 5
ROUNDS = 3
WARM_UP = 3  # steps before anything is measured: Adam makes its state in the first


def mlp() -> tuple[nn.Module, torch.Tensor]:
    return nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 10)), torch.randn(64, 32)


def cnn() -> tuple[nn.Module, torch.Tensor]:
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3),
        nn.ReLU(), nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(512, 10),
    )  # fmt: skip
    return model, torch.randn(64, 1, 28, 28)


def resnet50() -> tuple[nn.Module, torch.Tensor]:
    from torchvision.models import resnet50 as make

    return make(num_classes=10), torch.randn(2, 3, 64, 64)


def make(model: nn.Module, inputs: torch.Tensor, **options: Any) -> nbviz.Trainer:
    batches = [(inputs, torch.randint(10, (len(inputs),))) for _ in range(50)]
    return nbviz.Trainer(
        model, batches, loss_fn=nn.CrossEntropyLoss(), threads=1, device="cpu",
        optimizer=torch.optim.Adam(model.parameters(), lr=1e-4), **options,
    )  # fmt: skip


def milliseconds(act: Callable[[], object]) -> float:
    """Return the median of a few calls."""
    took: list[float] = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        act()
        took.append(1000 * (time.perf_counter() - started))
    return statistics.median(took)


def measure(trainer: nbviz.Trainer, folder: Path) -> dict[str, float]:
    engine = trainer.engine
    path = folder / "kept.pt"
    kept = engine.capture()
    found = {"MB": kept.nbytes / 1e6, "capture, fresh memory": milliseconds(engine.capture)}

    def capture_again() -> None:
        nonlocal kept
        kept = engine.capture(kept)

    found["capture, kept memory"] = milliseconds(capture_again)
    found["write a checkpoint"] = milliseconds(lambda: write_checkpoint(path, kept))
    found["read it"] = milliseconds(lambda: read_checkpoint(path))
    found["restore it"] = milliseconds(lambda: engine.restore(kept.parts))
    states = [trainer.model.state_dict(), trainer.optimizer.state_dict()]
    found["copy.deepcopy"] = milliseconds(lambda: copy.deepcopy(states))
    found["torch.save"] = milliseconds(lambda: torch.save(states, path))
    saving: list[Any] = []
    # That there is one process, and a state there before.
    warnings.filterwarnings("ignore", module=r"torch\.distributed")

    def save_behind() -> None:
        parts = {"model": states[0], "optimizer": states[1]}
        saving.append(dcp.async_save(parts, checkpoint_id=folder / "dcp", no_dist=True))

    def save_and_wait() -> None:
        save_behind()
        saving.pop().result()

    found["DCP async_save, written"] = milliseconds(save_and_wait)
    returned: list[float] = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        save_behind()
        returned.append(1000 * (time.perf_counter() - started))
        saving.pop().result()
    found["DCP async_save, until it returns"] = statistics.median(returned)
    return found


def steps_per_second(
    name: str, every: int | None, steps: int, *, ring: bool = False, disk: int | None = None
) -> float:
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        options: dict[str, Any] = (
            {} if every is None else {"dir": folder, "checkpoint_every": every}
        )
        if disk is not None:
            options |= {"dir": folder, "ring_disk": disk}
        trainer = make(*MODELS[name](), max_steps=steps, ring=ring, **options)
        started = time.perf_counter()
        trainer.start()
        trainer.wait()
        return steps / (time.perf_counter() - started)


def measure_ring(name: str, steps: int) -> None:
    kept: list[float] = []
    for _ in range(ROUNDS):
        without = steps_per_second(name, None, steps)
        kept.append(steps_per_second(name, None, steps, ring=True) / without)
    print(f"  with the ring: {statistics.median(kept):.1%} of those without")
    kept = []
    for _ in range(ROUNDS):
        without = steps_per_second(name, None, steps, ring=True, disk=0)
        kept.append(steps_per_second(name, None, steps, ring=True, disk=MOST_BYTES) / without)
    print(f"  with the ring in dir, too: {statistics.median(kept):.1%} of those in memory alone")
    torch.manual_seed(0)
    trainer = make(*MODELS[name](), max_steps=steps)
    trainer.start()
    trainer.wait()
    ring, wanted = trainer.ring, steps * 3 // 4
    budget = default_budget()
    print(
        f"  {len(ring.steps)} states, {ring.nbytes / 1e6:.1f} MB of at most {budget / 1e6:,.0f} MB"
    )
    nearest = ring.before(wanted).step
    started = time.perf_counter()
    trainer.rewind(wanted)
    took = time.perf_counter() - started
    print(f"  back to step {wanted:,}, from the state after {nearest:,}: {1000 * took:,.0f} ms")
    trainer.stop_and_wait()


class ThreadTime:
    """A callback that measures the processor time of the training thread, from a step on.

    Args:
        first: The step after which it begins.
        seconds: When the run is stopped, by the clock; None for its last step.
    """

    def __init__(self, first: int, seconds: float | None = None) -> None:
        self.spent = 0.0
        self.steps = 0
        self._first = first
        self._seconds = seconds
        self._began = self._until = 0.0

    def on_step(self, trainer: nbviz.Trainer, event: Any) -> None:
        if event.step == self._first:
            self._began = time.thread_time()
            self._until = time.monotonic() + (self._seconds or math.inf)
        if event.step < self._first:
            return
        self.spent, self.steps = time.thread_time() - self._began, event.step - self._first
        if time.monotonic() >= self._until:
            trainer.stop()


def thread_seconds(name: str, steps: int, *, ring: bool) -> float:
    """Return what a step takes of the training thread's processor time, in seconds."""
    torch.manual_seed(0)
    meter = ThreadTime(WARM_UP)
    trainer = make(*MODELS[name](), max_steps=WARM_UP + steps, ring=ring, callbacks=[meter])
    trainer.start()
    trainer.wait()
    return meter.spent / meter.steps


def measure_pairs(name: str, steps: int) -> None:
    differences: list[float] = []
    for number in range(PAIRS):
        order = (False, True) if number % 2 else (True, False)
        took = {ring: thread_seconds(name, steps, ring=ring) for ring in order}
        differences.append(took[True] / took[False] - 1)
    mean, deviation = statistics.mean(differences), statistics.stdev(differences)
    half = STUDENT * deviation / math.sqrt(PAIRS)
    print(
        f"  {name}: {100 * mean:+.2f} % ± {100 * half:.2f} % of the thread's time "
        f"({PAIRS} pairs of {steps:,} steps)"
    )


def measure_copies(name: str, seconds: float) -> None:
    torch.manual_seed(0)
    meter = ThreadTime(WARM_UP, seconds)
    trainer = make(*MODELS[name](), max_steps=10**9, callbacks=[meter])
    capture = trainer.engine.capture
    copies: list[tuple[float, int]] = []

    def counted(kept: Any = None) -> Any:
        began = time.thread_time()
        made = capture(kept)
        copies.append((time.thread_time() - began, made.nbytes))
        return made

    setattr(trainer.engine, "capture", counted)  # noqa: B010  as the ring calls it
    trainer.start()
    trainer.wait()
    first, *others = copies  # of before the first step, which `reset` needs, too
    spent = sum(took for took, _ in others)
    share = spent / meter.spent
    print(
        f"  {name}: {len(others)} states of {first[1] / 1e6:,.2f} MB in {meter.steps:,} steps, "
        f"{sum(nbytes for _, nbytes in others) / 1e6:,.1f} MB copied in {1000 * spent:,.1f} ms of "
        f"{meter.spent:,.1f} s: {100 * share:.3f} %; the first, once, {1000 * first[0]:,.1f} ms"
    )
    assert share <= MOST_SHARE, f"copying took {share:.2%} of the training thread's time"


def measure_cost() -> None:
    print("\nwhat the ring costs, in processor time of the training thread")
    for name, (steps, _) in COSTS.items():
        measure_pairs(name, steps)
    for name, (_, seconds) in COSTS.items():
        measure_copies(name, seconds)


def measure_turns(name: str, steps: int) -> None:
    """Say what turns cost: steps of a run and its fork together, beside those of the run alone."""
    shares: list[float] = []
    for _ in range(ROUNDS):
        torch.manual_seed(0)
        trainer = make(*MODELS[name](), max_steps=steps // 2)
        took: list[float] = []
        for racing in (False, True):
            both = [trainer, trainer.fork()] if racing else [trainer]
            started = time.perf_counter()
            for one in both:
                one.start()
            for one in both:
                one.wait()
            took.append((time.perf_counter() - started) / len(both))
        shares.append(took[0] / took[1])
    print(f"  a run and its fork in turns: {statistics.median(shares):.1%} of its steps alone")


class Breaks(nn.Module):
    """Divides by 0 for one sample in one step."""

    calls: torch.Tensor

    def __init__(self, at: int) -> None:
        super().__init__()
        self.at = at
        self.register_buffer("calls", torch.zeros((), dtype=torch.int64))

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        if int(self.calls) != self.at:
            return given
        scale = torch.ones(len(given), 1, 1, 1)
        scale[SAMPLE] = 0
        return given / scale


def breaking(seed: int, at: int, steps: int) -> nbviz.Trainer:
    torch.manual_seed(seed)
    model, inputs = cnn()
    layers = list(model.children())
    trainer = make(
        nn.Sequential(*layers[:4], Breaks(at), *layers[4:]), inputs[:16], max_steps=steps
    )
    trainer.start()
    trainer.wait()
    return trainer


def measure_search() -> None:
    trainer = breaking(0, BROKEN, 2000)
    started = time.perf_counter()
    found = trainer.find_nonfinite()
    took = time.perf_counter() - started
    trainer.stop_and_wait()
    assert found is not None
    assert (found.step, found.operation, found.module) == (BROKEN, "div", "4"), found
    assert found.sample == SAMPLE, found
    print(f"\na NaN in step {BROKEN:,} of 2,000 found in {took:.2f} s: {found}")
    flagged = [seed for seed in range(50) if breaking(seed, 0, 60).find_nonfinite() is not None]
    assert not flagged, f"healthy runs flagged, by their seeds: {flagged}"
    print("healthy runs flagged: 0 of 50")


BROKEN, SAMPLE = 1234, 3
MODELS = {"tiny MLP": mlp, "CNN": cnn, "ResNet-50": resnet50}
PAIRS = 10
STUDENT = 2.262  # of Student's t with 9 degrees of freedom, for 95 %
MOST_SHARE = 0.01
COSTS = {"tiny MLP": (4000, 10.0), "CNN": (200, 10.0), "ResNet-50": (8, 120.0)}  # steps, seconds
STEPS = {"tiny MLP": (8000, 1000), "CNN": (400, 100), "ResNet-50": (30, 10)}  # in all, and every


def main() -> None:
    torch.set_num_threads(1)
    if "--cost" in sys.argv[1:]:
        measure_cost()
        return
    print("ms, but for MB; the median of", REPEATS)
    for name, model in MODELS.items():
        torch.manual_seed(0)
        trainer = make(*model(), max_steps=WARM_UP)
        trainer.start()
        trainer.wait()
        with tempfile.TemporaryDirectory() as folder:
            found = measure(trainer, Path(folder))
        print(f"\n{name}")
        for what, value in found.items():
            print(f"  {what:<24}{value:>10.2f}")
        steps, every = STEPS[name]
        kept: list[float] = []
        for _ in range(ROUNDS):
            without = steps_per_second(name, None, steps)
            kept.append(steps_per_second(name, every, steps) / without)
        share = statistics.median(kept)
        print(f"  steps a second with checkpoint_every={every:,}: {share:.1%} of those without")
        measure_ring(name, steps)
        measure_turns(name, steps)
    measure_cost()
    measure_search()


if __name__ == "__main__":
    main()
