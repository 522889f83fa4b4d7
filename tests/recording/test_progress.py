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


def test_the_speed_falls_while_a_step_takes_long() -> None:
    meter = ProgressMeter()
    meter.begin(T)
    meter.total_steps = 1000
    for tick in range(1, 101):  # 10 steps, then the same time in the next one
        meter.step = tick // 10
        before = meter.read(T + tick * 0.1, "running", NONE)
    for tick in range(101, 191):
        held = meter.read(T + tick * 0.1, "running", NONE)
    assert before.steps_per_second == pytest.approx(1, rel=0.02)
    assert before.eta_seconds == pytest.approx(990, rel=0.02)
    # Two in the second before the last ten, and the one that may come now.
    assert held.steps_per_second == pytest.approx(3 / 11, rel=0.02)
    assert held.eta_seconds == pytest.approx(990 * 11 / 3, rel=0.02)


def test_steps_that_come_many_at_once_have_a_steady_speed() -> None:
    meter = ProgressMeter()
    meter.begin(T)
    speeds = set()
    for tick in range(1, 301):  # looked at each 0.1 s, logged each second
        meter.step = tick // 10 * 100
        speed = meter.read(T + tick * 0.1, "running", NONE).steps_per_second
        if tick > 150:
            speeds.add(round(speed))
    assert speeds == {100}


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


@pytest.mark.parametrize(
    ("step_seconds", "own_seconds", "words"),
    [
        (200e-6, 6e-6, "steps of 0.2 ms: 6 µs each"),
        (1.5e-3, 0.4e-3, "steps of 1.5 ms: 0.4 ms each"),
        (0.02, 0.0005, "steps of 20 ms: 0.5 ms each"),
        (3.0, 0.25, "steps of 3 s: 0.25 s each"),
        (0.01, 0.00005, ""),
    ],
)
def test_what_nbviz_takes_of_a_step_is_said_where_it_is_above_one_per_cent(
    step_seconds: float, own_seconds: float, words: str
) -> None:
    meter = ProgressMeter()
    meter.begin(T)
    steps = max(5, round(70 / step_seconds / 500))
    for tick in range(1, 501):
        meter.step = tick * steps
        meter.spend(steps * own_seconds)
        progress = meter.read(T + tick * steps * step_seconds, "running", NONE)
    assert progress.overhead == pytest.approx(own_seconds / step_seconds)
    assert progress.overhead_text == words


def test_the_words_on_a_step_are_of_the_last_minute_as_the_share_is() -> None:
    meter = ProgressMeter()
    meter.begin(T)
    for tick in range(1, 1301):  # a minute of slow and costly steps, then one of quick ones
        steps, own = (1, 0.05) if tick <= 600 else (100, 0.002)
        meter.step += steps
        meter.spend(own)
        progress = meter.read(T + tick * 0.1, "running", NONE)
    assert progress.overhead == pytest.approx(0.02, rel=0.1)
    assert progress.overhead_text == "steps of 1 ms: 20 µs each"
