"""Names of W&B's that are not served. Imports nothing: it is asked for names that nbviz has not."""

from __future__ import annotations

_INSTEAD = {
    "Artifact": "keep files where you want them; trainer.save(path) keeps a model",
    "Html": "run.log_text shows Markdown",
    "Molecule": "run.log_mesh shows points and triangles",
    "Object3D": "run.log_mesh shows points and triangles",
    "agent": "nbviz.compare shows several runs beside each other, with a table",
    "alert": "run.print writes a line of the log",
    "log_artifact": "keep files where you want them; trainer.save(path) keeps a model",
    "log_code": "the notebook holds the code",
    "log_model": "trainer.save(path) keeps a model",
    "plot": "run.log_confusion_matrix, run.log_pr_curve and run.log_figure show what its charts do",
    "save": "keep files where you want them; nothing is sent anywhere",
    "sweep": "nbviz.compare shows several runs beside each other, with a table",
    "use_artifact": "read files from where you keep them",
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
