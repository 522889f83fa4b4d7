"""What `%load_ext nbviz` adds to a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from IPython.core import magic_arguments as untyped_arguments
from IPython.core.magic import Magics, cell_magic, magics_class

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

arguments = cast("Any", untyped_arguments)


@magics_class
class NbvizMagics(Magics):
    """`%%live`: a cell's own training loop in the background, with a dashboard."""

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


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Add the magics; called by `%load_ext nbviz`."""
    shell.register_magics(NbvizMagics)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Remove the magics; called by `%unload_ext nbviz`."""
    registered: dict[str, dict[str, Any]] = cast("Any", shell.magics_manager).magics
    for kinds in registered.values():
        kinds.pop("live", None)
