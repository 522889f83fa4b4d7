"""Speed, time left and overhead, from a clock of the test's own."""

from __future__ import annotations

import pytest

from nbviz.recording.progress import ProgressMeter

NONE = (None, None)
T = 1_000_000.0


def test_speed_follows_the_last_ten_seconds() -> None:
    meter = ProgressMeter()
    meter.begin(T)
    meter.total_steps = 10_000
    for tick in range(1, 301):  # 30 s at 100 steps/s
        meter.step += 10
        progress = meter.read(T + tick * 0.1, "running", NONE)
    assert progress.steps_per_second == pytest.approx(100)
    assert progress.eta_seconds == pytest.approx(70)
    for tick in range(301, 601):  # 30 s at 10 steps/s
        meter.step += 1
        progress = meter.read(T + tick * 0.1, "running", NONE)
    assert progress.steps_per_second == pytest.approx(10)


def test_pauses_are_left_out() -> None:
    meter = ProgressMeter()
    meter.begin(T)
    for tick in range(1, 51):
        meter.step += 10
        meter.read(T + tick * 0.1, "running", NONE)
    meter.pause(T + 5)
    for tick in range(50, 1050):
        meter.read(T + tick * 0.1, "paused", NONE)
    meter.resume(T + 105)
    for tick in range(1, 11):
        meter.step += 10
        progress = meter.read(T + 105 + tick * 0.1, "running", NONE)
    assert progress.elapsed_seconds == pytest.approx(6)
    assert progress.steps_per_second == pytest.approx(100)


def test_slow_steps_have_a_speed_too() -> None:
    meter = ProgressMeter()
    meter.begin(T)
    for tick in range(1, 3001):  # a step each 60 s, looked at each 0.1 s
        meter.step = tick // 600
        progress = meter.read(T + tick * 0.1, "running", NONE)
    assert progress.steps_per_second == pytest.approx(1 / 60, rel=0.01)


def test_overhead_is_the_share_of_the_time() -> None:
    meter = ProgressMeter()
    meter.begin(T)
    meter.sample_call(2e-6)
    for tick in range(1, 101):
        meter.count_calls(1000)  # 2 ms
        meter.spend(0.003)
        progress = meter.read(T + tick * 0.1, "running", NONE)
    assert progress.overhead == pytest.approx(0.05)


def test_overhead_leaves_out_the_start_and_is_of_the_last_minute() -> None:
    meter = ProgressMeter()
    meter.begin(T)
    meter.spend(1.9)  # a first snapshot, a trace of the model
    assert meter.read(T + 1.95, "running", NONE).overhead is None
    for tick in range(2, 1201):
        meter.spend(0.001 if tick < 600 else 0.002)
        progress = meter.read(T + tick, "running", NONE)
        if tick == 599:
            assert progress.overhead == pytest.approx(0.001)
    assert progress.overhead == pytest.approx(0.002)


def test_overhead_stands_during_a_pause_and_after_the_end() -> None:
    meter = ProgressMeter()
    meter.begin(T)
    for tick in range(1, 101):
        meter.spend(0.001)
        progress = meter.read(T + tick * 0.1, "running", NONE)
    assert progress.overhead == pytest.approx(0.01)
    meter.pause(T + 10)
    for tick in range(100, 200):
        meter.draw(0.05)
        assert meter.read(T + tick * 0.1, "paused", NONE).overhead == progress.overhead
    meter.resume(T + 20)
    meter.end(T + 20, "finished")
    meter.draw(5.0)
    assert meter.read(T + 30, "finished", NONE).overhead == progress.overhead


def test_nothing_is_known_before_the_start() -> None:
    progress = ProgressMeter().read(5.0, "ready", NONE)
    assert progress.steps_per_second is progress.overhead is progress.eta_seconds is None
    assert progress.elapsed_seconds == progress.started_at == 0
