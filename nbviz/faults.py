"""Faults put into a training on purpose, to see what they look like; a rewind undoes them."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, get_args

import torch
from torch import nn

from nbviz.errors import (
    CheckpointError,
    CommandError,
    ConfigurationError,
    NbvizError,
    attribute_of,
    text_of,
)
from nbviz.inspection.graph.overlays.box_values import layers_before_relus
from nbviz.inspection.graph.trace.modules import named_modules, wrapped_module
from nbviz.protocol.run import FaultName
from nbviz.text import counted
from nbviz.training.between_steps import between_steps

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbviz.inspection.graph.live import LiveGraph
    from nbviz.inspection.graph.model import Graph
    from nbviz.recording.run import Run
    from nbviz.trainer_options import TrainerOptions
    from nbviz.training.checkpoints.ring import StateRing
    from nbviz.training.engine import Engine

LR_FACTOR = 100
DEAD_BIAS = -100.0
VANISHING_FACTOR = 0.01
NOISE_SHARE = 0.5
_TRACE_SECONDS = 30.0  # for the end of a step that the graph waits for


class Faulty(Protocol):
    """What of a trainer is needed."""

    run: Run
    engine: Engine
    ring: StateRing
    graph: LiveGraph
    options: TrainerOptions

    @property
    def is_active(self) -> bool:
        """Whether the run's thread is alive."""
        ...

    def require_apart(self, command: str) -> None:
        """Raise RunActiveError where the present thread holds the run up, or is it."""
        ...


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that was injected.

    Attributes:
        name: As it was asked for.
        step: Completed steps: `rewind` to there undoes it.
        text: What was done, as on its mark: "label noise: …".
    """

    name: FaultName
    step: int
    text: str


class Faults:
    """Puts faults into a trainer's own model, optimizer and data, between two steps.

    Args:
        trainer: The trainer.
    """

    def __init__(self, trainer: Faulty) -> None:
        self._trainer = trainer
        # Each raises what prevents it, and returns what does it.
        self._ready: dict[str, Callable[[], Callable[[], str]]] = {
            "high_lr": self._high_lr,
            "dead_relu": self._dead_relu,
            "vanishing_init": self._vanishing_init,
            "label_noise": self._label_noise,
            "no_shuffle": self._no_shuffle,
        }

    def inject(self, name: FaultName) -> Fault:
        """Inject one, as `Trainer.inject_fault` describes."""
        trainer = self._trainer
        if name not in self._ready:
            known = ", ".join(get_args(FaultName))
            raise CommandError(f"there is no fault {name!r}; there are: {known}.")
        trainer.require_apart("inject a fault")
        engine, ring = trainer.engine, trainer.ring
        try:
            act = self._ready[name]()
            with between_steps(engine.model, whole=True):
                engine.keep_start(trainer.options.reset_memory)
                ring.keep(is_after=False)
                with torch.no_grad():
                    text = act()
                ring.keep(is_after=True)
                step = engine.step
                trainer.run.mark("fault", step, text)
        except (ConfigurationError, CheckpointError) as error:
            raise CommandError(
                f"the fault {name!r} cannot be injected: {text_of(error)}"
            ) from error
        trainer.run.notify()
        return Fault(name, step, text)

    # ------------------------------------------------------------ each of them

    def _high_lr(self) -> Callable[[], str]:
        control = self._trainer.engine.control
        rates = {
            one.name: one.value
            for one in control.settings()
            if one.name == "lr" or one.name.startswith("lr/")
        }
        # `lr` sets those of all groups, by which each keeps its ratio to the others.
        rates = {"lr": rates["lr"]} if "lr" in rates else rates
        if not rates:
            raise CommandError("there is no lr that can be set: training_step has no optimizer.")

        def act() -> str:
            control.set(**{name: value * LR_FACTOR for name, value in rates.items()})
            said = ", ".join(
                f"{name} {value:.3g} → {value * LR_FACTOR:.3g}" for name, value in rates.items()
            )
            return f"lr × {LR_FACTOR}: {said}"

        return act

    def _dead_relu(self) -> Callable[[], str]:
        graph = self._graph()
        modules = dict(named_modules(self._inner()))
        paths = layers_before_relus(graph)
        biases = [attribute_of(modules.get(path), "bias", None) for path in paths]
        found = [one for one in biases if isinstance(one, nn.Parameter)]
        if not found:
            raise CommandError(
                "the model has no ReLU whose units could die: none follows a layer with a bias."
            )

        def act() -> str:
            for bias in found:
                bias.fill_(DEAD_BIAS)
            return f"dead ReLU init: biases before {counted(len(found), 'ReLU')} are {DEAD_BIAS:g}"

        return act

    def _vanishing_init(self) -> Callable[[], str]:
        layers: list[Any] = [
            module
            for module in self._inner().modules()
            if isinstance(attribute_of(module, "weight", None), nn.Parameter)
            and module.weight.dim() > 1  # pyright: ignore[reportCallIssue]
            and not isinstance(module, nn.Embedding | nn.EmbeddingBag)
        ]
        if not layers:
            raise CommandError("the model has no layer with a matrix of weights.")

        def act() -> str:
            for layer in layers:
                layer.weight.mul_(VANISHING_FACTOR)
                if isinstance(attribute_of(layer, "bias", None), nn.Parameter):
                    layer.bias.zero_()
            return (
                f"vanishing init: weights of {counted(len(layers), 'layer')} × {VANISHING_FACTOR:g}"
            )

        return act

    def _label_noise(self) -> Callable[[], str]:
        data = self._trainer.engine.data
        count = data.count
        generator = torch.Generator().manual_seed(count)
        chosen = torch.randperm(count, generator=generator)[: max(2, int(NOISE_SHARE * count))]
        places: list[int] = [int(one) for one in chosen]
        targets = data.targets(places)
        others = torch.randperm(len(places), generator=generator)
        noise = {place: targets[int(other)] for place, other in zip(places, others, strict=True)}

        def act() -> str:
            data.relabel(noise)
            share = f"{len(noise) / count:.0%}"
            return f"label noise: {share} of the labels are drawn anew, from the next epoch on"

        return act

    def _no_shuffle(self) -> Callable[[], str]:
        data = self._trainer.engine.data
        keys = [_as_number(one) for one in data.targets()]
        is_sorted = all(key is not None for key in keys)
        order = sorted(range(len(keys)), key=lambda i: keys[i] or 0.0) if is_sorted else []

        def act() -> str:
            data.in_order(order or None)
            how = "sorted by label" if is_sorted else "in the data set's order"
            return f"no shuffling: samples come {how}, from the next epoch on"

        return act

    # ------------------------------------------------------------ inside

    def _inner(self) -> nn.Module:
        model: nn.Module = self._trainer.engine.model
        while (inner := wrapped_module(model)) is not None:
            model = inner
        return model

    def _graph(self) -> Graph:
        found: list[Any] = []
        came = threading.Event()

        def take(answer: Graph | Exception) -> None:
            found.append(answer)
            came.set()

        self._trainer.graph.ask(take)
        is_waited_for = self._trainer.engine.control.status == "running"
        if not came.wait(_TRACE_SECONDS if is_waited_for else 0.0):
            raise CommandError(
                "which of its layers a ReLU follows is not known before its first step; "
                "make one with step()."
            )
        answer = found[0]
        if isinstance(answer, Exception):
            reason = text_of(answer) if isinstance(answer, NbvizError) else repr(answer)
            raise CommandError(f"which of its layers a ReLU follows is not known: {reason}")
        return answer


def _as_number(target: Any) -> float | None:
    """Return a target by which samples can be sorted, None where it is no number."""
    try:
        return float(target)
    except (TypeError, ValueError, RuntimeError):
        return None
