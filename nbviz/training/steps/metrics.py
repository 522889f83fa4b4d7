"""Metrics by name or callable, computed from outputs and targets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import torch

from nbviz.errors import ConfigurationError, attribute_of, describe
from nbviz.training.steps import counts
from nbviz.training.steps.means import Means

if TYPE_CHECKING:
    from torch import Tensor

Metric = Callable[[Any, Any], Any]
"""Outputs and targets of one batch to a number or a tensor with one element."""


@dataclass(frozen=True, slots=True)
class CountedMetric:
    """A metric whose counts add up over batches, so that it is exact over a whole data set."""

    count: Callable[[Tensor, Tensor], tuple[Any, ...]]
    value: Callable[..., Tensor]


NAMED = {
    "accuracy": CountedMetric(counts.count_right, counts.share),
    "top5_accuracy": CountedMetric(counts.count_top5, counts.share),
    "f1": CountedMetric(counts.count_classes, counts.macro_f1),
    "mae": CountedMetric(counts.add_absolute_errors, counts.share),
    "mse": CountedMetric(counts.add_squared_errors, counts.share),
}

AnyMetric = CountedMetric | Metric


def read_metrics(
    metrics: Mapping[str, str | Metric] | Iterable[str | Metric] | str,
) -> dict[str, AnyMetric]:
    """Return metrics by name.

    Args:
        metrics: Names out of `NAMED` and callables of (outputs, targets), in a sequence; or a
            mapping that names them.

    Raises:
        ConfigurationError: There is no metric of that name, one is not callable, or two share a
            name.
    """
    if isinstance(metrics, str):
        metrics = [metrics]
    pairs = (
        list(cast("Mapping[Any, Any]", metrics).items())
        if isinstance(metrics, Mapping)
        else [(_name_of(metric), metric) for metric in metrics]
    )
    found: dict[str, AnyMetric] = {}
    for name, metric in pairs:
        chosen = NAMED.get(metric) if isinstance(metric, str) else metric
        if chosen is None or not (isinstance(chosen, CountedMetric) or callable(chosen)):
            raise ConfigurationError(
                f"there is no metric {metric!r}; name one of {', '.join(NAMED)}, "
                "or give a callable of (outputs, targets)."
            )
        if name in found or name == "loss":
            raise ConfigurationError(
                f"two metrics would be called {name!r}; "
                "give a dict with a name for each, and none called 'loss'."
            )
        found[str(name)] = chosen
    return found


def _name_of(metric: object) -> str:
    if isinstance(metric, str):
        return metric
    return attribute_of(metric, "__name__", type(metric).__name__).strip("<>").lower()


class MetricMeans:
    """The metrics of several batches together.

    Args:
        metrics: By name. One that raises is taken out of this dict, for the rest of the run.
        report: Called with the name and the reason, when one raised or gave no number.
        is_single: Whether one batch alone will be added, as for `Means`.
    """

    def __init__(
        self,
        metrics: dict[str, AnyMetric],
        report: Callable[[str, str], None],
        *,
        is_single: bool = False,
    ) -> None:
        self._metrics = metrics
        self._report = report
        self._counts: dict[str, tuple[Any, ...]] = {}
        self._means = Means(self._refuse, is_single=is_single)

    @torch.no_grad()
    def add(self, outputs: Any, targets: Any, samples: int) -> None:
        """Add one batch of `samples` samples."""
        for name, metric in list(self._metrics.items()):
            try:
                if isinstance(metric, CountedMetric):
                    new = metric.count(outputs, targets)
                    old = self._counts.get(name)
                    self._counts[name] = (
                        new if old is None else tuple(a + b for a, b in zip(old, new, strict=True))
                    )
                else:
                    self._means.add({name: metric(outputs, targets)}, samples)
            except Exception as error:  # noqa: BLE001  a metric of the user's must not end the run
                self._drop(name, f"raised {describe(error)}")

    def values(self) -> dict[str, Any]:
        """Return each metric that has not raised."""
        values = self._means.values()
        for name, summed in self._counts.items():
            metric = self._metrics.get(name)
            if isinstance(metric, CountedMetric):
                values[name] = metric.value(*summed)
        return {name: value for name, value in values.items() if name in self._metrics}

    def _refuse(self, name: str, reason: str) -> None:
        self._drop(name, f"must give one number, {reason}")

    def _drop(self, name: str, reason: str) -> None:
        self._metrics.pop(name, None)
        self._counts.pop(name, None)
        self._report(name, reason)
