"""Overlays: values as torch's own, hooks only while a page shows it, training left as it is."""

from __future__ import annotations

import copy
import io
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import nn

from nbviz import Trainer
from nbviz.inspection.graph.overlays.box_values import OVERLAYS
from nbviz.inspection.graph.overlays.step_hooks import dead_share

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbviz.inspection.graph.overlays.overlays import OverlayValues
    from nbviz.training.events import Event


class Net(nn.Module):
    """Two convolutions, of which one is followed by a function, a container and a drop-out."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 6, 3)
        self.act = nn.ReLU(inplace=True)
        self.blocks = nn.ModuleList(nn.Linear(24, 24) for _ in range(2))
        self.drop = nn.Dropout(0.5)
        self.pool = nn.AdaptiveAvgPool2d(2)
        self.out = nn.Linear(24, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.pool(self.act(self.conv(x))).flatten(1)
        for block in self.blocks:
            x = torch.relu(block(x))
        return self.out(self.drop(x))


class Log(nn.Module):
    """Makes a NaN when its input is negative."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(4, 4)
        self.second = nn.Linear(4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.second(torch.log(self.first(x).abs() * x.sign()))


def make(
    model: nn.Module,
    batches: list[Any],
    *observers: Callable[[Event], None],
    steps: int = 6,
    **options: Any,
) -> Trainer:
    made = Trainer(
        model,
        batches,
        loss_fn=nn.CrossEntropyLoss(),
        optimizer=torch.optim.SGD(model.parameters(), lr=0.1),
        max_steps=steps,
        device="cpu",
        threads=1,
        **options,
    )
    made.overlays.seconds = 0.0
    made.overlays.share = 1e9
    return made


def images(count: int = 6) -> list[Any]:
    torch.manual_seed(3)
    return [(torch.randn(8, 1, 8, 8), torch.randint(0, 3, (8,))) for _ in range(count)]


def traced(trainer: Trainer) -> list[str]:
    """Trace the model, and return the ids of all its boxes."""
    found: list[Any] = []
    trainer.graph.ask(found.append)
    return [node["node_id"] for level in found[0].levels() for node in level["nodes"]]


def measured(trainer: Trainer, overlay: str) -> OverlayValues:
    """Train to the end while an overlay is looked at, and return its last values."""
    nodes = traced(trainer)
    trainer.overlays.want("page 1", overlay, nodes)
    trainer.start()
    trainer.wait(180)
    latest = trainer.overlays.latest(overlay)
    assert latest is not None
    return latest


def hooks(model: nn.Module) -> int:
    return sum(
        len(module._forward_hooks) + len(module._forward_pre_hooks) for module in model.modules()
    )


def replayed(steps: int) -> tuple[Net, Net, dict[str, torch.Tensor]]:
    """Make the same steps by hand; returns the model after them, before the last, and results."""
    batches = images(steps)
    torch.manual_seed(0)
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    results: dict[str, torch.Tensor] = {}
    before = copy.deepcopy(model)
    torch.manual_seed(1)
    for step, (x, y) in enumerate(batches):
        before = copy.deepcopy(model)
        if step == steps - 1:
            for name, module in model.named_modules():
                module.register_forward_hook(
                    lambda _m, _i, result, name=name: results.update(
                        {name: result.detach().clone()}
                    )
                )
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    return model, before, results


def seeded(loader: Callable[[list[Any]], list[Any]] = list, **options: Any) -> Trainer:
    batches = loader(images())
    torch.manual_seed(0)
    return make(Net(), batches, seed=1, **options)


def test_activations_are_torchs_own() -> None:
    _, _, results = replayed(6)
    for overlay, function in (("activation_mean", torch.mean), ("activation_std", torch.std)):
        found = measured(seeded(), overlay)
        assert found.step == 6
        assert {"conv", "act", "pool", "blocks.0", "blocks.1", "out"} <= found.values.keys()
        for name, value in found.values.items():
            if name in results:
                assert value == pytest.approx(function(results[name]).item(), rel=1e-5, abs=1e-7)


def test_dead_features_of_modules_and_of_functions() -> None:
    _, _, results = replayed(6)
    found = measured(seeded(), "dead_share").values
    assert found["act"] == pytest.approx(dead_share(results["act"]).item())
    functions = {name: value for name, value in found.items() if "relu" in name}
    expected = [
        (torch.relu(results[f"blocks.{i}"]) == 0).all(dim=0).float().mean().item() for i in (0, 1)
    ]
    assert list(functions.values()) == pytest.approx(expected)
    assert "conv" not in found


def test_dead_features_are_channels_or_the_last_dimension() -> None:
    images = torch.ones(2, 4, 3, 3)
    images[:, 1] = 0
    tokens = torch.ones(2, 5, 4)
    tokens[..., :2] = -1
    assert dead_share(images).item() == 0.25
    assert dead_share(tokens).item() == 0.5


def test_norms_and_updates_are_torchs_own() -> None:
    model, before, _ = replayed(6)
    weights = measured(seeded(), "weight_norm").values
    gradients = measured(seeded(), "gradient_norm").values
    ratios = measured(seeded(), "update_ratio").values

    def whole(values: list[torch.Tensor]) -> float:
        return torch.linalg.vector_norm(torch.cat([v.flatten() for v in values])).item()

    for name in ("conv", "blocks.1", "out"):
        now = list(model.get_submodule(name).parameters())
        old = list(before.get_submodule(name).parameters())
        changes = [a.detach() - b.detach() for a, b in zip(now, old, strict=True)]
        assert weights[name] == pytest.approx(whole(now), rel=1e-5)
        assert gradients[name] == pytest.approx(whole([p.grad for p in now]), rel=1e-4)
        assert ratios[name] == pytest.approx(whole(changes) / whole(old), rel=1e-4)
    group = next(
        name for name in weights if "blocks" in name and name not in dict(model.named_modules())
    )
    assert weights[group] == pytest.approx(whole(list(model.blocks.parameters())), rel=1e-5)


def test_times_of_a_box_are_those_of_what_is_in_it() -> None:
    found = measured(seeded(), "time").values
    assert all(0 < seconds < 10 for seconds in found.values())
    group = next(name for name in found if name.startswith("/blocks"))
    assert found[group] == pytest.approx(found["blocks.0"] + found["blocks.1"])


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_training_is_the_same_with_an_overlay_and_without(overlay: str) -> None:
    plain = seeded()
    plain.start()
    plain.wait(180)
    watched = seeded()
    measured(watched, overlay)
    for mine, other in zip(
        plain.engine.model.state_dict().values(),
        watched.engine.model.state_dict().values(),
        strict=True,
    ):
        assert torch.equal(mine, other)
    assert list(plain.run["loss/train"].values) == list(watched.run["loss/train"].values)


def test_hooks_are_there_only_while_a_page_shows_the_overlay() -> None:
    counts: list[int] = []

    def look(step: int) -> None:
        if step == 2:
            trainer.overlays.want("page 1", "activation_std", nodes)
        if step == 4:
            trainer.overlays.want("page 1", "", ())
        counts.append(hooks(model))

    class Looking(list[Any]):
        def __iter__(self) -> Any:
            for step, batch in enumerate(super().__iter__(), 1):
                look(step)
                yield batch

    trainer = seeded(Looking)
    nodes = traced(trainer)
    model = trainer.engine.model
    at_rest = hooks(model)
    trainer.start()
    trainer.wait(180)
    assert counts[:2] == [at_rest, at_rest]
    assert counts[2] > at_rest
    assert counts[4:] == [at_rest, at_rest]
    assert hooks(model) == at_rest


def test_a_copy_of_the_model_that_is_measured_has_no_live_hooks() -> None:
    copies: list[nn.Module] = []

    class Saving(list[Any]):
        def __iter__(self) -> Any:
            for step, batch in enumerate(super().__iter__(), 1):
                if step == 3:
                    copies.append(copy.deepcopy(model))
                    file = io.BytesIO()
                    torch.save(model, file)
                    file.seek(0)
                    copies.append(torch.load(file, weights_only=False))
                yield batch

    trainer = seeded(Saving)
    model = trainer.engine.model
    measured(trainer, "activation_mean")
    for one in copies:
        assert one(torch.randn(2, 1, 8, 8)).shape == (2, 3)


def test_measures_rarely_enough_for_its_share() -> None:
    trainer = seeded(lambda batches: batches * 40, steps=200)
    trainer.overlays.seconds = 0.01
    trainer.overlays.share = 1e-6
    nodes = traced(trainer)
    trainer.overlays.want("page 1", "activation_std", nodes)
    trainer.start()
    trainer.wait(180)
    assert trainer.overlays.version("activation_std") == 1


def test_weights_are_measured_at_once_while_the_run_stands_still() -> None:
    trainer = seeded()
    nodes = traced(trainer)
    trainer.overlays.want("page 1", "weight_norm", nodes)
    latest = trainer.overlays.latest("weight_norm")
    assert latest is not None
    assert latest.step == 0
    conv = trainer.engine.model.get_submodule("conv")
    norm = torch.linalg.vector_norm(torch.cat([p.flatten() for p in conv.parameters()]))
    assert latest.values["conv"] == pytest.approx(norm.item(), rel=1e-5)


def test_calls_of_one_module_are_told_apart() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(3, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.fc(torch.tanh(self.fc(x)) + 5)

    batches = [(torch.randn(4, 3), torch.tensor([0, 1, 2, 0]))] * 3
    found = measured(make(Twice(), batches, steps=3), "activation_mean").values
    assert found["fc"] != found["fc:2"]


def test_the_operation_that_made_the_first_nan_is_found() -> None:
    good, bad = torch.rand(4, 4), torch.rand(4, 4)
    bad[2, 1] = -1.0
    batches = [(good, torch.tensor([0, 1, 0, 1]))] * 3 + [(bad, torch.tensor([0, 1, 0, 1]))]
    trainer = make(Log(), batches, steps=4)
    nodes = traced(trainer)
    trainer.overlays.want("page 1", "nonfinite_share", nodes)
    before = torch.get_rng_state()
    trainer.start()
    trainer.wait(180)
    assert torch.equal(before, torch.get_rng_state())
    latest = trainer.overlays.latest("nonfinite_share")
    assert latest is not None
    assert latest.first == ("/log",)
    assert latest.note.startswith("log (test_overlays.py:")
    assert latest.values["second"] > 0
    assert latest.values["first"] == 0


def test_weights_that_are_spoilt_already_are_named() -> None:
    model = Log()
    with torch.no_grad():
        model.second.weight[0, 0] = torch.inf
    batches = [(torch.rand(4, 4), torch.tensor([0, 1, 0, 1]))] * 2
    latest = measured(make(model, batches, steps=2), "nonfinite_share")
    assert latest.first == ("second",)
    assert "second.weight holds NaN or infinite values" in latest.note


def test_a_compiled_model_trains_and_says_why_it_is_not_measured() -> None:
    calls: list[int] = []

    def backend(module: Any, inputs: Any) -> Any:
        calls.append(1)
        return module.forward

    torch.manual_seed(0)
    model = torch.compile(
        nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2)), backend=backend
    )
    batches = [(torch.rand(4, 4), torch.tensor([0, 1, 0, 1]))] * 8
    trainer = make(model, batches, steps=8)  # pyright: ignore[reportArgumentType]
    latest = measured(trainer, "activation_std")
    assert "compiled" in latest.note
    assert latest.values == {}
    weights = measured(make(model, batches, steps=8), "update_ratio")  # pyright: ignore[reportArgumentType]
    assert weights.values["0"] > 0
    assert len(calls) == 1


def test_an_overlay_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="no overlay 'colour'"):
        seeded().overlays.want("page 1", "colour", [])


def test_norms_of_small_types_do_not_overflow() -> None:
    from nbviz.inspection.graph.overlays.step_hooks import norms

    values = torch.full((64,), 400.0)
    found = norms({kind: values.to(kind) for kind in (torch.float8_e4m3fn, torch.float16)})
    wanted = {kind: values.to(kind).float().norm().item() for kind in found}
    assert {kind: norm.item() for kind, norm in found.items()} == wanted
    assert wanted[torch.float16] == 3200.0
