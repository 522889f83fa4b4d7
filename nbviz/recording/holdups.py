"""What holds a run up, in words: a step that Pause or Stop waits for, a disk without an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbviz.training.present_line import present_line

if TYPE_CHECKING:
    from pathlib import Path

    from nbviz.training.events import Asked

STUCK_SECONDS = 5.0
"""How long Stop or a write takes before it is said what it waits for."""

_WORDS = {"pause": "Pausing", "stop": "Stopping"}


def status_text(asked: Asked | None, step_seconds: float) -> str:
    """Return what a command waits for; empty if none waits.

    Args:
        asked: The command.
        step_seconds: For how long the present step has been made.
    """
    if asked is None:
        return ""
    seconds = int(max(step_seconds, asked.seconds))
    so_far = f" ({seconds:,} s so far)" if seconds else ""
    return f"{_WORDS[asked.command]} after this step{so_far}"


def stop_notice(asked: Asked | None, thread: int, directory: Path | None) -> str:
    """Return where the step is that does not end although the run was stopped, and what helps.

    Args:
        asked: The command that waits.
        thread: The identity of the thread that makes the step.
        directory: Where its journal is kept, which outlives the process.
    """
    if asked is None or asked.command != "stop" or asked.seconds < STUCK_SECONDS:
        return ""
    where = present_line(thread)
    at = f", which is at {where}" if where else ""
    kept = (
        "what was logged is then lost, as no journal is kept (dir=…)."
        if directory is None
        else f"what was logged is in {directory}."
    )
    return (
        f"Stop waits for this step{at}. The run ends when the step does. If it never does, restart "
        f"the kernel: {kept}"
    )
