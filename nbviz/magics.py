"""What `%load_ext nbviz` adds to a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from IPython.core import magic_arguments as untyped_arguments
from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class

from nbviz.errors import NbvizError

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

arguments = cast("Any", untyped_arguments)


@magics_class
class NbvizMagics(Magics):
    """`%%live` runs a cell's own training loop; `%nbviz` shows directories of event files."""

    @arguments.magic_arguments()
    @arguments.argument("--name", "-n", help="what the run is called")
    @arguments.argument("--panels", "-p", help="panels, such as toolbar,curves,log")
    @arguments.argument(
        "--wait", "-w", action="store_true", help="end the cell when its loop ends, as for Run All"
    )
    @cell_magic
    def live(self, line: str, cell: str) -> None:
        """Run this cell in a background thread, with a live dashboard.

        The loop stays as it is, but for `nbviz.log({"loss": loss})` where it has something to say.
        Pause, Step and Stop act at those calls. Running the cell again stops its earlier run.
        `nbviz.live["name"]` is the cell from elsewhere: it has `wait()`, `stop()`, `run` and
        `save_html(path)`.
        """
        import IPython.display

        from nbviz.widgets.cells import running_cell
        from nbviz.widgets.live_cell import start_live_cell

        options = arguments.parse_argstring(self.live, line)
        shell: Any = self.shell
        panels = options.panels.split(",") if options.panels else None
        live_cell = start_live_cell(
            shell.transform_cell(cell),
            shell.user_ns,
            cell_id=running_cell()[0],
            name=options.name,
            panels=panels,
        )
        cast("Any", IPython.display.display)(live_cell.dashboard)
        live_cell.start()
        if options.wait:
            live_cell.wait()

    @line_magic
    def nbviz(self, line: str) -> object:
        """Show all runs in a directory of TensorBoard event files, as they grow.

        `%nbviz --logdir runs` compares the runs of any writer in `runs` and the folders below, with
        the run table; those that begin later are added. No server is started. A path may be of
        another file system, such as `s3://bucket/runs`, where fsspec knows it.

        `--panels` and `--arrangement` are as for `Dashboard`; `--reload_interval` says how often
        new runs are looked for, in seconds (5 by default). Other options of `%tensorboard` are
        accepted. `view = %nbviz --logdir runs` is the dashboard, with `to_pandas()`.
        """
        from nbviz.widgets.log_view import show_log_view

        try:
            return show_log_view(line)
        except NbvizError as error:
            raise UsageError(str(error)) from None


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Add the magics; called by `%load_ext nbviz`."""
    shell.register_magics(NbvizMagics)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Remove the magics; called by `%unload_ext nbviz`."""
    registered: dict[str, dict[str, Any]] = cast("Any", shell.magics_manager).magics
    for kinds in registered.values():
        for name in ("live", "nbviz"):
            kinds.pop(name, None)
