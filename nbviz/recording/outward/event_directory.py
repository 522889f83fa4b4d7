"""A whole run as TensorBoard's event files, in a directory of its own."""

from __future__ import annotations

import uuid
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from nbviz.errors import ConfigurationError
from nbviz.recording.event_files.messages import text_event
from nbviz.recording.event_files.writer import EventFileWriter
from nbviz.recording.journal.identity import IDENTITY_TAG, identity_of
from nbviz.recording.journal.source import JournalSource

if TYPE_CHECKING:
    from nbviz.recording.recorded_run import RecordedRun


def write_event_files(run: RecordedRun, path: str | Path) -> None:
    """Write all that a run has now.

    Raises:
        ConfigurationError: The directory has event files, or cannot be written to.
    """
    directory = Path(path)
    run.read_points()
    run.drain_media()
    run.drain()
    try:
        if next(directory.glob("*tfevents*"), None) is not None:
            raise ConfigurationError(
                f"{str(directory)!r} has event files already, which readers would take for the "
                "same run; give a directory of its own."
            )
        identity = identity_of(uuid.uuid4().hex[:12], run.name).to_text()  # a run of its own
        first = [text_event(run.meter.started_at, 0, IDENTITY_TAG, identity)]
        writer = EventFileWriter(directory, run.meter.started_at, first)
        try:
            source = JournalSource(run.name, {}, directory, partial(run.note, level="warning"))

            def write(records: bytes, *, folder: str = "") -> None:
                assert not folder  # of a source without places
                writer.write(records)

            source.write_new(run, write)
        finally:
            writer.close()
    except OSError as error:
        raise ConfigurationError(
            f"{str(directory)!r} cannot be written to ({error.strerror}); give another directory."
        ) from error
