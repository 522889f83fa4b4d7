"""Watching a model: statistics and histograms of weights, gradients and activations over a run."""

from __future__ import annotations

import contextlib
import time
import weakref
from typing import TYPE_CHECKING, Self

import torch

from nbviz.errors import LoggingError
from nbviz.inspection.graph.trace.modules import all_parameters, type_name
from nbviz.inspection.tensors.device_statistics import PLAIN
from nbviz.inspection.tensors.heatmaps import layer_tensors
from nbviz.inspection.tensors.sharded import is_whole, own_part
from nbviz.recording.media.inbox import Waiting
from nbviz.recording.watching.feature_maps import log_feature_maps
from nbviz.recording.watching.hooks import Hooks, has_compiled_parts
from nbviz.recording.watching.jobs import Plans, take_samples
from nbviz.text import counted
from nbviz.training import clock
from nbviz.training.devices.cuda_events import is_captured

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from types import TracebackType

    from torch import nn

    from nbviz.inspection.tensors.histograms import Histogram
    from nbviz.inspection.tensors.statistics import Statistics
    from nbviz.recording.watching.jobs import Sample
    from nbviz.recording.watching.options import WatchOptions
    from nbviz.recording.watching.plan import WatchPlan
    from nbviz.recording.watching.watched import WatchedRun

    Found = dict[str, tuple[Statistics, Histogram | None]]

_MOST_WAITING_BYTES = 64_000_000  # of samples that have not been made; one more may come
_MOST_COPIED = 1 << 24  # values of weights kept from one step to the next, for updates


class Watch:
    """What `Run.watch` returns: samples a model now and then until it is stopped.

    As a context (`with run.watch(model):`) it ends with the block; it ends with its run, too.
    """

    def __init__(
        self, record: WatchedRun, model: nn.Module, options: WatchOptions, plan: WatchPlan
    ) -> None:
        self.options = options
        self.plan = plan
        self.samples = 0
        self._record = weakref.ref(record)
        self._model = weakref.ref(model)
        self.modules = plan.modules
        if self.modules and has_compiled_parts(model):
            record.note(
                "activations inside a compiled model cannot be watched, except those of the whole "
                "model; its weights and gradients can.",
                "warning",
            )
        if not self.modules and not all_parameters(model):
            record.note(
                f"the watch of {type_name(model)} finds no parameters: a quantised or frozen model "
                "has none. Watch what its layers give: activations=True.",
                "warning",
            )
        self._plans = Plans()
        self._due = 0.0
        self._last = float("-inf")
        self._passes = 0
        self._sampled_pass = 0
        self._under_way: list[Sample] = []
        self._previous: tuple[int, dict[str, torch.Tensor]] | None = None
        self._copied = 0  # how many weights have been, one after another
        self._norms: dict[str, float] = {}
        self._refused: set[str] = set()
        self._is_sharded = False
        self.is_active = True
        self._hooks = Hooks(self, model, is_driven=record.is_driven)

    # ------------------------------------------------------------ life

    def stop(self) -> None:
        """End it: take the hooks off the model. What was sampled stays."""
        self.is_active = False
        self._hooks.remove()
        self._previous = None
        record = self._record()
        if record is not None and self in record.watches:
            record.watches.remove(self)

    close = stop

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def is_of(self, model: nn.Module) -> bool:
        """Whether it is this model that it samples."""
        return self._model() is model

    def __repr__(self) -> str:
        state = "active" if self.is_active else "ended"
        return (
            f"Watch({self.options.prefix or 'model'}, {counted(self.samples, 'sample')}, {state})"
        )

    # ------------------------------------------------------------ when

    def step_ended(self, step: int) -> None:
        """Sample what is there between two steps of an engine, if it is time to."""
        self._passes += 1
        self._take_updates()
        if self._is_due():
            with self._measured():
                self._take_weights(step)
                if self.options.gradients:
                    self._take("gradients", self._gradients(), step)
                self._hooks.arm_activations()

    def pass_begins(self) -> None:
        """Sample before a training pass of a user's own loop, if it is time to; called by a hook.

        The gradients are those of this pass, as `.grad` holds them after its backward pass.
        """
        self._passes += 1
        self._take_updates()
        record = self._record()
        if record is None or not self._is_due():
            return
        step = record.newest_step()
        with self._measured():
            self._take_weights(step)
            self._hooks.arm_activations()
            if self.options.gradients:
                self._hooks.arm_gradients(self._parameters())

    def logged(self) -> None:
        """Sample after a log call, where the model's passes are not seen, as in a compiled one."""
        if self._hooks.sees_passes or is_captured():
            return
        record = self._record()
        if record is not None:
            self.step_ended(record.newest_step())

    def take_activations(self, name: str, output: torch.Tensor) -> None:
        """Sample a module's output; called by a hook."""
        record = self._record()
        if record is not None:
            with self._costs(record):
                step = record.newest_step()
                if name in self.plan.activations:
                    self._take("activations", {name: output}, step)
                if name in self.plan.feature_maps:
                    self._take_maps(record, name, output, step)

    def take_gradients(self, gradients: Mapping[str, torch.Tensor]) -> None:
        """Sample gradients; called at the end of a backward pass."""
        record = self._record()
        if record is not None:
            with self._costs(record):
                self._take("gradients", gradients, record.newest_step())

    def _is_due(self) -> bool:
        record = self._record()
        if record is None or not self.is_active:
            return False
        self._under_way = [sample for sample in self._under_way if not sample.is_done]
        if sum(sample.nbytes for sample in self._under_way) > _MOST_WAITING_BYTES:
            return False
        every_steps = self.options.every_steps
        if every_steps is not None:
            is_due = self.samples == 0 or self._passes - self._sampled_pass >= every_steps
        else:
            is_due = time.monotonic() >= self._due
        return is_due and record.overhead.allows(self._last)

    @contextlib.contextmanager
    def _measured(self) -> Generator[None]:
        record = self._record()
        assert record is not None
        started = time.monotonic()
        self._sampled_pass = self._passes
        self._last = started
        self._due = started + self.options.every
        self.samples += 1
        with self._costs(record):
            yield

    @contextlib.contextmanager
    def _costs(self, record: WatchedRun) -> Generator[None]:
        started = time.perf_counter()
        try:
            with torch.no_grad():
                yield
        except Exception as error:  # noqa: BLE001  a sample never ends a training
            record.note(f"the watch of the model ended: {type(error).__name__}: {error}", "warning")
            self.stop()
        finally:
            record.meter.spend(time.perf_counter() - started)

    # ------------------------------------------------------------ what

    def _parameters(self) -> dict[str, nn.Parameter]:
        model = self._model()
        if model is None:
            self.stop()
            return {}
        named = layer_tensors(model).items()
        return {name: one for name, one in named if self.plan.has_parameter(name)}

    def _take_maps(self, record: WatchedRun, name: str, output: torch.Tensor, step: int) -> None:
        tag = f"{self.options.prefix}feature_maps/{name}"
        try:
            log_feature_maps(record, tag, output, step)
        except LoggingError as error:
            self._refuse(record, tag, error)

    def _refuse(self, record: WatchedRun, tag: str, error: Exception) -> None:
        if tag not in self._refused:
            self._refused.add(tag)
            record.note(f"{tag} is not watched: {error}", "warning")

    def _gradients(self) -> dict[str, torch.Tensor]:
        named = self._parameters().items()
        return {name: one.grad for name, one in named if one.grad is not None}

    def _take_weights(self, step: int) -> None:
        if not (self.options.weights or self.options.updates):
            return
        weights = self._parameters()
        self._take("weights", weights, step)
        if self.options.updates:
            self._previous = (step, self._copy_some(weights))

    def _copy_some(self, weights: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Copy weights as they are now: some of a large model's, the next ones at the next call."""
        names = list(weights)
        copies: dict[str, torch.Tensor] = {}
        room = _MOST_COPIED
        for _ in names:
            name = names[self._copied % len(names)]
            try:
                values = _some_of(weights[name])
            except (RuntimeError, NotImplementedError):  # refused as a weight, too
                self._copied += 1
                continue
            if values.numel() > room:
                break
            copies[name] = values.clone()
            room -= values.numel()
            self._copied += 1
        return copies

    def _take_updates(self) -> None:
        if self._previous is None:
            return
        step, old = self._previous
        self._previous = None
        record = self._record()
        if record is None:
            return
        with self._costs(record):
            now = self._parameters()
            # In place: of a change only its norm is of interest.
            changes = {name: old[name].sub_(_some_of(now[name])) for name in old if name in now}
            self._take("updates", changes, step)

    def _take(self, kind: str, tensors: Mapping[str, torch.Tensor], step: int) -> None:
        record = self._record()
        if record is None or not tensors:
            return
        wall_time = clock.now()
        bins = self.options.bins if self.options.histograms and kind != "updates" else 0

        def deliver(found: Found) -> None:
            self._deliver(kind, found, step, wall_time)

        self._mention_shards(record, tensors)

        def refuse(name: str, error: Exception) -> None:
            self._refuse(record, f"{kind}/{name}", error)

        spend = record.meter.spend
        plans = self._plans
        for sample in take_samples(tensors, bins, deliver, plans, spend=spend, refuse=refuse):
            self._under_way.append(sample)
            record.put_media(Waiting(f"{self.options.prefix}{kind}", None, step, wall_time, sample))

    def _mention_shards(self, record: WatchedRun, tensors: Mapping[str, torch.Tensor]) -> None:
        if not self._is_sharded and not all(is_whole(one) for one in tensors.values()):
            self._is_sharded = True
            record.note(
                "the model's tensors are shared among processes (DTensor): what is watched are "
                "the parts that this process holds."
            )

    def _deliver(self, kind: str, found: Found, step: int, wall_time: float) -> None:
        record = self._record()
        if record is None:
            return
        prefix = self.options.prefix
        points: dict[str, float] = {}
        for name, (statistics, histogram) in found.items():
            if kind == "weights":
                self._norms[name] = _mean_magnitude(statistics)
            if kind == "updates":
                norm = self._norms.get(name, 0.0)
                ratio = _mean_magnitude(statistics) / norm if norm else float("nan")
                points[f"{prefix}update_to_weight_ratio/{name}"] = ratio
            elif kind != "weights" or self.options.weights:
                tag = f"{prefix}{kind}/{name}"
                for column in self.options.statistics:
                    points[f"{tag}/{column}"] = float(getattr(statistics, column))
                if histogram is not None:
                    record.take_media(tag, "histogram", step, wall_time, histogram)
        record.take_points(points, step, wall_time)


def _some_of(weight: torch.Tensor) -> torch.Tensor:
    """Return a weight's values; of one that is too large to be copied every n-th one."""
    values = own_part(weight.detach())
    if not values.is_complex() and values.dtype not in PLAIN:
        values = values.to(torch.float32)
    if values.numel() > _MOST_COPIED:
        return values.reshape(-1)[:: -(-values.numel() // _MOST_COPIED)]
    return values


def _mean_magnitude(statistics: Statistics) -> float:
    """Return the root of the mean square, which a weight and some of its values have in common."""
    return statistics.norm / max(1, statistics.count) ** 0.5
