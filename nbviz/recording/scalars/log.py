"""Scalars of a run, from the call that logs them to the series."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from nbviz.errors import LoggingError, add_note, describe, text_of
from nbviz.recording.capture.captured import CapturedScalar, CapturedValues, seal
from nbviz.recording.off_main_thread import off_main_thread
from nbviz.recording.scalars.inbox import Inbox
from nbviz.recording.scalars.inputs import flatten, read_step, read_tag, read_value
from nbviz.recording.scalars.intake import Intake
from nbviz.recording.scalars.plain_calls import PlainCalls
from nbviz.recording.scalars.store import bytes_of_tag

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nbviz.recording.progress import Steps
    from nbviz.recording.scalars.intake import FirstNan
    from nbviz.recording.scalars.series import Restart
    from nbviz.recording.scalars.store import ScalarStore
    from nbviz.training.commands import Control


class ScalarLog:
    """Checks what is logged, and lets it wait; stores it when it is drained.

    Args:
        steps: Where each step is counted at the call.
        store: Where the points go.
        report: Called, once, with a sentence: what could not be stored.
        restarted: Called with where tags began again at an earlier step.
        turned_nan: Called with the first NaN of tags.

    Attributes:
        entries: What waits; `PlainCalls` appends to it without another call.
        numbers: From tags that are logged together to their number.
    """

    def __init__(
        self,
        steps: Steps,
        store: ScalarStore,
        report: Callable[[str], None],
        restarted: Callable[[list[Restart]], None],
        turned_nan: Callable[[list[FirstNan]], None],
    ) -> None:
        self._inbox = Inbox(steps)
        self._store = store
        self._tags: set[str] = set()
        self._tag_bytes = 0
        self._intake = Intake(self._inbox, store, report, restarted, turned_nan)
        self.entries = self._inbox.entries
        self.numbers = self._inbox.numbers
        self.renew_lock = self._inbox.renew_lock

    @property
    def start(self) -> float:
        """Monotonic seconds that the points' wall times count from."""
        return self._intake.start

    @start.setter
    def start(self, seconds: float) -> None:
        self._intake.start = seconds

    @property
    def something_waits(self) -> bool:
        """Whether something is not in the series yet, or not in its place there."""
        return bool(self.entries) or not self._store.is_settled

    def plain_calls(self, control: Control, most_waiting: int) -> PlainCalls:
        """Return what adds calls that need no more checks; as `PlainCalls`."""
        return PlainCalls(self._inbox, control, most_waiting)

    def record_any(self, values: Mapping[str, Any], step: int | None, seconds: float) -> None:
        """Record as `record` does, without its checks where known floats come without a step."""
        if step is None and values.__class__ is dict and tuple(values) in self.numbers:
            for value in values.values():
                if value.__class__ is not float:
                    break
            else:
                self._inbox.put(values, None, seconds)
                return
        self.record(values, step, seconds)

    def record(self, values: Mapping[str, Any], step: int | None, seconds: float) -> None:
        """Record values of any kind.

        Args:
            values: As for `Run.log`.
            step: As for `Run.log`.
            seconds: Monotonic seconds.

        Raises:
            LoggingError: A tag, value or step cannot be recorded; the other values are.
        """
        given = None if step is None else read_step(step)
        accepted: dict[str, Any] = {}
        errors: list[LoggingError] = []
        try:
            for tag, value in flatten(values):
                try:
                    self._accept(tag, value, accepted)
                except Exception as error:  # noqa: BLE001  a value's own code; the others are kept
                    errors.append(_refusal(f"{text_of(tag)!r}", error))
        except Exception as error:  # noqa: BLE001  a mapping's own code
            errors.append(_refusal(type(values).__name__, error))
        captured = [one for one in accepted.values() if isinstance(one, CapturedScalar)]
        if captured:
            seal(captured)
            self._inbox.put_captured(CapturedValues(accepted), given, seconds)
        elif accepted:
            self._inbox.put(accepted, given, seconds)
        if errors:
            for other in errors[1:]:
                add_note(errors[0], str(other))
            raise errors[0]

    def _accept(self, tag: object, value: object, accepted: dict[str, Any]) -> None:
        name = read_tag(tag)
        number = read_value(name, value)
        if name not in self._tags:
            if not self._store.admits(name, len(self._tags), self._tag_bytes):
                return
            self._tags.add(name)
            self._tag_bytes += bytes_of_tag(name)
        accepted[name] = number

    def drain(self, *, wait: bool, limit: int | None = None) -> int:
        """Store what waits, as `Intake.drain`, from any thread."""
        return off_main_thread(partial(self._intake.drain, wait=wait, limit=limit))


def _refusal(what: str, error: Exception) -> LoggingError:
    if isinstance(error, LoggingError):
        return error
    refusal = LoggingError(f"{what} cannot be read ({describe(error)}); log a float.")
    refusal.__cause__ = error
    return refusal
