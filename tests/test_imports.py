"""What may be imported without what: a training machine has no Jupyter."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import processes

import nbviz

ROOT = Path(__file__).resolve().parent.parent
JUPYTER = ("ipywidgets", "anywidget", "bqplot", "ipycanvas", "IPython")


def test_public_names_are_sorted_and_there() -> None:
    assert sorted(nbviz.__all__) == list(nbviz.__all__)
    assert [name for name in nbviz.__all__ if not hasattr(nbviz, name)] == []
    assert set(nbviz.__all__) <= set(dir(nbviz))


SEEN = ("Error", "Exception", "Control", "Function", "Loggable", "Box")
"""Ends of the names of classes whose own name a user sees: raised, printed, or as a `grad_fn`."""


def test_no_class_that_a_user_meets_has_a_private_name() -> None:
    private: list[str] = []
    for path in sorted((ROOT / "nbviz").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and node.name.startswith("_"):
                bases = [ast.unparse(base) for base in node.bases]
                if any(base.endswith(SEEN) for base in bases):
                    private.append(f"{path.relative_to(ROOT)}: {node.name}({', '.join(bases)})")
    assert private == []


def test_import_is_light() -> None:
    heavy = ("torch", "numpy", *JUPYTER)
    code = f"import nbviz, sys; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr


def test_training_needs_no_jupyter() -> None:
    code = f"""
import sys
for name in {JUPYTER}:
    sys.modules[name] = None
import torch, nbviz
model = torch.nn.Linear(2, 1)
batches = [(torch.ones(4, 2), torch.ones(4, 1))] * 3
trainer = nbviz.Trainer(
    model, batches, loss_fn=torch.nn.MSELoss(),
    optimizer=torch.optim.SGD(model.parameters(), lr=0.1), max_epochs=2,
)
trainer.start()
trainer.wait(180)
print(len(trainer.run["loss/train"].values))
"""
    assert processes.run(code).stdout.strip() == "6"


def test_ipycanvas_is_not_needed_for_a_trainer_that_is_shown() -> None:
    code = """
import sys
sys.modules["ipycanvas"] = None
import torch, nbviz
model = torch.nn.Linear(2, 1)
trainer = nbviz.LiveTrainer(
    model, [(torch.ones(4, 2), torch.ones(4, 1))] * 3, loss_fn=torch.nn.MSELoss(),
    optimizer=torch.optim.SGD(model.parameters(), lr=0.1), max_epochs=2,
)
shown = trainer._repr_mimebundle_()
shown = shown[0] if isinstance(shown, tuple) else shown
trainer.start()
trainer.wait(180)
print("application/vnd.jupyter.widget-view+json" in shown, trainer.status, trainer._esm > "")
"""
    assert processes.run(code).stdout.strip() == "True finished True"
