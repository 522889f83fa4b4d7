"""Names of W&B's that are not served. Imports nothing: it is asked for names that nbviz has not."""

from __future__ import annotations

_INSTEAD = {
    "Artifact": "keep files where you want them; trainer.save(path) keeps a model",
    "AlertLevel": "run.print writes a line of the log",
    "Api": "nbviz.open_run and nbviz.open_runs read what was recorded",
    "Classes": 'name them as "class_labels" of masks and boxes',
    "EvalTable": "run.log_table shows a table, and run.log_predictions what was predicted",
    "Graph": "nbviz.graph(model, example) shows a model's graph",
    "Html": "run.log_text shows Markdown",
    "Molecule": "run.log_mesh shows points and triangles",
    "JoinedTable": "join them before, as pandas does, and log the table",
    "agent": "nbviz.compare shows several runs beside each other, with a table",
    "alert": "run.print writes a line of the log",
    "data_types": "nbviz.Image, nbviz.Table and the like are there themselves",
    "link_artifact": "keep files where you want them; nothing is sent anywhere",
    "link_model": "trainer.save(path) keeps a model",
    "log_artifact": "keep files where you want them; trainer.save(path) keeps a model",
    "log_code": "the notebook holds the code",
    "log_model": "trainer.save(path) keeps a model",
    "mark_preempting": "a run with dir=… can be opened whenever it ended",
    "restore": "read files from where you keep them",
    "save": "keep files where you want them; nothing is sent anywhere",
    "setup": "nbviz.init begins a run, and needs nothing before",
    "sweep": "nbviz.compare shows several runs beside each other, with a table",
    "termlog": "run.print writes a line of the log",
    "termwarn": "run.print writes a line of the log",
    "use_artifact": "read files from where you keep them",
    "use_model": "Trainer.load reads what trainer.save wrote",
}


def not_served(name: str, where: str) -> AttributeError:
    """Return the error for a name that is not there; of W&B's it says what to use instead.

    Args:
        name: The name.
        where: What does not have it, as Python says it.
    """
    if name in _INSTEAD:
        return AttributeError(f"{name!r} of W&B is not served; {_INSTEAD[name]}.")
    return AttributeError(f"{where} has no attribute {name!r}")
