"""10 million points of one tag: what they cost to log, to append, to keep and to look at.

Run: python benchmarks/recording.py   (about two minutes)
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import threading
import time

import numpy as np
import psutil

from nbviz import Run
from nbviz.recording.scalars.series import Series

POINTS = 10_000_000
LIMITS = {"resident": 100.0, "query": 1.0}


def megabytes() -> float:
    return psutil.Process().memory_info().rss / 1e6


def fill(block: int) -> tuple[Series, float, float]:
    """Append all points, and return the series, ns a point and MB of resident memory."""
    random = np.random.default_rng(0)
    gaps = random.exponential(2.5e-4, block)  # about 4,000 steps/s
    values = random.standard_normal(block)
    series = Series("loss/train")
    before, spent, wall = megabytes(), 0.0, 0.0
    for start in range(0, POINTS, block):
        steps = np.arange(start + 1, start + 1 + block)
        walls = wall + np.cumsum(gaps)
        wall = walls[-1]
        began = time.perf_counter()
        series.extend(steps, walls, values)
        spent += time.perf_counter() - began
    return series, spent / len(series) * 1e9, megabytes() - before


def log_all() -> tuple[float, float, float]:
    """Log all points through `Run.log`, in a process of its own.

    Returns:
        ns a point, resident MB once all are stored, and the most MB on the way there.
    """
    program = f"""
import time, psutil, nbviz
run = nbviz.Run()
for step in range(1000): run.log({{"loss/train": float(step)}}, step)
run.drain()
rss = lambda: psutil.Process().memory_info().rss / 1e6
before = most = rss()
began = time.perf_counter()
for step in range(1000, {POINTS} + 1000):
    run.log({{"loss/train": step * 0.5}}, step)
    if not step % 50_000: most = max(most, rss())
spent = time.perf_counter() - began
series = run["loss/train"]
assert len(series) == {POINTS} + 1000 and series.values[-1] == ({POINTS} + 999) * 0.5
print(spent / {POINTS} * 1e9, rss() - before, max(most, rss()) - before)
"""
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True, timeout=300
    )
    cost, resident, most = map(float, result.stdout.split())
    return cost, resident, most


def query_ms(series: Series, first: int | None, last: int | None) -> tuple[int, float, float]:
    """Return points in the range, and median and 95th percentile of the milliseconds a query."""
    times = []
    for _ in range(200):
        began = time.perf_counter()
        sample = series.sample(first, last, 2000)
        times.append((time.perf_counter() - began) * 1e3)
    return int(sample.count.sum()), float(np.median(times)), float(np.percentile(times, 95))


def reshape_ms(values: np.ndarray) -> float:
    """What numpy alone takes for the minimum and maximum of all points in 2,000 buckets."""
    times = []
    for _ in range(5):
        began = time.perf_counter()
        table = values.reshape(2000, -1)
        table.min(axis=1), table.max(axis=1)
        times.append((time.perf_counter() - began) * 1e3)
    return float(np.median(times))


def measure_memory_of(kind: str) -> str:
    """Resident MB of 10 million points kept another way, in a process of its own."""
    code = {
        "list of (step, value)": "kept = [(i, float(i)) for i in range(N)]",
        "list of floats": "kept = [float(i) for i in range(N)]",
        "hiddenlayer History, at 1/10": (
            "import hiddenlayer\nbefore = rss()\nkept = hiddenlayer.History()\n"
            "for i in range(N // 10): kept.log(i, loss=float(i))"
        ),
    }[kind]
    program = (
        "import psutil\nN = 10_000_000\n"
        "rss = lambda: psutil.Process().memory_info().rss / 1e6\nbefore = rss()\n"
        f"{code}\nprint(rss() - before)"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=False, text=True, timeout=120
    )
    if result.returncode:
        return "not installed" if "ModuleNotFound" in result.stderr else "failed"
    megabyte = float(result.stdout.split()[-1])
    return f"{megabyte * (10 if '1/10' in kind else 1):,.0f} MB"


def spill() -> tuple[float, float, float]:
    """10 million points within 32 MB: MB in memory, ms a query of all, ms of the oldest."""
    run = Run(memory_budget=32_000_000)
    steps = np.arange(POINTS)
    for start in range(0, POINTS, 16_384):
        part = steps[start : start + 16_384]
        run._store.extend("loss", part, part * 1e-3, part.astype(float))
    series = run.series("loss")
    assert series.values[12345] == 12345
    return series.nbytes / 1e6, query_ms(series, None, None)[1], query_ms(series, 1000, 90_000)[1]


def eight_threads() -> tuple[float, int]:
    """8 × 1 million values logged at once: seconds, and how many of them are there."""
    run = Run()

    def log(number: int) -> None:
        tag = f"t{number}"
        for step in range(1_000_000):
            run.log({tag: float(step)}, step)

    threads = [threading.Thread(target=log, args=(number,)) for number in range(8)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = np.arange(1_000_000)
    right = sum(int((run[f"t{n}"].values == expected).sum()) for n in range(8))
    return time.perf_counter() - began, right


def main() -> int:
    print(f"Python {platform.python_version()}, numpy {np.__version__}, {os.cpu_count()} cores\n")
    # The first one is measured in fresh memory.
    series, cost, resident = fill(1024)
    print(f"append in blocks of  1,024: {cost:6.1f} ns a point")
    for block in (64, 16_384):
        print(f"append in blocks of {block:>6,}: {fill(block)[1]:6.1f} ns a point")
    print(f"\nseries alone: {resident:.0f} MB resident; {series.nbytes / 1e6:.0f} MB of arrays")
    cost, resident, most = log_all()
    print(
        f"through run.log: {cost:.0f} ns a point, {resident:.0f} MB resident (limit 100), "
        f"at most {most:.0f} MB on the way"
    )
    for kind in ("list of (step, value)", "list of floats", "hiddenlayer History, at 1/10"):
        print(f"  {kind}: {measure_memory_of(kind)}")
    print("\nany range to 2,000 points        points     median ms   p95 ms   (limit 1)")
    slowest = 0.0
    for name, first, last in (
        ("all", None, None),
        ("half", 1, POINTS // 2),
        ("a tenth", 777, 777 + POINTS // 10),
        ("a hundredth", 5_000_100, 5_000_100 + POINTS // 100),
        ("the longest without the pyramid", 5_000_001, 5_063_990),
        ("a thousandth", 123, 123 + POINTS // 1000),
        ("the newest 2,500", POINTS - 2500, None),
    ):
        points, median, p95 = query_ms(series, first, last)
        slowest = max(slowest, median)
        print(f"  {name:<32}{points:>10,} {median:>10.3f} {p95:>8.3f}")
    by_reshape = reshape_ms(series.values[:POINTS])
    print(f"  {'all, numpy reshape without mean':<32}{POINTS:>10,} {by_reshape:>10.3f}")
    memory, of_all, of_oldest = spill()
    print(
        f"\nin a budget of 32 MB: {memory:.0f} MB in memory, the rest in a file; "
        f"all {of_all:.3f} ms, the oldest points {of_oldest:.3f} ms"
    )
    seconds, right = eight_threads()
    print(f"\n8 threads × 1,000,000 values: {seconds:.1f} s, {right:,} of 8,000,000 right")
    ok = resident <= LIMITS["resident"] and slowest <= LIMITS["query"] and right == 8_000_000
    print("\nwithin the limits" if ok else "\nOVER A LIMIT")
    return 0


if __name__ == "__main__":
    sys.exit(main())
