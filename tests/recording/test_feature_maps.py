"""Feature maps and single layers: what a watch takes pictures of, and what it leaves alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import nbviz
from nbviz import Run, Trainer
from nbviz.errors import CommandError, ConfigurationError

NOW: dict[str, Any] = {"every": 0.0, "every_steps": 1}


class Kinds(nn.Module):
    """Layers whose outputs have a different number of dimensions each."""

    def __init__(self) -> None:
        super().__init__()
        self.volume = nn.Conv3d(1, 2, 1)
        self.plane = nn.Conv2d(1, 70, 3)
        self.line = nn.Conv1d(70, 3, 1)
        self.flat = nn.Linear(3, 4)
        self.number = nn.Linear(4, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.volume(x)[:, :1].mean(dim=2)
        x = self.line(self.plane(x).flatten(2))
        return self.number(self.flat(x.mean(dim=2))).square().mean()


def test_each_kind_of_output_is_shown_as_what_it_is() -> None:
    torch.manual_seed(0)
    run, model = Run(overhead_budget=1), Kinds()
    seen: dict[str, torch.Tensor] = {}
    for name, layer in model.named_children():
        layer.register_forward_hook(lambda _m, _i, out, name=name: seen.update({name: out}))
    with run.watch(model, weights=False, gradients=False, feature_maps=True, **NOW):
        model(torch.randn(2, 1, 5, 8, 9)).backward()
        run.log({"loss": 1.0}, 1)
    run.finish()
    values = {tag.removeprefix("feature_maps/"): run.media[tag][-1].value for tag in run.media}
    assert set(values) == {"volume", "plane", "line", "flat", "number"}
    # Of 70 channels 64, in 8 rows of 8 maps of 6 × 7 pixels with gaps of 2.
    pixels = values["plane"].pixels
    assert pixels.shape == (8 * 6 + 7 * 2, 8 * 7 + 7 * 2, 3)
    # Each in its own range: its least value is viridis' first colour, its greatest the last.
    first = seen["plane"][0, 0].detach().numpy()
    low, high = (np.unravel_index(one, first.shape) for one in (first.argmin(), first.argmax()))
    assert pixels[low].tolist() == [0x44, 0x01, 0x54]
    assert pixels[high].tolist() == [0xFD, 0xE7, 0x24]
    assert values["volume"].pixels.shape == (8, 9 * 2 + 2, 3)  # the middle slices of two channels
    assert np.allclose(values["line"], seen["line"][0].detach().numpy())
    assert np.allclose(values["flat"], seen["flat"].detach().numpy())


def test_maps_that_are_large_are_thinned() -> None:
    run, model = Run(overhead_budget=1), nn.Sequential(nn.Conv2d(1, 64, 1))
    with run.watch(model, weights=False, gradients=False, feature_maps=["0"], **NOW):
        model(torch.randn(1, 1, 400, 300)).sum().backward()
        run.log({"loss": 1.0}, 1)
    run.finish()
    (image,) = run.media["feature_maps/0"]
    assert image.value.width * image.value.height < 1.2 * 2**20


def test_layers_restrict_a_watch_and_may_not_overlap() -> None:
    run = Run(overhead_budget=1)
    model = nn.Sequential(nn.Linear(4, 8), nn.Sequential(nn.Linear(8, 8), nn.ReLU()))
    first = run.watch(model, layers="1", updates=True, histograms=False, **NOW)
    with pytest.raises(ConfigurationError, match="has a watch already"):
        run.watch(model, layers=["1.0"])
    with pytest.raises(ConfigurationError, match="has a watch already"):
        run.watch(model)
    with pytest.raises(ConfigurationError, match="no module is called '2'"):
        run.watch(model, layers=["2"])
    with pytest.raises(ConfigurationError, match="layers must be names"):
        run.watch(model, layers=3)  # type: ignore[arg-type]
    second = run.watch(model, layers=["0"], gradients=False, histograms=False, **NOW)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    for step in (1, 2):
        model(torch.randn(3, 4)).sum().backward()
        optimizer.step()
        run.log({"loss": 1.0}, step)
    run.finish()
    kinds = {tag.rpartition("/")[0] for tag in run.tags if "/" in tag}
    parts = ("weight", "bias")
    assert kinds == (
        {f"weights/{layer}.{part}" for layer in ("0", "1.0") for part in parts}
        | {f"gradients/1.0.{part}" for part in parts}
        | {"update_to_weight_ratio"}
    )
    assert first.samples == second.samples == 2


def make_trainer(**options: object) -> Trainer:
    torch.manual_seed(0)
    train, _ = nbviz.datasets.digits()
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 10))
    return Trainer(
        model,
        train,
        loss_fn=nn.CrossEntropyLoss(),
        optimizer=torch.optim.SGD(model.parameters(), lr=0.1),
        max_steps=6,
        device="cpu",
        threads=1,
        overhead_budget=1,
        **options,  # type: ignore[arg-type]
    )


def watched_of(trainer: Trainer, path: str) -> set[str]:
    """What was recorded of a layer: weights, gradients …"""
    tags = [*trainer.run.tags, *trainer.run.media]
    return {tag.partition("/")[0] for tag in tags if f"/{path}" in tag}


def test_a_trainer_watches_a_layer_that_is_asked_for_and_in_its_next_run_too() -> None:
    trainer = make_trainer()
    with pytest.raises(CommandError, match="'nowhere' cannot be watched: no module is called"):
        trainer.watch_layer("nowhere")
    trainer.watch_layer("0")
    trainer.watch_layer("1")  # a layer without weights
    trainer.start()
    trainer.wait()
    everything = {"weights", "gradients", "update_to_weight_ratio", "activations", "feature_maps"}
    assert watched_of(trainer, "0") == everything
    assert watched_of(trainer, "1") == {"activations", "feature_maps"}
    assert watched_of(trainer, "3") == set()
    trainer.watch_layer("1", on=False)
    trainer.reset()
    trainer.start()
    trainer.wait()
    assert watched_of(trainer, "0") == everything
    assert watched_of(trainer, "1") == set()


def test_what_a_trainer_watches_already_is_not_watched_twice() -> None:
    trainer = make_trainer(watch={"every": 0.0, "activations": ["0"]})
    trainer.watch_layer("0")
    trainer.start()
    trainer.wait()
    steps = trainer.run["weights/0.weight/norm"].steps
    assert len(steps) == len(set(steps))
    assert watched_of(trainer, "0") >= {"weights", "activations", "feature_maps"}
    assert "gradients" in watched_of(trainer, "3")
