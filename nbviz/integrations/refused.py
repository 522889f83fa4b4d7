"""Names of W&B's that nbviz has not. Imports little: it is asked for any name that is not there."""

from __future__ import annotations

import importlib
from typing import Any

_CALLS = (
    *("AlertLevel", "Artifact", "Classes", "EvalTable", "Graph", "Html", "JoinedTable", "Molecule"),
    *("alert", "box3d", "join", "link_model", "log_artifact", "log_code", "log_model"),
    *("mark_preempting", "plot_table", "require", "save", "setup", "teardown", "termerror"),
    *("termlog", "termwarn", "util"),
)
_INSTEAD = {
    "Api": "nbviz.open_run and nbviz.open_runs read what was recorded",
    "EvalTable": "run.log_table shows a table, and run.log_predictions what was predicted",
    "Graph": "nbviz.graph(model, example) shows a model's graph",
    "Molecule": "run.log_mesh shows points and triangles",
    "JoinedTable": "join them before, as pandas does, and log the table",
    "agent": "nbviz.compare shows several runs beside each other, with a table",
    "link_artifact": "keep files where you want them; nothing is sent anywhere",
    "link_model": "trainer.save(path) keeps a model",
    "log_artifact": "keep files where you want them; trainer.save(path) keeps a model",
    "log_code": "the notebook holds the code",
    "log_model": "trainer.save(path) keeps a model",
    "mark_preempting": "a run with dir=… can be opened whenever it ended",
    "restore": "read files from where you keep them",
    "save": "keep files where you want them; nothing is sent anywhere",
    "plot_table": "run.log_figure shows a chart, and nbviz.plot.line and the like draw some",
    "sweep": "nbviz.compare shows several runs beside each other, with a table",
    "use_artifact": "read files from where you keep them",
    "use_model": "Trainer.load reads what trainer.save wrote",
}


def call_of(name: str) -> Any:
    """Return what stands under a name of W&B's that nbviz itself has not.

    Raises:
        AttributeError: Nothing does; as `not_served`.
    """
    if name in _CALLS:
        return importlib.import_module("nbviz.integrations.experiment").of_module(name)
    raise not_served(name, "module 'nbviz'")


def not_served(name: str, where: str) -> AttributeError:
    """Return the error for a name that is not there; of W&B's it says what to use instead.

    Args:
        name: The name.
        where: What does not have it, as Python says it.
    """
    if name in _INSTEAD:
        return AttributeError(f"{name!r} of W&B is not served; {_INSTEAD[name]}.")
    return AttributeError(f"{where} has no attribute {name!r}")
