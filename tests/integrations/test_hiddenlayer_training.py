"""hiddenlayer's training demonstrations, on data sets in their own file formats, in a kernel.

The pictures are scikit-learn's digits, since the real sets would have to be downloaded; what reads
them is torchvision's own MNIST and CIFAR10.
"""

from __future__ import annotations

import base64
import json
import pickle
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COUNT = 240  # images to train on

IMPORTS = """
import numpy as np
import torch
import torch.nn as nn
from torchvision import datasets, transforms
import nbviz.integrations.hiddenlayer as hl
torch.manual_seed(0)
torch.set_num_threads(1)
device = torch.device("cpu")
folder = {folder!r}
# The real files' checksums cannot be met by small ones.
datasets.CIFAR10._check_integrity = lambda self: True
datasets.cifar.check_integrity = lambda path, md5=None: True
"""
MNIST = """
transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])
mnist = datasets.MNIST(folder, train=True, download=False, transform=transform)
train_loader = torch.utils.data.DataLoader(mnist, batch_size=20, shuffle=True)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 5, stride=2)
        self.conv2 = nn.Conv2d(8, 16, 5, stride=2)
        self.fc1 = nn.Linear(256, 10)
    def forward(self, x):
        x = torch.relu(self.conv2(torch.relu(self.conv1(x))))
        return torch.log_softmax(self.fc1(x.view(-1, 256)), dim=1)

model = Net().to(device)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.5)
mnist_history, mnist_canvas = hl.History(), hl.Canvas()
model.train()
for epoch in range(2):
    for batch_ix, (inputs, labels) in enumerate(train_loader):
        optimizer.zero_grad()
        outputs = model(inputs.to(device))
        loss = torch.nn.functional.nll_loss(outputs, labels.to(device))
        loss.backward()
        optimizer.step()
        if batch_ix and batch_ix % 3 == 0:
            accuracy = (outputs.argmax(1) == labels).float().mean().item()
            mnist_history.log((epoch, batch_ix), loss=loss, accuracy=accuracy,
                              conv1_weight=model.conv1.weight)
            with mnist_canvas:
                mnist_canvas.draw_plot(mnist_history["loss"])
                mnist_canvas.draw_plot(mnist_history["accuracy"])
                mnist_canvas.draw_hist(mnist_history["conv1_weight"])
mnist_history.progress()
"""
CIFAR10 = """
transform = transforms.Compose(
    [transforms.ToTensor(), transforms.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))])
cifar = datasets.CIFAR10(folder, train=True, download=False, transform=transform)
train_loader = torch.utils.data.DataLoader(cifar, batch_size=20, shuffle=True)
hl.show_images([np.array(cifar.data[i]) for i in range(5)], titles=cifar.classes[:5])

class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 8, 5, stride=2), nn.ReLU(), nn.MaxPool2d(2))
        self.classifier = nn.Linear(8 * 7 * 7, 10)
    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))

model = Small().to(device)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
step = (0, 0)
cifar_history, cifar_canvas = hl.History(), hl.Canvas()

def conv1_hook(module, inputs, outputs):
    if step[1] % 3 == 0:
        cifar_history.log(step, conv1_output=outputs[0, 0])

model.features[0].register_forward_hook(conv1_hook)
for epoch in range(2):
    for batch_ix, (inputs, labels) in enumerate(iter(train_loader)):
        step = (epoch, batch_ix)
        optimizer.zero_grad()
        outputs = model(inputs.to(device))
        loss = criterion(outputs, labels.to(device))
        loss.backward()
        optimizer.step()
        if batch_ix and batch_ix % 3 == 0:
            pred_labels = np.argmax(outputs.detach().cpu().numpy(), 1)
            accuracy = np.mean(pred_labels == labels.detach().cpu().numpy())
            cifar_history.log((epoch, batch_ix), loss=loss, accuracy=accuracy,
                              conv1_weight=model.features[0].weight)
            with cifar_canvas:
                cifar_canvas.draw_plot([cifar_history["loss"], cifar_history["accuracy"]])
                cifar_canvas.draw_image(cifar_history["conv1_output"])
                cifar_canvas.draw_hist(cifar_history["conv1_weight"])
"""
ASKED = """
import json
def told(history, canvas):
    plots = [part for part in canvas._live._view._parts if hasattr(part.widget, "runs")]
    values = {name: history[name].data for name in ("loss", "accuracy")}
    return {
        **{name: [float(value) for value in data] for name, data in values.items()},
        "steps": [str(step) for step in history["loss"].formatted_steps],
        "metrics": sorted(history.metrics),
        "epochs": [run.epochs for plot in plots for run in plot.widget.runs],
    }
print(json.dumps([told(mnist_history, mnist_canvas), told(cifar_history, cifar_canvas)]))
"""


def write_mnist(folder: Path, images: np.ndarray, labels: np.ndarray) -> None:
    """Write 28 × 28 images as torchvision's MNIST reads them."""
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for part in ("train", "t10k"):
        for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
            head = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
            (raw / f"{part}-{kind}-ubyte").write_bytes(head + array.astype(np.uint8).tobytes())


def write_cifar10(folder: Path, images: np.ndarray, labels: np.ndarray) -> None:
    """Write 32 × 32 images in three colours as torchvision's CIFAR10 reads them."""
    target = folder / "cifar-10-batches-py"
    target.mkdir()
    data = np.repeat(images[:, None], 3, axis=1).reshape(len(images), -1).astype(np.uint8)
    parts = np.array_split(np.arange(len(images)), 5)
    for i, part in enumerate([*parts, parts[0]], 1):
        name = f"data_batch_{i}" if i <= 5 else "test_batch"
        batch = {"data": data[part], "labels": labels[part].tolist()}
        (target / name).write_bytes(pickle.dumps(batch))
    names = [f"digit {i}" for i in range(10)]
    (target / "batches.meta").write_bytes(pickle.dumps({"label_names": names}))


@pytest.fixture(scope="module")
def cells(
    run_cells: Callable[..., list[Any]], tmp_path_factory: pytest.TempPathFactory
) -> list[Any]:
    folder = tmp_path_factory.mktemp("data")
    digits = load_digits()
    images, labels = 15.9 * digits.images[:COUNT], digits.target[:COUNT]
    threefold = images.repeat(3, axis=1).repeat(3, axis=2)  # 24 × 24
    write_mnist(folder, np.pad(threefold, ((0, 0), (2, 2), (2, 2))), labels)
    write_cifar10(folder, images.repeat(4, axis=1).repeat(4, axis=2), labels)
    return run_cells(IMPORTS.format(folder=str(folder)), MNIST, CIFAR10, ASKED)


def test_every_step_that_was_logged_is_kept(cells: list[Any]) -> None:
    mnist, cifar = json.loads(cells[3].outputs[0].text)
    for told in (mnist, cifar):
        assert len(told["loss"]) == len(told["accuracy"]) == 6  # 12 batches, every third, 2 epochs
        assert told["loss"][-1] < 0.8 * told["loss"][0]  # digits are learnt, quickly
        assert all(0 <= value <= 1 for value in told["accuracy"])
        assert told["epochs"] == [[0, 12], [0, 12]]  # so that curves may be drawn over epochs
    assert mnist["steps"] == ["0:3", "0:6", "0:9", "1:3", "1:6", "1:9"]
    assert mnist["metrics"] == ["accuracy", "conv1_weight", "loss"]
    assert cifar["metrics"] == ["accuracy", "conv1_output", "conv1_weight", "loss"]


def test_each_training_cell_shows_one_live_view_and_keeps_a_picture(cells: list[Any]) -> None:
    for cell, others in ((cells[1], 0), (cells[2], 1)):
        shown = [o for o in cell.outputs if o.output_type == "display_data"]
        views = [o for o in shown if "application/vnd.jupyter.widget-view+json" in o.data]
        still = [o for o in shown if "data-nbviz-static" in o.data.get("text/html", "")]
        assert len(views) == len(still) == 1
        assert len(shown) == 2 + others  # besides, the images of hl.show_images
        assert base64.b64decode(still[0].data["image/png"]).startswith(b"\x89PNG")
        assert not [o for o in cell.outputs if o.get("name") == "stderr"]
