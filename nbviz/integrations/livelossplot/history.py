"""MainLogger: what was logged, by metric, and in which chart each metric stands."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LONG_NAMES = {
    "acc": "Accuracy",
    "nll": "Log Loss (cost function)",
    "mse": "Mean Squared Error",
    "loss": "Loss",
}
PATTERNS = ((r"^(?!val(_|-))(.*)", "training"), (r"^(val(_|-))(.*)", "validation"))


class LogItem(NamedTuple):
    """A value and its step."""

    step: int
    value: float


class MainLogger:
    """Keeps values by metric.

    Args:
        groups: Charts by name, with the metrics that stand in them; by default metrics that are
            alike but for "val_" stand together.
        metric_to_name: Names to be shown in place of a metric's.
        from_step: The first step that `history_shorter` returns; negative counts from the newest.
        current_step: The step before the first.
        auto_generate_groups_if_not_available: Whether charts are found by the names of metrics.
        auto_generate_metric_to_name: Whether names to be shown are.
        group_patterns: Regular expressions of metrics, with the name of what each is of.
        step_names: What a step is, for all charts or by chart.

    Attributes:
        log_history: Values by metric.
        groups: Charts by name.
        current_step: The newest step.
    """

    def __init__(
        self,
        groups: dict[str, list[str]] | None = None,
        metric_to_name: dict[str, str] | None = None,
        from_step: int = 0,
        current_step: int = -1,
        auto_generate_groups_if_not_available: bool = True,
        auto_generate_metric_to_name: bool = True,
        group_patterns: Iterable[tuple[str | re.Pattern[str], str]] = PATTERNS,
        step_names: str | Mapping[str, str] = "epoch",
    ) -> None:
        self.log_history: dict[str, list[LogItem]] = {}
        self.groups = dict(groups or {})
        self.metric_to_name = dict(metric_to_name or {})
        self.from_step = from_step
        self.current_step = current_step
        self.auto_generate_groups = not groups and auto_generate_groups_if_not_available
        self.auto_generate_metric_to_name = auto_generate_metric_to_name
        self.group_patterns = tuple((re.compile(one), name) for one, name in group_patterns)
        named = {} if isinstance(step_names, str) else dict(step_names)
        default = step_names if isinstance(step_names, str) else "epoch"
        self.step_names: defaultdict[str, str] = defaultdict(lambda: default, named)

    def update(self, logs: Mapping[str, float], current_step: int | None = None) -> None:
        """Add a value of each metric; at the next step unless one is given."""
        self.current_step = self.current_step + 1 if current_step is None else current_step
        for metric, value in logs.items():
            if metric not in self.log_history:
                self.log_history[metric] = []
                if self.auto_generate_metric_to_name and metric not in self.metric_to_name:
                    self._name(metric)
            self.log_history[metric].append(LogItem(self.current_step, value))

    def grouped_log_history(
        self, raw_names: bool = False, raw_group_names: bool = False
    ) -> dict[str, dict[str, list[LogItem]]]:
        """Return values by chart and metric, from `from_step` on.

        Args:
            raw_names: Metrics as they were logged, not as they are shown.
            raw_group_names: The same of charts.
        """
        if self.auto_generate_groups:
            self.groups = {}
            for metric in self.log_history:
                self.groups.setdefault(self.base_of(metric)[0], []).append(metric)
        return {
            group if raw_group_names else LONG_NAMES.get(group, group): {
                metric if raw_names else self.metric_to_name.get(metric, metric): (
                    self.history_shorter(metric)
                )
                for metric in metrics
            }
            for group, metrics in sorted(self.groups.items())
        }

    def history_shorter(self, name: str, full: bool = False) -> list[LogItem]:
        """Return a metric's values from `from_step` on; all with `full`."""
        history = self.log_history.get(name, [])
        if full or not self.from_step:
            return history
        first = self.from_step if self.from_step > 0 else self.current_step + self.from_step
        return [item for item in history if item.step >= first]

    def base_of(self, metric: str) -> tuple[str, str]:
        """Return the chart of a metric by its name, and what it is of, such as "validation"."""
        for pattern, name in self.group_patterns:
            match = pattern.match(metric)
            if match:
                return match.groups()[-1], name
        return metric, ""

    def _name(self, metric: str) -> None:
        base, _ = self.base_of(metric)
        alike = [one for one in self.log_history if one.endswith(base)]
        if len(alike) > 1:
            for one in alike:
                self.metric_to_name[one] = self.base_of(one)[1] or one
