"""What logging of media costs the caller: milliseconds a call, beside torch's SummaryWriter.

Each call is timed by itself, while nbviz's own thread makes what was logged before; "median" is the
call that one expects, "95 %" that which a slow one takes. TensorBoard's writer encodes in the call.

Run: python benchmarks/media_calls.py   (about a minute)
"""

from __future__ import annotations

import statistics
import tempfile
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from matplotlib.figure import Figure
from torch.utils.tensorboard import SummaryWriter

import nbviz

if TYPE_CHECKING:
    from collections.abc import Callable

    Call = Callable[[int], Any]

CALLS = 40
PAUSE_SECONDS = 0.02  # between calls, as a training step takes
MILLION = 1 << 20


def drawn() -> Figure:
    figure = Figure(figsize=(5, 3))
    figure.add_subplot().plot(np.sin(np.arange(200) / 20))
    return figure


def calls(run: nbviz.Run, writer: SummaryWriter) -> dict[str, tuple[Call, Call]]:
    random = np.random.default_rng(0)
    narrow = random.normal(size=MILLION).astype(np.float32)
    wide, tensor = narrow.astype(np.float64), torch.from_numpy(narrow)
    sound = np.sin(np.arange(44_100) / 20)
    text = "A **sample** of text.\n" * 40
    image = random.random((3, 256, 256))
    figure = drawn()
    return {
        "histogram of 1M, float32": (
            lambda step: run.log_histogram("float32", narrow, step),
            lambda step: writer.add_histogram("float32", narrow, step),
        ),
        "histogram of 1M, float64": (
            lambda step: run.log_histogram("float64", wide, step),
            lambda step: writer.add_histogram("float64", wide, step),
        ),
        "histogram of 1M, tensor": (
            lambda step: run.log_histogram("tensor", tensor, step),
            lambda step: writer.add_histogram("tensor", tensor, step),
        ),
        "sound of 1 s": (
            lambda step: run.log_audio("sound", sound, 44_100, step),
            lambda step: writer.add_audio("sound", sound, step, 44_100),
        ),
        "text of 900 characters": (
            lambda step: run.log_text("text", text, step),
            lambda step: writer.add_text("text", text, step),
        ),
        "image of 256 × 256": (
            lambda step: run.log_image("image", image, step),
            lambda step: writer.add_image("image", image, step),
        ),
        "figure of matplotlib": (
            lambda step: run.log_figure("figure", figure, step, close=False),
            lambda step: writer.add_figure("figure", figure, step, close=False),
        ),
    }


def measure(call: Call) -> tuple[float, float]:
    """Return the median of a call, and what 95 % of them stay below, in milliseconds."""
    taken: list[float] = []
    for step in range(1, CALLS + 1):
        started = time.perf_counter()
        call(step)
        taken.append(1000 * (time.perf_counter() - started))
        time.sleep(PAUSE_SECONDS)
    return statistics.median(taken), statistics.quantiles(taken, n=20)[-1]


def main() -> int:
    print(f"{'':26}{'nbviz':>10}{'95 %':>9}{'torch':>11}{'95 %':>9}   ms a call")
    with tempfile.TemporaryDirectory() as folder, SummaryWriter(folder) as writer:
        run = nbviz.Run("media")
        for name, (ours, theirs) in calls(run, writer).items():
            mine, other = measure(ours), measure(theirs)
            print(f"{name:26}{mine[0]:10.3f}{mine[1]:9.3f}{other[0]:11.3f}{other[1]:9.3f}")
        run.finish()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
