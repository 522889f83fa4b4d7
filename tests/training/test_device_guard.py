"""What a run's thread leaves behind in PyTorch must not end with it."""

from __future__ import annotations

import processes
import torch

COMPILES_IN_A_RUN_AND_THEN_AGAIN = """
import threading
import torch
from nbviz.training.background import BackgroundRun

def compile_model():
    torch._dynamo.reset()
    model = torch.compile(torch.nn.Linear(3, 2), backend="aot_eager")
    model(torch.ones(1, 3)).sum().backward()

run = BackgroundRun(compile_model, name="compiles")
run.start()
run.wait(180)
# What the ended thread has freed is taken for something else.
kept = [b"\\xff" * (size % 128) for size in range(50_000)]
other = threading.Thread(target=lambda: kept.append([b"\\xee" * size for size in range(2_000)]))
other.start()
other.join()
compile_model()
print("compiled again")
"""


def test_a_model_compiles_after_the_run_that_compiled_first_has_ended() -> None:
    assert processes.run(COMPILES_IN_A_RUN_AND_THEN_AGAIN).stdout == "compiled again\n"


def test_pytorch_still_has_the_private_call() -> None:
    """It came with 2.9; once it is gone again, `nbviz.training.devices.device_guard` can go."""
    release = tuple(int(part) for part in torch.__version__.split(".")[:2])
    assert hasattr(torch._C, "_ensureCUDADeviceGuardSet") == (release >= (2, 9))
