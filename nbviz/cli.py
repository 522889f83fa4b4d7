"""The command line: `python -m nbviz.cli demo` opens the quickstart, or runs it headless."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbviz.errors import ConfigurationError, MissingDependencyError, NbvizError, TrainingError

if TYPE_CHECKING:
    from collections.abc import Sequence

NOTEBOOK = Path(__file__).parent.parent / "notebooks" / "quickstart.ipynb"
CELL_SECONDS = 600
# Runs in the kernel after the notebook; its one line of output is what the command prints.
_REPORT = """\
def _nbviz_report(trainer, path):
    import json
    run = trainer.run
    trainer.wait(timeout={seconds})
    page = trainer.save_html(path)
    progress, accuracy = run.progress, run["accuracy/val"].values
    print(json.dumps(dict(
        page=str(page), status=progress.status, steps=progress.step,
        seconds=progress.elapsed_seconds, best=float(accuracy.max()), last=float(accuracy[-1]),
    )))
_nbviz_report(trainer, {path!r})
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: The words after the program's name; those of this process by default.

    Returns:
        The exit status: 0, or 1 after an error, which is printed.
    """
    parser = argparse.ArgumentParser(prog="nbviz", description="Watch a network learn in a cell.")
    commands = parser.add_subparsers(required=True)
    demo = commands.add_parser("demo", help="open the quickstart notebook")
    demo.add_argument(
        "--headless",
        action="store_true",
        help="run the notebook in a kernel, and write a page of the run; so too without a display",
    )
    demo.add_argument("--output", type=Path, default=Path("demo.html"), help="the page to write")
    demo.add_argument("--notebook", type=Path, default=NOTEBOOK, help="another notebook to run")
    options = parser.parse_args(arguments)
    try:
        if not options.notebook.is_file():
            raise ConfigurationError(
                f"the notebook {str(options.notebook)!r} does not exist. "
                "Run this in a checkout of nbviz, or name one with --notebook."
            )
        if options.headless or _has_no_display():
            _run_headless(options.notebook, options.output)
        else:
            _open_lab(options.notebook)
    except NbvizError as error:
        sys.stderr.write(f"nbviz: {error}\n")
        return 1
    return 0


def _run_headless(notebook: Path, output: Path) -> None:
    """Execute a notebook that trains with `trainer`, and report on its run."""
    try:
        import nbformat
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError
    except ImportError:
        raise MissingDependencyError("jupyterlab", "lab") from None
    formats: Any = nbformat
    content = formats.read(notebook, as_version=4)
    report = _REPORT.format(path=str(output.resolve()), seconds=CELL_SECONDS)
    content.cells.append(formats.v4.new_code_cell(report))
    _say(f"Running {notebook.name} …")
    client = NotebookClient(
        content,
        timeout=CELL_SECONDS,
        resources={"metadata": {"path": str(notebook.parent)}},
        extra_arguments=["--log-level=ERROR"],
    )
    try:
        client.execute()
    except CellExecutionError as error:
        raise TrainingError(f"a cell of {notebook.name} failed:\n{error}") from error
    found = json.loads(content.cells[-1].outputs[-1]["text"])
    rate = found["steps"] / found["seconds"]
    _say(f"steps                {found['steps']:,} ({found['status']})")
    _say(f"validation accuracy  {100 * found['last']:.1f} % (best {100 * found['best']:.1f} %)")
    _say(f"time                 {found['seconds']:.1f} s, {rate:,.0f} steps/s")
    _say(f"page                 {found['page']} (opens without a kernel and without a network)")


def _open_lab(notebook: Path) -> None:
    """Open JupyterLab on a notebook, and return when it is shut down."""
    try:
        from jupyterlab.labapp import LabApp
    except ImportError:
        raise MissingDependencyError("jupyterlab", "lab") from None
    app: Any = LabApp
    app.launch_instance([str(notebook)])


def _has_no_display() -> bool:
    names = ("DISPLAY", "WAYLAND_DISPLAY")
    return sys.platform == "linux" and not any(os.environ.get(name) for name in names)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
