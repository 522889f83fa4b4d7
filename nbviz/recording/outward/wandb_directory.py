"""A whole run as a directory of W&B's offline mode, which `wandb sync` uploads."""

from __future__ import annotations

import socket
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nbviz.errors import ConfigurationError
from nbviz.recording.outward.rows import rows_of
from nbviz.recording.outward.wandb_media import MediaForms
from nbviz.recording.outward.wandb_records import RecordFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from nbviz.recording.recorded_run import RecordedRun


def write_offline_run(run: RecordedRun, path: str | Path, project: str) -> Path:
    """Write scalars, media and hyper-parameters; return the run's directory.

    Raises:
        ConfigurationError: It cannot be written.
    """
    started_at = run.meter.started_at or time.time()
    day = time.strftime("%Y%m%d_%H%M%S", time.localtime(started_at))
    directory = Path(path) / f"offline-run-{day}-{run.run_id}"
    try:
        (directory / "files").mkdir(parents=True)
        with (directory / f"run-{run.run_id}.wandb").open("xb") as file:
            _write(run, RecordFile(file), directory / "files", project, started_at)
    except OSError as error:
        raise ConfigurationError(
            f"{str(directory)!r} cannot be written ({error.strerror}); give another directory."
        ) from error
    return directory


def _write(
    run: RecordedRun, records: RecordFile, files: Path, project: str, started_at: float
) -> None:
    records.header("nbviz")
    records.run(
        run.run_id,
        project=project,
        name=run.name,
        host=socket.gethostname(),
        started_at=started_at,
        config=run.hyperparameters.to_plain(),
    )
    media, left_out = _media(run, files)
    records.files([one["path"] for at in media.values() for one in at.values() if "path" in one])
    newest: dict[str, Any] = {}
    elapsed = 0.0
    scalars = _by_step(run)
    for step, wall_time, values in _merged(scalars, media, started_at):
        elapsed = max(elapsed, wall_time)
        times = {"_timestamp": started_at + wall_time, "_runtime": wall_time}
        records.history(step, values | times)
        newest |= values | times | {"_step": step}
    if newest:
        records.summary(newest)
    records.exit(1 if run.status == "failed" else 0, elapsed)
    if left_out:
        kinds = ", ".join(f"{count:,} of {kind}" for kind, count in sorted(left_out.items()))
        run.note(f"to_wandb leaves out what W&B has no form for: {kinds}.")


def _by_step(run: RecordedRun) -> Iterator[tuple[int, float, dict[str, float]]]:
    """Yield the values of each step, rising; of steps that were made twice the later ones."""
    tags: list[str] = []
    columns: list[list[NDArray[Any]]] = [[], [], [], []]
    for rows in rows_of(run):
        if not tags or tags[-1] != rows.tag:
            tags.append(rows.tag)
        place = np.full(len(rows.steps), len(tags) - 1)
        for column, part in zip(columns, (rows.steps, place, *rows[3:]), strict=True):
            column.append(part)
    if not tags:
        return
    steps, places, wall_times, values = (np.concatenate(column) for column in columns)
    # What a restart repeats comes later in its tag, so that it is written last of its step.
    order = np.lexsort((np.arange(len(steps)), steps))
    bounds = np.flatnonzero(np.diff(steps[order])) + 1
    for part in np.split(order, bounds):
        known: list[int] = places[part].tolist()
        numbers: list[float] = values[part].tolist()
        merged = {tags[place]: value for place, value in zip(known, numbers, strict=True)}
        yield int(steps[part[0]]), float(wall_times[part].max()), merged


def _merged(
    scalars: Iterator[tuple[int, float, dict[str, float]]],
    media: dict[int, dict[str, Any]],
    started_at: float,
) -> Iterator[tuple[int, float, dict[str, Any]]]:
    """Yield scalars and media of each step together; a step of media alone has their time."""
    waiting = sorted(media)

    def alone(before: float) -> Iterator[tuple[int, float, dict[str, Any]]]:
        while waiting and waiting[0] < before:
            step = waiting.pop(0)
            yield step, max(0.0, _time_of(media[step]) - started_at), _forms(media[step])

    for step, wall_time, values in scalars:
        yield from alone(step)
        at = media[waiting.pop(0)] if waiting and waiting[0] == step else {}
        yield step, wall_time, {**values, **_forms(at)}
    yield from alone(float("inf"))


def _time_of(at: dict[str, Any]) -> float:
    return max(one["wall_time"] for one in at.values())


def _forms(at: dict[str, Any]) -> dict[str, Any]:
    return {tag: one["form"] for tag, one in at.items()}


def _media(run: RecordedRun, files: Path) -> tuple[dict[int, dict[str, Any]], Counter[str]]:
    """Write the media's files; return the media by step and tag, and what has no form."""
    found: dict[int, dict[str, Any]] = {}
    left_out: Counter[str] = Counter()
    forms = MediaForms(files, left_out)
    for tag in run.media:
        kept = run.media[tag]
        for item in kept:
            form = forms.of(tag, item.step, item.value)
            if form is None:
                left_out[kept.kind] += 1
                continue
            known: dict[str, Any] = {"wall_time": item.wall_time, "form": form}
            if isinstance(form, dict) and "path" in form:
                known["path"] = form["path"]
            found.setdefault(item.step, {})[tag] = known
    return found, left_out
