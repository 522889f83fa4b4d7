"""Cells that tests run in real kernels: a small model's training, slow enough to be steered."""

TRAINER = """
import time
import nbviz
import torch
from torch import nn

torch.set_num_threads(1)
torch.manual_seed(0)

class Batches:
    '''A loader that takes its time, as a person's does.'''
    def __init__(self):
        self.inputs = torch.randn(512, 8)
        self.targets = (self.inputs.sum(dim=1) > 0).long()
    def __len__(self):
        return 32
    def __iter__(self):
        for start in range(0, 512, 16):
            time.sleep(0.005)
            yield self.inputs[start : start + 16], self.targets[start : start + 16]

model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 2))
trainer = nbviz.LiveTrainer(
    model, Batches(), loss_fn=nn.CrossEntropyLoss(),
    optimizer=torch.optim.SGD(model.parameters(), lr=0.1), metrics=["accuracy"],
    threads=1, OPTIONS
)
"""
STEP = "trainer.run.progress.step"
LEARNING_RATE = "trainer.optimizer.param_groups[0]['lr']"


def trainer(**options: object) -> str:
    """Return a cell that makes `trainer` with further options, and does not show or start it."""
    given = {"max_epochs": 10_000, "threads": 1, **options}
    return TRAINER.replace("threads=1, OPTIONS", ", ".join(f"{k}={v!r}" for k, v in given.items()))
