"""OutwardRun: a run that can be written for other tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbviz.recording.outward.event_directory import write_event_files
from nbviz.recording.outward.pages import save_page
from nbviz.recording.outward.rows import write_csv, write_parquet
from nbviz.recording.outward.wandb_directory import write_offline_run
from nbviz.recording.recorded_run import RecordedRun

if TYPE_CHECKING:
    from pathlib import Path


class OutwardRun(RecordedRun):
    """A run with what writes all of it, as it is now, to files of other tools."""

    def to_csv(self, path: str | Path) -> None:
        """Write the points of all tags as CSV; numbers read back equal.

        Args:
            path: The file. A row is tag, segment (0 until the tag's steps begin again), step,
                wall_time (seconds since the start) and value.
        """
        write_csv(self, path)

    def to_parquet(self, path: str | Path) -> None:
        """Write the points of all tags as Parquet, with the columns of `to_csv`.

        The file's own metadata has the run's name and hyper-parameters, as JSON under "nbviz".

        Raises:
            MissingDependencyError: pyarrow is not installed.
        """
        write_parquet(self, path)

    def to_tensorboard(self, path: str | Path) -> None:
        """Write an event file with all that the run has, as a journal (`dir=`) would have.

        Args:
            path: A directory without event files; made if it does not exist.

        Raises:
            ConfigurationError: It has event files, or cannot be written to.
        """
        write_event_files(self, path)

    def save_html(self, path: str | Path, **options: Any) -> Path:
        """Write the run as one page that opens without a kernel and without a network.

        >>> nbviz.open_run("runs/mine").save_html("mine.html", replay=True)

        Args:
            path: The file; one that exists is replaced.
            **options: `title`, `replay` and `max_bytes`, as `Dashboard.save_html` describes them.

        Returns:
            The file's path.

        Raises:
            ConfigurationError: The file cannot be written, or `max_bytes` are too few.
        """
        return save_page(self, None, path, **options)

    def to_wandb(self, path: str | Path, *, project: str = "nbviz") -> Path:
        """Write a directory as W&B's offline mode leaves it; `wandb sync` uploads it.

        It holds scalars, images, histograms, tables (their first 10,000 rows), sounds, videos,
        texts, pictures of figures and hyper-parameters; of other media the run's log says how many
        are left out. W&B takes each step once: where a tag's steps began again, of a step
        that was made twice the later value is kept.

        Args:
            path: Where W&B keeps its runs, such as "wandb".
            project: The project that the run belongs to.

        Returns:
            The run's directory.

        Raises:
            ConfigurationError: It exists, or cannot be written.
        """
        return write_offline_run(self, path, project)
