"""Commands from one thread, safe points on another."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from observed import SECONDS, Events

from nbviz.errors import CommandError, RunActiveError, RunInactiveError, RunStopped
from nbviz.training.commands import Control
from nbviz.training.events import LineLogged, RunPaused, RunResumed, SettingApplied

if TYPE_CHECKING:
    from collections.abc import Iterator


class Loop:
    """A user's own loop on a thread: one safe point a step, where the control asks for it."""

    def __init__(self) -> None:
        self.events = Events()
        self.control = Control(self.events)
        self.value = 1.0
        self.control.registry.add("value", lambda: self.value, self._set, maximum=10.0)
        self.step = 0
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _set(self, value: float) -> None:
        self.value = value

    def _run(self) -> None:
        self.control.begin()
        try:
            while True:
                if self.control.needs_attention:
                    self.control.safe_point(self.step)
                self.step += 1
        except RunStopped:
            self.control.end("stopped")

    def end(self) -> None:
        if self.thread.is_alive():
            self.control.stop()
            self.thread.join(SECONDS)
        assert not self.thread.is_alive()


@pytest.fixture
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.end()


def start(loop: Loop) -> Loop:
    loop.control.reserve()
    loop.thread.start()
    return loop


def start_paused(loop: Loop) -> Loop:
    loop.control.reserve()
    loop.control.pause()
    loop.thread.start()
    loop.events.wait_for_count("RunPaused")
    return loop


def test_a_loop_without_phases_cannot_be_stepped_into(loop: Loop) -> None:
    with pytest.raises(CommandError, match=r"knows no phases of them\. step\(\) makes a whole one"):
        start(loop).control.step_into()


def test_pause_waits_and_resume_goes_on(loop: Loop) -> None:
    start(loop)
    loop.control.pause()
    loop.events.wait_for_count("RunPaused")
    assert loop.control.status == "paused"
    assert loop.step == loop.events[-1].step
    loop.control.pause()
    loop.control.resume()
    loop.control.resume()
    loop.events.wait_for_count("RunResumed")
    assert loop.control.status == "running"
    assert loop.events[-1].steps is None
    assert loop.events.names == ["RunPaused", "RunResumed"]


def test_step_makes_exactly_n_steps_and_pauses(loop: Loop) -> None:
    start_paused(loop)
    for pauses, n in ((2, 1), (3, 3)):
        before = loop.step
        loop.control.step(n)
        # Not for the status: that is "paused" a moment earlier.
        loop.events.wait_for(lambda: len(loop.events.of(RunPaused)) == pauses, "paused again")  # noqa: B023
        assert loop.control.status == "paused"
        assert loop.step == before + n
        assert loop.events.of(RunResumed)[-1].steps == n
        assert loop.events.of(RunPaused)[-1].step == before + n


def test_steps_asked_together_add_up(loop: Loop) -> None:
    start_paused(loop)
    for _ in range(5):
        loop.control.step()
    loop.events.wait_for(lambda: loop.events and loop.events[-1].step == 5, "five steps")
    assert loop.control.status == "paused"


def test_step_before_the_thread_begins_counts_from_the_first(loop: Loop) -> None:
    loop.control.reserve()
    loop.control.step(2)
    loop.thread.start()
    loop.events.wait_for_count("RunPaused")
    assert loop.step == 2


def test_step_in_a_running_loop_pauses_after_n_more(loop: Loop) -> None:
    start(loop)
    loop.control.step(3)
    loop.events.wait_for_count("RunPaused")
    assert loop.events.names == ["RunPaused"]


def test_set_is_applied_while_paused(loop: Loop) -> None:
    start_paused(loop)
    loop.control.set(value=2.5)
    loop.events.wait_for_count("SettingApplied")
    assert loop.value == 2.5
    assert loop.control.status == "paused"
    (applied,) = loop.events.of(SettingApplied)
    assert (applied.name, applied.old, applied.new, applied.step) == ("value", 1.0, 2.5, loop.step)
    assert [setting.value for setting in loop.control.settings()] == [2.5]


def test_set_is_applied_while_running(loop: Loop) -> None:
    start(loop)
    loop.control.set(value=3)
    loop.events.wait_for_count("SettingApplied")
    assert loop.value == 3


def test_set_without_a_run_is_applied_at_once() -> None:
    loop = Loop()
    loop.control.set(value=4)
    assert loop.value == 4
    assert loop.events == []


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"value": -1}, "0 ≤ value ≤ 10, got -1"),
        ({"value": float("nan")}, "got nan"),
        ({"value": float("inf")}, "got inf"),
        ({"value": "fast"}, "must be a number, got str 'fast'"),
        ({"value": True}, "must be a number, got bool True"),
        ({"unknown": 1}, "there is no 'unknown' to set; this run has: value"),
        ({"value": 2, "unknown": 1}, "there is no 'unknown'"),
    ],
)
def test_impossible_set_changes_nothing(values: dict[str, float], message: str) -> None:
    loop = Loop()
    with pytest.raises(CommandError, match=message):
        loop.control.set(**values)
    assert loop.value == 1.0


@pytest.mark.parametrize("n", [0, -1, 1.5, True, "2"])
def test_impossible_step_is_refused(loop: Loop, n: int) -> None:
    start_paused(loop)
    with pytest.raises(CommandError, match="whole number"):
        loop.control.step(n)
    assert loop.control.status == "paused"


def test_setter_that_raises_is_reported_and_ends_nothing(loop: Loop) -> None:
    def refuse(value: float) -> None:
        raise OSError(f"no {value:g} here")

    loop.control.registry.add("stubborn", lambda: 0.0, refuse)
    start(loop)
    loop.control.set(stubborn=1, value=2)
    loop.events.wait_for_count("SettingApplied")
    (line,) = loop.events.of(LineLogged)
    assert line.level == "error"
    assert "stubborn could not be set to 1: OSError: no 1 here" in line.text
    assert loop.value == 2


def test_stop_ends_a_running_and_a_paused_loop() -> None:
    for begin in (start, start_paused):
        loop = begin(Loop())
        loop.control.stop()
        loop.thread.join(SECONDS)
        assert loop.control.status == "stopped"
        loop.control.stop()


def test_value_set_before_the_stop_is_kept() -> None:
    loop = start_paused(Loop())
    loop.control.stop()
    loop.control.set(value=7)
    loop.thread.join(SECONDS)
    assert loop.value == 7


@pytest.mark.parametrize("command", ["pause", "resume", "step", "stop"])
def test_commands_need_a_run_that_has_started(command: str) -> None:
    with pytest.raises(RunInactiveError, match=f"cannot {command}: the run has not started"):
        getattr(Control(), command)()


@pytest.mark.parametrize("command", ["pause", "resume", "step"])
def test_commands_need_a_run_that_has_not_ended(command: str) -> None:
    control = Control()
    control.begin()
    control.end("finished")
    with pytest.raises(RunInactiveError, match="has finished"):
        getattr(control, command)()


def test_begin_twice_is_refused(loop: Loop) -> None:
    start_paused(loop)
    for begin in (loop.control.begin, loop.control.reserve):
        with pytest.raises(RunActiveError, match="still paused"):
            begin()


def test_threads_that_share_a_run_all_wait() -> None:
    events = Events()
    control = Control(events)
    control.begin()
    control.pause()
    passed = threading.Barrier(5)

    def log_once() -> None:
        control.safe_point(1)
        passed.wait(SECONDS)

    threads = [threading.Thread(target=log_once, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    events.wait_for_count("RunPaused")
    assert passed.n_waiting == 0
    control.resume()
    passed.wait(SECONDS)
    assert events.names == ["RunPaused", "RunResumed"]


def test_two_threads_at_one_safe_point_do_not_wake_each_other(
    loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[int] = []
    stand = Control._stand

    def counted(control: Control, **where: bool) -> None:
        waits.append(threading.get_ident())
        stand(control, **where)

    monkeypatch.setattr(Control, "_stand", counted)
    start_paused(loop)
    second = threading.Thread(target=loop.control.safe_point, args=(loop.step,), daemon=True)
    second.start()
    for _ in range(20):
        with loop.control.between_steps():
            assert loop.control.status == "paused"
    loop.control.resume()
    second.join(SECONDS)
    assert not second.is_alive()
    assert len(waits) < 200


def test_a_reservation_that_fails_leaves_the_run_as_it_was() -> None:
    class Failing:
        def look_again(self) -> None:
            raise MemoryError

    control, follower = Control(), Failing()
    control.followers.add(follower)
    with pytest.raises(MemoryError):
        control.reserve()
    assert control.status == "ready"
    del follower
    control.reserve()
    control.begin()
    assert control.status == "running"


def test_followers_look_again_whenever_attention_may_have_changed() -> None:
    class Following:
        def __init__(self, control: Control) -> None:
            self.seen: list[bool] = []
            self._control = control

        def look_again(self) -> None:
            self.seen.append(self._control.needs_attention)

    control = Control()
    first, second = Following(control), Following(control)
    for one in (first, second):
        control.followers.add(one)
    control.begin()
    for act in (control.pause, control.resume, control.stop):
        act()
        assert (
            first.seen[-1] is second.seen[-1] is control.needs_attention is (act != control.resume)
        )
