"""What `%load_ext nbviz` adds to a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, cell_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


@magics_class
class NbvizMagics(Magics):
    """`%%live`: a cell's own training loop in the background, with a dashboard."""

    @magic_arguments()
    @argument("--name", "-n", help="what the run is called")
    @argument("--panels", "-p", help="panels, separated by commas: toolbar,curves,weights,log")
    @cell_magic
    def live(self, line: str, cell: str) -> None:
        """Run this cell in a background thread, with a live dashboard.

        The loop stays as it is, but for `nbviz.log({"loss": loss})` where it has something to say.
        Pause, Step and Stop act at those calls. Running the cell again stops its earlier run.
        """
        from IPython.display import display

        from nbviz.widgets.cells import running_cell_id
        from nbviz.widgets.live_cell import start_live_cell

        arguments = parse_argstring(self.live, line)
        shell: Any = self.shell
        panels = arguments.panels.split(",") if arguments.panels else None
        live_cell = start_live_cell(
            shell.transform_cell(cell),
            shell.user_ns,
            cell_id=running_cell_id(),
            name=arguments.name,
            panels=panels,
        )
        display(live_cell.dashboard)
        live_cell.start()


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Add the magics; called by `%load_ext nbviz`."""
    shell.register_magics(NbvizMagics)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Remove the magics; called by `%unload_ext nbviz`."""
    for kinds in shell.magics_manager.magics.values():
        kinds.pop("live", None)
