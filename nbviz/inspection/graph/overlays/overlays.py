"""What colours a graph while its model trains: activations, gradients, weights and times.

Nothing is measured unless a page asks for it. A measurement lasts one step: hooks are put on the
modules that pages show after one step, or before the first, and taken off after the next. After
that nothing is measured for half a second at least, and for as long as keeps the cost within its
share of the time. What needs no step is measured whenever the run pauses or ends.
"""

from __future__ import annotations

import math
import threading
import time
import weakref
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from nbviz.inspection.graph.overlays.box_values import (
    BY_HOOKS,
    OF_ONE_STEP,
    OVERLAYS,
    BoxTargets,
    OverlayValues,
    calls_of,
    value_of,
)
from nbviz.inspection.graph.overlays.device_values import DeviceValues
from nbviz.inspection.graph.overlays.nonfinite import NonFiniteCheck
from nbviz.inspection.graph.overlays.step_hooks import (
    StepHooks,
    WeightsBefore,
    hookable_modules,
    norms,
)
from nbviz.inspection.graph.trace.modules import named_modules, wrapped_module
from nbviz.training.between_steps import between_steps
from nbviz.training.events import (
    PhaseLeft,
    PhaseReached,
    RunEnded,
    RunPaused,
    RunResumed,
    RunStarted,
    StepEnded,
    ValidationEnded,
    ValidationStarted,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import torch

    from nbviz.inspection.graph.model import Graph
    from nbviz.inspection.graph.overlays.step_hooks import HookMeasure
    from nbviz.protocol.graph import OverlayName
    from nbviz.training.events import Event

_COMPILED = "Modules inside compiled ones are not measured: a hook would have them compiled anew."


@dataclass(slots=True)
class _Measurement:
    """What was measured in one step; complete once its numbers have come from their devices."""

    step: int
    device_values: DeviceValues
    hooks: StepHooks | None
    wanted: dict[str, frozenset[str]]
    stride: int


class Overlays:
    """Measures a model in training for the pages that show its graph. An observer of the run.

    Args:
        model: The model, which is not kept alive.
        graph: Returns its graph, None while it has not been traced.
        is_idle: Returns whether no step is being made.
        spend: Called with the seconds that measuring took.
        seconds: The least time between two measurements.
        share: The most of the training's time that measuring may take, 0 to 1.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        graph: Callable[[], Graph | None],
        *,
        is_idle: Callable[[], bool],
        spend: Callable[[float], None] = lambda _: None,
        seconds: float = 0.5,
        share: float = 0.005,
    ) -> None:
        self.seconds = seconds
        self.share = share
        self._model = weakref.ref(model)
        self._graph = graph
        self._is_idle = is_idle
        self._spend = spend
        self._lock = threading.RLock()
        self._wants: dict[str, tuple[OverlayName, frozenset[str]]] = {}
        self._wanted: dict[str, frozenset[str]] = {}
        self._targets: BoxTargets | None = None
        self._values: dict[str, tuple[int, OverlayValues]] = {}
        self._versions = 0
        self._due = 0.0
        self._step = 0
        self._hooks: StepHooks | None = None
        self._before: WeightsBefore | None = None
        self._measurement: _Measurement | None = None
        self._check: NonFiniteCheck | None = None
        self._failure = ""
        self._has_compiled = False
        self._validates = False
        self._is_inside = False  # the run stands inside a step
        self._cost = 0.0  # of the measurement that is being made, in seconds

    # ------------------------------------------------------------ what pages show

    @property
    def wanted(self) -> frozenset[str]:
        """The overlays that some page shows."""
        return frozenset(self._wanted)

    def want(self, owner: str, overlay: str, nodes: Iterable[str]) -> None:
        """Set what `owner` shows now, in place of what it showed before.

        Args:
            owner: Whichever name it has.
            overlay: One of `OVERLAYS`, or "" for none.
            nodes: The boxes that it shows.

        Raises:
            ValueError: There is no such overlay.
        """
        if overlay and overlay not in OVERLAYS:
            raise ValueError(f"there is no overlay {overlay!r}; there are: {', '.join(OVERLAYS)}.")
        with self._lock:
            self._wants.pop(owner, None)
            if overlay:
                self._wants[owner] = overlay, frozenset(nodes)
            before, self._wanted = self._wanted, {}
            for name, shown in self._wants.values():
                self._wanted[name] = self._wanted.get(name, frozenset()) | shown
            if any(
                not shown <= before.get(name, frozenset()) for name, shown in self._wanted.items()
            ):
                self._due = 0.0
            self._values = {n: v for n, v in self._values.items() if n in self._wanted}
        model = self._model()
        if overlay and model is not None and self._is_idle():
            # A run that begins now, or another's, is held between two steps meanwhile.
            with between_steps(model, inside=True), self._lock:
                if not self._is_inside:  # hooks stay on while a forward pass may be half made
                    self._rest()
                self._measure_at_rest()

    def latest(self, overlay: str) -> OverlayValues | None:
        """Return an overlay's newest values, None if there are none."""
        entry = self._values.get(overlay)
        return entry[1] if entry else None

    def version(self, overlay: str) -> int:
        """Return a number that rises with every change of the values; 0 while there are none."""
        entry = self._values.get(overlay)
        return entry[0] if entry else 0

    # ------------------------------------------------------------ the run's thread

    def __call__(self, event: Event) -> None:
        """Measure between two steps what pages show."""
        if isinstance(event, StepEnded):
            self._step = event.step
            if self._wanted or self._hooks or self._before or self._check:
                self._guarded(self._step_ended)
        elif isinstance(event, ValidationStarted | ValidationEnded):
            self._validates = isinstance(event, ValidationStarted)
            if self._hooks is not None:
                self._hooks.is_listening = not self._validates
        elif isinstance(event, RunPaused | RunEnded):
            self._guarded(self._stand_still)
        elif isinstance(event, PhaseReached | PhaseLeft):
            self._is_inside = isinstance(event, PhaseReached)
            if self._is_inside and not OF_ONE_STEP.issuperset(self._wanted):
                self._guarded(self._measure_at_rest)
        elif isinstance(event, RunStarted | RunResumed):
            if isinstance(event, RunStarted):
                self._validates = False  # the last run may have ended in the middle of it
            self._guarded(self._go_on)

    def _guarded(self, act: Callable[[], None]) -> None:
        """Measure; what fails is not tried again until something else is wanted."""
        with self._lock:
            try:
                act()
            except Exception as error:  # noqa: BLE001  no picture is worth the run
                self._rest()
                self._due = math.inf
                self._failure = f"Could not be measured: {type(error).__name__}: {error}"
                for name in self._wanted:
                    self._publish(OverlayValues(cast("OverlayName", name), self._step, {}))

    def _step_ended(self) -> None:
        started = time.perf_counter()
        self._follow_outputs()
        self._end_step()
        self._read()
        if self._measurement is None and self._wanted and time.monotonic() >= self._due:
            self._begin_step()
        seconds = time.perf_counter() - started
        self._cost += seconds
        self._spend(seconds)

    def _begin_step(self) -> None:
        """Put on the hooks, and keep the weights, that the next step will be measured by."""
        model, targets = self._known()
        if model is None or targets is None or self._wanted.keys().isdisjoint(OF_ONE_STEP):
            return
        self._failure = ""
        hooked = {name for name in self._wanted if name in BY_HOOKS}
        if hooked:
            whole = self._model()
            modules = {} if whole is None else hookable_modules(whole)
            self._has_compiled = len(modules) < len(named_modules(model))
            paths = {
                targets.path(call)
                for name in hooked
                for node in self._wanted[name]
                for call in calls_of(targets, name, node)
            }
            found = {path: modules[path] for path in sorted(paths) if path in modules}
            self._hooks = StepHooks(model, found, cast("set[HookMeasure]", hooked))
        if "update_ratio" in self._wanted:
            self._before = WeightsBefore(self._parameters(model, targets, "update_ratio"))

    def _end_step(self) -> None:
        """Take what was measured in the step, and the norms of the weights after it."""
        hooks, self._hooks = self._hooks, None
        before, self._before = self._before, None
        if hooks is not None:
            hooks.remove()
            self._spend(hooks.seconds)
            self._cost += hooks.seconds
        model, targets = self._known()
        if model is None or targets is None or not self._wanted or self._measurement is not None:
            return
        if hooks is None and before is None:
            is_due = time.monotonic() >= self._due
            if not is_due or not self._wanted.keys().isdisjoint(OF_ONE_STEP):
                return
            self._failure = ""
        numbers: dict[Any, Any] = {} if hooks is None else dict(hooks.numbers)
        numbers.update(self._norms(model, targets))
        if before is not None and "update_ratio" in self._wanted:
            now = self._parameters(model, targets, "update_ratio")
            changes, weights = before.compare(now)
            numbers.update({("change", name): norm for name, norm in changes.items()})
            numbers.update({("before", name): norm for name, norm in weights.items()})
        stride = 1 if before is None else before.stride
        self._measurement = _Measurement(
            self._step, DeviceValues(numbers), hooks, dict(self._wanted), stride
        )
        self._due = time.monotonic() + max(self.seconds, self._cost / self.share)
        self._cost = 0.0

    def _norms(self, model: torch.nn.Module, targets: BoxTargets) -> dict[Any, torch.Tensor]:
        found: dict[Any, torch.Tensor] = {}
        for name in ("weight_norm", "gradient_norm"):
            if name in self._wanted:
                tensors = self._parameters(model, targets, name)
                given = {
                    (name, key): tensor.grad if name == "gradient_norm" else tensor
                    for key, tensor in tensors.items()
                }
                found.update(norms(given))
        return found

    def _read(self) -> None:
        measurement = self._measurement
        if measurement is None or not measurement.device_values.is_ready:
            return
        if measurement.hooks is not None and not measurement.hooks.is_ready:
            return
        self._measurement = None
        numbers = measurement.device_values.read()
        if measurement.hooks is not None:
            numbers.update(measurement.hooks.times())
        _, targets = self._known()
        if targets is None:
            return
        for name, nodes in measurement.wanted.items():
            if name in self._wanted:
                values: dict[str, float] = {}
                for node in sorted(nodes):
                    value = value_of(targets, name, node, numbers)
                    if value is not None:
                        values[node] = value
                self._publish(
                    OverlayValues(
                        cast("OverlayName", name),
                        measurement.step,
                        values,
                        self._note(name, measurement),
                    )
                )

    def _note(self, name: str, measurement: _Measurement) -> str:
        if name in BY_HOOKS and self._has_compiled:
            return _COMPILED
        if name == "update_ratio" and measurement.stride > 1:
            return f"Estimated from one weight in {measurement.stride}."
        return ""

    def _publish(self, values: OverlayValues) -> None:
        found = self._check.found if self._check is not None else None
        if values.overlay == "nonfinite_share" and found is not None:
            graph = self._graph()
            first = tuple(graph.hierarchy.around(found.node_id)) if graph is not None else ()
            values = replace(values, note=found.text, first=first)
        elif self._failure:
            values = replace(values, note=self._failure)
        self._versions += 1
        self._values[values.overlay] = self._versions, values

    # ------------------------------------------------------------ NaN and infinities

    def _follow_outputs(self) -> None:
        """Check every result of the model while a page shows the overlay of NaN."""
        model, graph = self._model(), self._graph()
        if "nonfinite_share" not in self._wanted:
            if self._check is not None:
                self._check.remove()
                self._check = None
        elif self._check is None and model is not None and graph is not None:
            self._check = NonFiniteCheck(model, graph)
        if self._check is not None:
            self._check.follow()
            if self._check.read():
                last = self.latest("nonfinite_share")
                values = last.values if last is not None else {}
                self._publish(OverlayValues("nonfinite_share", self._step, values))

    # ------------------------------------------------------------ while no step is made

    def _stand_still(self) -> None:
        """Finish what was measured in the last step; there may be no other."""
        if self._measurement is not None:
            self._measurement.device_values.read()  # no step waits for it now
            if self._measurement.hooks is not None:
                self._measurement.hooks.wait()
            self._read()
        self._rest()
        self._follow_outputs()
        if not OF_ONE_STEP.issuperset(self._wanted):
            self._measure_at_rest()

    def _go_on(self) -> None:
        """Measure the first step: it may be the only one before the next pause."""
        self._follow_outputs()
        if self._wanted and not self._validates:
            self._begin_step()

    def _measure_at_rest(self) -> None:
        """Measure what needs no step: weights, and the gradients that the last one left."""
        model, targets = self._known()
        if model is None or targets is None:
            return
        self._failure = ""
        numbers = self._norms(model, targets)
        wanted = {n: s for n, s in self._wanted.items() if n in ("weight_norm", "gradient_norm")}
        if numbers:
            self._measurement = _Measurement(self._step, DeviceValues(numbers), None, wanted, 1)
            self._measurement.device_values.read()
            self._read()

    def _rest(self) -> None:
        """Take everything off the model. Only while no forward pass runs."""
        if self._hooks is not None:
            self._hooks.remove()
        self._hooks = self._before = self._measurement = None
        if self._check is not None and "nonfinite_share" not in self._wanted:
            self._check.remove()
            self._check = None

    # ------------------------------------------------------------ what there is

    def _known(self) -> tuple[torch.nn.Module | None, BoxTargets | None]:
        model = self._model()
        while model is not None and (inner := wrapped_module(model)) is not None:
            model = inner
        if self._targets is None:
            graph = self._graph()
            self._targets = BoxTargets(graph) if graph is not None else None
        return model, self._targets

    def _parameters(
        self, model: torch.nn.Module, targets: BoxTargets, overlay: str
    ) -> dict[str, torch.Tensor]:
        present = dict(model.named_parameters(remove_duplicate=False))
        names = {n: None for node in self._wanted[overlay] for n in targets.parameters_of(node)}
        return {name: present[name] for name in names if name in present}
