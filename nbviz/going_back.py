"""Going back as pages ask for it: each act on a thread of its own, with how far it is."""

from __future__ import annotations

import contextvars
import itertools
import math
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from nbviz.errors import CommandError, NbvizError, RunActiveError, describe, text_of
from nbviz.text import counted
from nbviz.training.background import done_before_exit
from nbviz.training.checks import check_steps
from nbviz.training.rewinding.recomputing import LOSS

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

    from nbviz.active_trainers import Relatives
    from nbviz.recording.run import Run
    from nbviz.rewinder import Rewinder
    from nbviz.training.checkpoints.ring import StateRing
    from nbviz.training.engine import Engine
    from nbviz.training.rewinding.first_nonfinite import FirstNonFinite

COMMANDS = ("rewind", "fork", "probe", "find_nonfinite", "cancel")
COMMANDS_OF_FORKS = (*COMMANDS, "keep")
PROBES: dict[str, Callable[[torch.nn.Parameter], torch.Tensor | None]] = {
    "weight norm": lambda one: one.detach(),
    "gradient norm": lambda one: one.grad,
}
"""What a page can have looked at of parameters, of which the norm is taken."""

_numbers = itertools.count(1)
_MEASURED_STEPS = 200  # that say how long one takes
TICK_SECONDS = 0.2  # between two looks of pages at how far it is


class Steered(Protocol):
    """What of a trainer is needed."""

    run: Run
    engine: Engine
    ring: StateRing
    relatives: Relatives

    def fork(self, name: str | None = None, step: int | None = None, **values: float) -> Steered:
        """Return a second trainer that goes on from a step."""
        ...

    def find_nonfinite(self) -> FirstNonFinite | None:
        """Find the step that broke."""
        ...


@dataclass(frozen=True, slots=True)
class Act:
    """What is being done, or what came of the last.

    Attributes:
        doing: Such as "Rewinding to step 400"; empty while nothing is.
        first: The step from which steps are made again.
        last: The step to which they are; that of `first` where it is not known.
        outcome: What came of the last.
        is_failure: Whether that was not what was asked for.
        run_id: The run to which it has led; empty where it is the same.
        panel: In which panel it is to be seen; empty for none.
        number: Of the act that ended last, counted over all trainers: the highest is the newest.
    """

    doing: str = ""
    first: int = 0
    last: int = 0
    outcome: str = ""
    is_failure: bool = False
    run_id: str = ""
    panel: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class _Outcome:
    text: str
    run: Run | None = None
    panel: str = ""


class GoingBack:
    """Rewinds, forks and searches of one trainer, one at a time; each call returns at once.

    What is wrong with a call is raised, what goes wrong later is in `now`. Subscribers of the run
    are notified while it goes on.

    Args:
        trainer: The trainer.
        rewinder: Its way back.

    Attributes:
        now: What is being done; replaced as a whole.
    """

    def __init__(self, trainer: Steered, rewinder: Rewinder) -> None:
        self.now = Act()
        self._trainer = trainer
        self._rewinder = rewinder
        self._lock = threading.Lock()
        self._step_seconds: float | None = None

    # ------------------------------------------------------------ what pages show

    @property
    def commands(self) -> tuple[str, ...]:
        """The names of its methods that pages may call."""
        is_fork = self._trainer.relatives.first is not self._trainer
        return COMMANDS_OF_FORKS if is_fork else COMMANDS

    @property
    def refused(self) -> str:
        """Why the run cannot go back; empty where it can."""
        return self._rewinder.refused

    @property
    def reach(self) -> list[tuple[int, int]]:
        """As `StateRing.reach`."""
        return self._trainer.ring.reach

    @property
    def step(self) -> int:
        """Completed steps, those that are made again too."""
        return self._trainer.engine.step

    @property
    def step_seconds(self) -> float | None:
        """How long a step takes, about; None while that is not known."""
        run = self._trainer.run
        if not self.now.doing and LOSS in run.tags:
            losses = run.series(LOSS).segments[-1]
            count = len(losses)
            steps, seconds, _ = losses.slice(max(0, count - _MEASURED_STEPS), count)
            if len(steps) > 1:  # neither a pause nor a validation counts in the middle of them
                self._step_seconds = float(np.median(np.diff(seconds) / np.diff(steps)))
        return self._step_seconds

    # ------------------------------------------------------------ commands

    def rewind(self, step: Any) -> None:
        """Go back to a step.

        Raises:
            CommandError: There is no such step.
            CheckpointError: No state of before it was kept.
            RunActiveError: Another act is not over.
        """
        self._rewinder.check(step)

        def act() -> _Outcome:
            done = self._rewinder.rewind(step)
            count = f"{counted(done.made_again, 'step')} made again"
            how = "bit-equal" if done.divergence is None else done.divergence
            again = f"; {count}, {how}" if done.made_again else ", a state that was kept"
            return _Outcome(f"Paused at step {step:,}{again}", self._trainer.run)

        self._begin(f"Rewinding to step {step:,}", step, act)

    def fork(self, step: Any, name: str | None = None, **values: float) -> None:
        """Fork from a step, with values set in the fork; raises as `rewind`."""
        control = self._trainer.engine.control
        is_here = step == self._trainer.engine.step and control.status != "running"
        if not is_here:
            self._rewinder.check(step, "fork")
        if name is not None and not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise CommandError(f"a fork's name is a text; got {name!r}.")
        control.registry.check(values)

        def act() -> _Outcome:
            fork = self._trainer.fork(name or None, None if is_here else step, **values)
            text = f"{fork.run.name!r} forked from step {step:,}; Start trains it"
            return _Outcome(text, fork.run)

        self._begin(f"Forking from step {step:,}", None if is_here else step, act)

    def keep(self) -> None:
        """Have the trainer that is no fork go on as this one stands.

        Raises:
            CommandError: This is no fork.
            RunActiveError: Another act is not over.
        """
        first = self._trainer.relatives.first
        if first is None or first is self._trainer:
            raise CommandError(f"{self._trainer.run.name!r} is no fork: its model is your own.")

        def act() -> _Outcome:
            first.keep(self._trainer)
            text = (
                f"Your model and optimizer are those of {self._trainer.run.name!r} now, "
                f"at step {first.engine.step:,}"
            )
            return _Outcome(text, first.run)

        self._begin(f"Keeping {self._trainer.run.name!r}", None, act)

    def probe(self, what: Any, of: Any = "", every: Any = 1) -> None:
        """Have a value looked at after earlier steps, and shown as a curve of the run.

        Args:
            what: One of `PROBES`.
            of: A parameter's name; empty for all together.
            every: Steps between two values.

        Raises:
            CommandError: There is no such value, or no step to look at.
            CheckpointError: No state was kept.
            RunActiveError: Another act is not over.
        """
        engine, run = self._trainer.engine, self._trainer.run
        of_what = PROBES.get(what) if isinstance(what, str) else None
        names = [name for name, _ in engine.model.named_parameters()]
        if of_what is None:
            raise CommandError(f"a page can look at {' or '.join(PROBES)}; got {what!r}.")
        if of != "" and of not in names:
            raise CommandError(f"the model has no parameter {of!r}; it has: {', '.join(names)}.")
        check_steps("every", every)
        now = engine.step
        self._rewinder.check(now, "probe")
        first = min((reach for _, reach in self.reach), default=0)
        steps = range(max(1, first), now + 1, every)

        def norm(model: torch.nn.Module) -> float:
            chosen = [one for name, one in model.named_parameters() if of in ("", name)]
            tensors = [one for one in map(of_what, chosen) if one is not None]
            norms: list[float] = [one.float().norm().item() for one in tensors]
            return math.hypot(*norms) if norms else math.nan

        def act() -> _Outcome:
            probed = self._rewinder.probe(norm, steps)
            tag = _free_tag(f"probe/{what.replace(' ', '_')}/{of or 'all'}", run)
            seconds = np.full(len(probed.steps), run.progress.elapsed_seconds)
            run.take_points_of({tag: [(probed.steps, seconds, probed.values)]})
            return _Outcome(f"{tag} is a curve now: {counted(len(steps), 'value')} to step {now:,}")

        self._begin(f"Looking at the {what} of {of or 'all parameters'}", now, act, first)

    def find_nonfinite(self) -> None:
        """Find the step that broke; raises RunActiveError as `rewind`."""

        def act() -> _Outcome:
            found = self._trainer.find_nonfinite()
            if found is None:
                return _Outcome("All training losses and weights are finite; nothing was changed")
            text = str(found)
            return _Outcome(
                f"{text[0].upper()}{text[1:]} Paused before it, at step {found.step - 1:,}",
                self._trainer.run,
                "graph",
            )

        self._begin("Finding the first bad step", None, act)

    def cancel(self) -> None:
        """Cancel what is being done; the run is then as it was."""
        with self._lock:
            if self.now.doing:
                self._rewinder.cancel()

    # ------------------------------------------------------------ inside

    def _begin(
        self, doing: str, step: int | None, act: Callable[[], _Outcome], start: int | None = None
    ) -> None:
        first = last = 0
        if step is not None and start is not None:
            first, last = start, step
        elif step is not None and self._trainer.engine.step:
            first, last = self._trainer.ring.nearest(step), step
        with self._lock:
            if self.now.doing:
                raise RunActiveError(
                    f"{self._trainer.run.name!r} is busy ({self.now.doing}); cancel that, or wait."
                )
            self._rewinder.allow()
            self.now = Act(doing, first, last, number=self.now.number)
        context = contextvars.copy_context()
        threading.Thread(
            target=lambda: context.run(self._carry_out, act, self._trainer.run),
            name="nbviz-going-back",
            daemon=True,
        ).start()

    def _carry_out(self, act: Callable[[], _Outcome], run: Run) -> None:
        is_over = threading.Event()
        threading.Thread(
            target=_notify_until, args=(is_over, run), name="nbviz-going-back-tick", daemon=True
        ).start()
        is_failure = False
        try:
            with done_before_exit(self._rewinder.cancel):
                outcome = act()
        except Exception as error:  # noqa: BLE001  whatever it is, the page is told
            is_failure = True
            text = text_of(error) if isinstance(error, NbvizError) else describe(error)
            outcome = _Outcome(f"{text[:1].upper()}{text[1:]}")
            run.note(f"{self.now.doing}: {text}", "warning")
        finally:
            is_over.set()
        run_id = "" if outcome.run is None else outcome.run.run_id
        with self._lock:
            self.now = Act(
                "", 0, 0, outcome.text, is_failure, run_id, outcome.panel, next(_numbers)
            )
        if not is_failure:
            (outcome.run or run).note(outcome.text)
        for one in {run, self._trainer.run}:
            one.notify()


def _notify_until(is_over: threading.Event, run: Run) -> None:
    while not is_over.wait(TICK_SECONDS):
        run.notify()


def _free_tag(tag: str, run: Run) -> str:
    """Return a tag under which nothing is: a value may be looked at twice, more closely."""
    number, found = 1, tag
    while found in run.tags:
        number += 1
        found = f"{tag}/{number}"
    return found
