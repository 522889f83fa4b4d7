"""A state that was kept in a file, with what had been recorded until then."""

from __future__ import annotations

from pathlib import Path

from nbviz.errors import CheckpointError, describe
from nbviz.recording.kept.past import Past
from nbviz.training.checkpoints.files import describe_differences, read_checkpoint
from nbviz.training.rewinding.changes import changes_of

FOLDER = "checkpoints"
SUFFIX = ".pt"


class KeptState:
    """Reads a checkpoint.

    Args:
        path: The file, or a directory: then the newest one in it, or in its folder `checkpoints`.

    Attributes:
        path: The file.
        checkpoint: The state.
        past: The curves.
        changes: What had been set on the way.
        differences: Why the run may go on with other last bits here; None if it does not.

    Raises:
        CheckpointError: There is none that can be read.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = _newest(Path(path))
        self.checkpoint, extra, made_by = read_checkpoint(self.path)
        self.differences = describe_differences(made_by)
        try:
            self.past = Past.from_state(extra["past"])
            self.changes = changes_of(extra.get("changes", []))  # older files have none
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise CheckpointError(
                f"{str(self.path)!r} is damaged: its curves cannot be read ({describe(error)})."
            ) from error


def _newest(path: Path) -> Path:
    if not path.is_dir():
        return path
    found = [*path.glob(f"*{SUFFIX}"), *(path / FOLDER).glob(f"*{SUFFIX}")]
    if not found:
        raise CheckpointError(
            f"{str(path)!r} has no checkpoints in it, nor in its folder {FOLDER!r}; they are made "
            "by checkpoint_every=… or by trainer.save(path)."
        )
    return max(found, key=lambda file: file.stat().st_mtime_ns)
