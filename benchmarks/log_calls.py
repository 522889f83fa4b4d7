"""What logging costs: microseconds a call, and how much training speed is kept.

Every tool in a process of its own. "Kept" is steps/s with the tool over steps/s of the same loop
without, in turns in the same process; "nbviz, watched" has a reader beside it that takes what is
new 30 times a second, as a dashboard does. The last rows are a real dashboard in a real kernel.

"Longest" is the longest call in the tiny MLP's loop and "GC" what Python's garbage collector did
there: collections of the youngest generation and of all, with the longest one of each. The loop
without a tool is the row "nothing".

Not called `logging.py`: Python would import it in place of its own module.

Run: python benchmarks/log_calls.py   (about eleven minutes)
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable

    Log = Callable[[int, dict[str, float]], Any]

CALLS = 20_000
SECONDS = 3.0  # the most for one series of calls
ROUNDS = 10
ROUND_SECONDS = 0.3
STALL_SECONDS = 20.0  # full collections are that rare


def nothing(_: str) -> Log:
    return lambda _step, _values: None


def deque_append(_: str) -> Log:
    records: deque[Any] = deque()
    return lambda step, values: records.append((step, values.copy()))


def nbviz_run(_: str) -> Log:
    from nbviz import Run

    run = Run()
    return lambda step, values: run.log(values, step)


def nbviz_watched(_: str) -> Log:
    from nbviz import Run

    run = Run()

    def read() -> None:
        seen: dict[str, int] = {}
        while True:
            time.sleep(1 / 30)
            run.drain()
            for tag in run.tags:
                series = run.series(tag)
                start, seen[tag] = seen.get(tag, 0), len(series)
                series.slice(start, len(series))

    threading.Thread(target=read, daemon=True).start()
    return lambda step, values: run.log(values, step)


def summary_writer(directory: str) -> Log:
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(directory)

    def log(step: int, values: dict[str, float]) -> None:
        for tag, value in values.items():
            writer.add_scalar(tag, value, step)

    return log


def tensorboardx(directory: str) -> Log:
    from tensorboardX import SummaryWriter

    writer = SummaryWriter(directory)

    def log(step: int, values: dict[str, float]) -> None:
        for tag, value in values.items():
            writer.add_scalar(tag, value, step)

    return log


def livelossplot(_: str) -> Log:
    from livelossplot import PlotLosses

    plot = PlotLosses(outputs=[])
    return lambda step, values: plot.update(values, current_step=step)


def hiddenlayer(_: str) -> Log:
    import hiddenlayer

    history = hiddenlayer.History()
    return lambda step, values: history.log(step, **values)


def wandb_offline(directory: str) -> Log:
    os.environ["WANDB_SILENT"] = "true"
    import wandb

    run = wandb.init(project="nbviz", mode="offline", dir=directory)
    return lambda step, values: run.log(values, step=step)


TOOLS = {
    "nothing": nothing,
    "deque.append, never read": deque_append,
    "nbviz": nbviz_run,
    "nbviz, watched": nbviz_watched,
    "torch SummaryWriter": summary_writer,
    "tensorboardX": tensorboardx,
    "livelossplot, no drawing": livelossplot,
    "hiddenlayer History": hiddenlayer,
    "W&B offline": wandb_offline,
}
# In a kernel, with a dashboard: see `_live_cost.py`.
LIVE = ("nbviz, live, no screen", "nbviz, live in JupyterLab")


def calls(log: Log, scalars: int, first_step: int) -> dict[str, float]:
    """Time log calls one after another with a little work in between."""
    values = {f"tag{number}": 0.5 for number in range(scalars)}
    clock, times = time.perf_counter_ns, []
    deadline = time.perf_counter() + SECONDS
    started_cpu, ended = time.process_time(), 0
    for step in range(first_step, first_step + CALLS):
        before = clock()
        log(step, values)
        times.append(clock() - before)
        ended = step
        if time.perf_counter() > deadline:
            break
        for _ in range(200):  # a loop that only logs is no training
            pass
    times.sort()
    count = len(times)
    return {
        "median": times[count // 2] / 1e3,
        "p99": times[int(count * 0.99)] / 1e3,
        "mean": sum(times) / count / 1e3,
        "cpu": (time.process_time() - started_cpu) / count / scalars * 1e6,
        "last": float(ended),
    }


def networks() -> dict[str, Any]:
    import torch
    from torch import nn

    torch.set_num_threads(1)
    torch.manual_seed(0)

    def stepper(model: Any, inputs: Any, classes: int) -> Callable[[], tuple[float, float]]:
        targets = torch.randint(0, classes, (len(inputs),))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        loss_of = nn.CrossEntropyLoss()

        def step() -> tuple[float, float]:
            outputs = model(inputs)
            loss = loss_of(outputs, targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return loss.item(), (outputs.argmax(1) == targets).float().mean().item()

        return step

    tiny = nn.Sequential(nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 4))
    cnn = nn.Sequential(
        nn.Conv2d(1, 16, 3), nn.ReLU(), nn.Conv2d(16, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32 * 12 * 12, 10),
    )  # fmt: skip
    return {
        "mlp": stepper(tiny, torch.randn(16, 16), 4),
        "cnn": stepper(cnn, torch.randn(32, 1, 28, 28), 10),
    }


def kept(log: Log, step_once: Callable[[], tuple[float, float]], step: int) -> tuple[float, float]:
    """Steps/s without, and the share of them kept with, the tool; as `kept_by`."""

    def train(_: int) -> None:
        _loss, _accuracy = step_once()

    def train_and_log(step: int) -> None:
        loss, accuracy = step_once()
        log(step, {"loss": loss, "accuracy": accuracy})

    return kept_by(train, train_and_log, step, ROUNDS)


def kept_by(
    train: Callable[[int], None],
    train_and_log: Callable[[int], None],
    step: int,
    rounds: int,
) -> tuple[float, float]:
    """Steps/s without, and the share of them kept with, a tool: median of rounds in turns.

    Args:
        train: Makes one step.
        train_and_log: Makes one step, and logs it.
        step: The first one's number.
        rounds: Of each kind.
    """
    rates: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(20):
        train(step)
    ratios = []
    for number in range(rounds):
        # Which one goes first takes turns, so that a drift of the machine weighs on both.
        for with_tool in (False, True) if number % 2 else (True, False):
            make = train_and_log if with_tool else train
            done, began = 0, time.perf_counter()
            while time.perf_counter() - began < ROUND_SECONDS:
                make(step)
                step += 1
                done += 1
            rates[with_tool].append(done / (time.perf_counter() - began))
        ratios.append(rates[True][-1] / rates[False][-1])
    ratios.sort()
    return sorted(rates[False])[rounds // 2], ratios[rounds // 2]


class Collections:
    """What the garbage collector does while the block runs: how often and how long."""

    def __init__(self) -> None:
        self.count = {0: 0, 1: 0, 2: 0}
        self.longest = {0: 0.0, 1: 0.0, 2: 0.0}
        self._began = 0.0

    def __enter__(self) -> Self:
        gc.collect()
        gc.callbacks.append(self._see)
        return self

    def __exit__(self, *_: object) -> None:
        gc.callbacks.remove(self._see)

    def _see(self, phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            self._began = time.perf_counter()
            return
        generation = info["generation"]
        self.count[generation] += 1
        seconds = time.perf_counter() - self._began
        self.longest[generation] = max(self.longest[generation], seconds)


def stalls(log: Log, step_once: Callable[[], tuple[float, float]], step: int) -> dict[str, Any]:
    """Train and log for a while: the longest call, and the garbage collector's work."""
    longest, until = 0.0, time.perf_counter() + STALL_SECONDS
    with Collections() as collections:
        while time.perf_counter() < until:
            loss, accuracy = step_once()
            began = time.perf_counter()
            log(step, {"loss": loss, "accuracy": accuracy})
            longest = max(longest, time.perf_counter() - began)
            step += 1
    return {
        "longest": longest * 1e3,
        "young": (collections.count[0], collections.longest[0] * 1e3),
        "full": (collections.count[2], collections.longest[2] * 1e3),
    }


def measure(name: str) -> None:
    """Measure one tool in this process, and print JSON."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        try:
            with contextlib.redirect_stdout(sys.stderr):
                log = TOOLS[name](directory)
        except ImportError as error:
            print(json.dumps({"missing": error.name or str(error)}))
            return
        one = calls(log, 1, 0)
        ten = calls(log, 10, int(one["last"]) + 1)
        steps = networks()
        result = {"one": one, "ten": ten}
        for number, network in enumerate(("mlp", "cnn"), 1):
            result[network] = kept(log, steps[network], number * 10_000_000)
        result["stalls"] = stalls(log, steps["mlp"], 30_000_000)
        print(json.dumps(result), flush=True)
        # Writers that join their threads or upload at exit are not part of this.
        os._exit(0)


def measured_apart(script: str, name: str, width: int) -> dict[str, Any] | None:
    """Have a script measure one tool in a process of its own; return what it prints last, as JSON.

    None where there is nothing, which is said in a line whose first column is `width` wide.
    """
    result = subprocess.run(
        [sys.executable, script, name], capture_output=True, check=False, text=True, timeout=300
    )
    lines = result.stdout.strip().splitlines()
    if result.returncode or not lines:
        reason = (result.stderr.strip().splitlines() or ["no output"])[-1]
        print(f"{name:<{width}}failed: {reason[:80]}")
        return None
    found = json.loads(lines[-1])
    if "missing" in found:
        print(f"{name:<{width}}not installed ({found['missing']})")
        return None
    return found


def main() -> int:
    if len(sys.argv) > 1:
        measure(sys.argv[1])
        return 0
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, 1 torch thread\n")
    print(
        f"{'':<26}{'1 scalar, µs a call':^28}{'10 scalars':^12}{'CPU, all':^10}{'speed kept':^16}"
        f"{'longest':>10}{'GC, youngest':^20}{'GC, full':^16}"
    )
    print(
        f"{'':<26}{'median':>8}{'p99':>9}{'mean':>9}{'median':>12}{'threads*':>11}"
        f"{'tiny MLP':>10}{'CNN':>8}{'ms':>10}{'times':>11}{'ms':>9}{'times':>8}{'ms':>8}"
    )
    for name in TOOLS:
        found = measured_apart(__file__, name, 26)
        if found is None:
            continue
        one, ten, stall = found["one"], found["ten"], found["stalls"]
        print(
            f"{name:<26}{one['median']:>8.2f}{one['p99']:>9.2f}{one['mean']:>9.2f}"
            f"{ten['median']:>12.2f}{ten['cpu']:>11.2f}{found['mlp'][1]:>10.3f}{found['cnn'][1]:>8.3f}"
            f"{stall['longest']:>10.2f}{stall['young'][0]:>11,}{stall['young'][1]:>9.2f}"
            f"{stall['full'][0]:>8,}{stall['full'][1]:>8.1f}",
            flush=True,
        )
        if name == "nothing":
            rates = f"{found['mlp'][0]:,.0f} and {found['cnn'][0]:,.0f} steps/s"
    for name in LIVE:
        result = subprocess.run(
            [sys.executable, str(Path(__file__).with_name("_live_cost.py")), name],
            capture_output=True, check=False, text=True, timeout=300,
        )  # fmt: skip
        if result.returncode:
            print(f"{name:<26}failed: {result.stderr.strip()[-300:]}")
            continue
        found = json.loads(result.stdout.strip().splitlines()[-1])
        print(f"{name:<66}{found['mlp'][1]:>10.3f}{found['cnn'][1]:>8.3f}", flush=True)
    print(f"\nWithout a tool {rates}; loss and accuracy are logged at each step.")
    print("* µs a scalar at ten a call, the benchmark's own loop included (see: nothing)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
