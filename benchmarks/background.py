"""Training on a background thread of a real kernel: its speed, and how soon a page is answered.

The first table trains one model on the kernel's main thread and on a BackgroundRun, in turns, with
torch's default number of threads, and once more with the number that a run chooses by itself. The
second asks the kernel to evaluate something, as a page's request does, while a loop heavy in pure
Python trains in the background, with the interpreter's own switch interval and with the one that a
run sets. Run it on an idle machine:

    python benchmarks/background.py
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from typing import Any

import numpy as np
import torch
from jupyter_client.manager import start_new_kernel

PREPARE = """
import contextlib, json, sys, threading, time
import torch
from torch import nn
from nbviz.training import background
from nbviz.training.background import BackgroundRun
from nbviz.training.engine import Engine
from nbviz.training.options import TrainingOptions

def mlp():
    model = nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 10))
    return model, (torch.randn(32, 32), torch.randint(10, (32,)))

def cnn():
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3), nn.ReLU(),
        nn.Flatten(), nn.LazyLinear(10))
    batch = torch.randn(64, 1, 28, 28), torch.randint(10, (64,))
    model(batch[0])
    return model, batch

def make_engine(build, seconds, threads, work=0):
    torch.manual_seed(0)
    model, batch = build()
    loss_fn = nn.CrossEntropyLoss()
    def loss_after_python(outputs, targets):
        total = 0
        for number in range(work):
            total += number * number % 7
        return loss_fn(outputs, targets)
    class Batches:
        def __iter__(self):
            while True:
                yield batch
    times = []
    def keep(event):
        now = time.perf_counter()
        if type(event).__name__ == "StepEnded":
            times.append(now)
            if now - times[0] > seconds:
                made.control.stop()
    options = TrainingOptions(
        model, Batches(), loss_fn=loss_after_python, threads=threads, device="cpu",
        optimizer=torch.optim.SGD(model.parameters(), lr=0.01))
    made = Engine(options, observers=(keep,))
    return made, times

def rate(times):
    # The first third holds the warm-up and the trial of thread numbers.
    later = times[len(times) // 3:]
    return (len(later) - 1) / (later[-1] - later[0])

def train(build, where, threads, seconds):
    made, times = make_engine(build, seconds, threads)
    if where == "main":
        made.run()
    else:
        run = BackgroundRun(made.run, name="benchmark")
        run.start()
        run.wait()
    print(json.dumps(rate(times)))

def train_python(interval):
    global busy, engine
    engine, _ = make_engine(mlp, 1e9, 1, work=20_000)
    background.SWITCH_SECONDS = interval
    busy = BackgroundRun(engine.run, name="python")
    busy.start()
"""


class Kernel:
    """A real ipykernel, asked as a page asks it."""

    def __init__(self) -> None:
        self.manager, self.client = start_new_kernel(kernel_name="python3")

    def run(self, code: str) -> str:
        printed: list[str] = []

        def keep(message: dict[str, Any]) -> None:
            if message["msg_type"] == "stream":
                printed.append(message["content"]["text"])

        reply = self.client.execute_interactive(code, output_hook=keep, timeout=120)
        if reply["content"]["status"] != "ok":
            raise RuntimeError("\n".join(reply["content"]["traceback"]))
        return "".join(printed)

    def ask(self) -> float:
        """Return the seconds from a request to its answer."""
        started = time.perf_counter()
        request = self.client.execute("engine.step", silent=True)
        while self.client.get_shell_msg(timeout=60)["parent_header"]["msg_id"] != request:
            pass
        return time.perf_counter() - started

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def compare_speed(kernel: Kernel, seconds: float, rounds: int) -> None:
    print(f"{'model':6} {'main thread':>14} {'background':>14} {'kept':>7} {'chosen threads':>16}")
    for model in ("mlp", "cnn"):
        rates: dict[tuple[str, str], list[float]] = {}
        for _ in range(rounds):
            # In turns, so that what else the machine does meets all of them.
            for where, threads in (("main", "None"), ("background", "None"), ("auto", "'auto'")):
                count = "torch.get_num_threads()" if threads == "None" else threads
                place = "main" if where == "main" else "background"
                printed = kernel.run(f"train({model}, {place!r}, {count}, {seconds})")
                rates.setdefault((model, where), []).append(json.loads(printed))
        main, back, auto = (
            statistics.median(rates[model, where]) for where in ("main", "background", "auto")
        )
        print(
            f"{model:6} {main:10,.0f}/s   {back:10,.0f}/s   {back / main:6.2f} "
            f"{auto:8,.0f}/s {auto / main:6.2f}"
        )


def compare_answers(kernel: Kernel, count: int) -> None:
    print(f"\n{'switch interval':16} {'p50 ms':>8} {'p95 ms':>8} {'p99 ms':>8} {'steps/s':>9}")
    for interval in (0.005, 0.001):
        kernel.run(f"train_python({interval})")
        kernel.run("time.sleep(1)")
        first, started = int(kernel.run("print(engine.step)")), time.perf_counter()
        answers: list[float] = []
        for _ in range(count):
            time.sleep(0.02)
            answers.append(1000 * kernel.ask())
        last, ended = int(kernel.run("print(engine.step)")), time.perf_counter()
        kernel.run("engine.control.stop(); busy.wait()")
        p50, p95, p99 = np.percentile(answers, [50, 95, 99])
        steps = (last - first) / (ended - started)
        print(f"{1000 * interval:13g} ms {p50:8.1f} {p95:8.1f} {p99:8.1f} {steps:9,.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="of training each time")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=200)
    options = parser.parse_args()
    print(
        f"{platform.machine()}, {torch.get_num_threads()} torch threads by default, "
        f"Python {platform.python_version()}, torch {torch.__version__}\n"
    )
    kernel = Kernel()
    try:
        kernel.run(PREPARE)
        compare_speed(kernel, options.seconds, options.rounds)
        compare_answers(kernel, options.requests)
    finally:
        kernel.close()


if __name__ == "__main__":
    main()
