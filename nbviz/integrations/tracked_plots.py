"""What code written for W&B calls as `wandb.plot.…`: charts that are made to be logged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, cast

import numpy as np
import torch

from nbviz.errors import LoggingError, MissingDependencyError
from nbviz.integrations.tracked_values import Loggable, Table
from nbviz.text import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbviz.recording.run import Run

_SIZE = (6.4, 4.0)  # inches, of a figure
_BINS = 20


class Chart(Loggable):
    """A chart of a table's columns, drawn by matplotlib when it is logged.

    Args:
        draw: Draws it into axes of matplotlib.
        title: What is written above it.
    """

    def __init__(self, draw: Callable[[Any], None], title: str) -> None:
        self._draw, self.title = draw, title

    def figure(self) -> Any:
        """Return it as a figure of matplotlib.

        Raises:
            MissingDependencyError: matplotlib is not installed.
        """
        try:
            from matplotlib.figure import Figure
        except ImportError:
            raise MissingDependencyError("matplotlib") from None
        figure = Figure(figsize=_SIZE, layout="constrained")
        axes: Any = cast("Any", figure).subplots()
        self._draw(axes)
        axes.set_title(self.title)
        if axes.get_legend_handles_labels()[1]:
            axes.legend(frameon=False)
        axes.spines[["top", "right"]].set_visible(False)
        return figure

    def log_to(self, run: Run, tag: str, step: int | None) -> None:
        """Record it as a figure."""
        run.log_figure(tag, self.figure(), step)


class Confusion(Loggable):
    """A confusion matrix of W&B's arguments, for the panel of confusion matrices.

    Attributes:
        matrix: Counts, true classes × predicted ones.
        classes: The classes' names.
    """

    def __init__(self, matrix: np.ndarray, classes: Sequence[str]) -> None:
        self.matrix, self.classes = matrix, list(classes)

    def log_to(self, run: Run, tag: str, step: int | None) -> None:
        """Record it."""
        run.log_confusion_matrix(tag, step=step, matrix=self.matrix, classes=self.classes)


class Curves(Loggable):
    """Precision, recall and ROC of W&B's arguments, for the panel that shows all of them.

    Attributes:
        target: 0 or 1 of shape (samples, curves).
        score: Probabilities, of the same shape.
        classes: The curves' names.
    """

    def __init__(self, target: np.ndarray, score: np.ndarray, classes: Sequence[str]) -> None:
        self.target, self.score, self.classes = target, score, list(classes)

    def log_to(self, run: Run, tag: str, step: int | None) -> None:
        """Record them."""
        run.log_pr_curve(tag, self.target, self.score, step, classes=self.classes)


def line(
    table: Table, x: str, y: str, stroke: str | None = None, title: str = "", **options: object
) -> Chart:
    """Return a line of one column over another; of several where `stroke` names a column.

    Raises:
        LoggingError: The table has no such column.
    """
    del options
    xs, ys = table.get_column(x), table.get_column(y)
    names = [y] * len(xs) if stroke is None else [str(one) for one in table.get_column(stroke)]

    def draw(axes: Any) -> None:
        for name in dict.fromkeys(names):
            rows = [i for i, one in enumerate(names) if one == name]
            label = None if stroke is None else name
            axes.plot([xs[i] for i in rows], [ys[i] for i in rows], label=label)
        axes.set(xlabel=x, ylabel=y)

    return Chart(draw, title)


def scatter(table: Table, x: str, y: str, title: str = "", **options: object) -> Chart:
    """Return points of two columns.

    Raises:
        LoggingError: The table has no such column.
    """
    del options
    xs, ys = table.get_column(x), table.get_column(y)

    def draw(axes: Any) -> None:
        axes.scatter(xs, ys, s=14)
        axes.set(xlabel=x, ylabel=y)

    return Chart(draw, title)


def bar(table: Table, label: str, value: str, title: str = "", **options: object) -> Chart:
    """Return a bar for each row.

    Raises:
        LoggingError: The table has no such column.
    """
    del options
    labels, values = [str(one) for one in table.get_column(label)], table.get_column(value)

    def draw(axes: Any) -> None:
        axes.barh(range(len(values)), values)
        axes.set_yticks(range(len(labels)), labels)
        axes.invert_yaxis()
        axes.set(xlabel=value, ylabel=label)

    return Chart(draw, title)


def histogram(table: Table, value: str, title: str = "", **options: object) -> Chart:
    """Return a histogram of a column.

    Raises:
        LoggingError: The table has no such column.
    """
    del options
    values = table.get_column(value)

    def draw(axes: Any) -> None:
        axes.hist(values, bins=_BINS)
        axes.set(xlabel=value, ylabel="count")

    return Chart(draw, title)


def line_series(
    xs: Sequence[Any],
    ys: Sequence[Sequence[Any]],
    keys: Sequence[str] | None = None,
    title: str = "",
    xname: str = "x",
    **options: object,
) -> Chart:
    """Return several lines, over an x for all of them or over one each.

    Raises:
        LoggingError: The numbers of x, y and keys differ.
    """
    del options
    given = list(xs)
    is_one = not given or not isinstance(given[0], Iterable) or isinstance(given[0], str)
    every = [given] * len(ys) if is_one else given
    names = [f"line_{i}" for i in range(len(ys))] if keys is None else [str(one) for one in keys]
    if not len(every) == len(ys) == len(names):
        raise LoggingError(
            f"line_series needs as many xs and keys as ys, got {len(every)} and {len(names)} for "
            f"{len(ys)}."
        )

    def draw(axes: Any) -> None:
        for x, y, name in zip(every, ys, names, strict=True):
            axes.plot(_array(x), _array(y), label=name)
        axes.set(xlabel=xname)

    return Chart(draw, title)


def confusion_matrix(
    probs: Any = None,
    y_true: Any = None,
    preds: Any = None,
    class_names: Sequence[str] | None = None,
    title: str = "",
    **options: object,
) -> Confusion:
    """Return counts of which class was predicted for which.

    Args:
        probs: Scores of shape (samples, classes), of which the highest counts.
        y_true: The true class of each sample.
        preds: The predicted ones, in place of `probs`.
        class_names: The classes' names; then classes are their indices.
        title: Taken, and not needed: the tag is the title.
        **options: Taken, and not needed.

    Raises:
        LoggingError: Both of `probs` and `preds` are given, or neither, or no `y_true`, or they are
            not of the same samples, or there is no name for a class.
    """
    del title, options
    if y_true is None or (probs is None) == (preds is None):
        raise LoggingError("confusion_matrix takes y_true, and probs or preds, one of both.")
    true = _array(y_true)
    predicted = _array(preds) if probs is None else _array(probs).argmax(1)
    if true.shape != predicted.shape:
        raise LoggingError(
            "confusion_matrix needs one prediction for each sample, got shapes "
            f"{predicted.shape} for {true.shape}."
        )
    if class_names is None:
        classes, found = np.unique(np.concatenate([true, predicted]), return_inverse=True)
        indices, names = found.reshape(2, -1), [str(one) for one in classes.tolist()]
    else:
        names = [str(one) for one in class_names]
        indices = np.stack([true, predicted])
        if indices.dtype.kind not in "iu" or not np.all((indices >= 0) & (indices < len(names))):
            raise LoggingError(
                f"confusion_matrix has names of the classes 0 to {len(names) - 1}, got "
                f"{np.unique(indices).tolist()[:8]}."
            )
    matrix = np.zeros((len(names), len(names)))
    np.add.at(matrix, tuple(indices), 1)
    return Confusion(matrix, names)


def pr_curve(
    y_true: Any = None,
    y_probas: Any = None,
    labels: Sequence[str] | None = None,
    classes_to_plot: Sequence[Any] | None = None,
    *arguments: object,
    **options: object,
) -> Curves:
    """Return curves of each class against all others; the panel has PR, ROC and calibration.

    Args:
        y_true: The true class of each sample.
        y_probas: Probabilities of shape (samples, classes), or (samples,) of the last class.
        labels: The classes' names.
        classes_to_plot: Only these classes.
        *arguments: Taken, and not needed: every threshold counts.
        **options: As `arguments`.

    Raises:
        LoggingError: One of both is missing, or they are not of the same samples and classes.
    """
    del arguments, options
    if y_true is None or y_probas is None:
        raise LoggingError("pr_curve and roc_curve take y_true and y_probas.")
    true, scores = _array(y_true), _array(y_probas)
    classes = np.unique(true)
    if scores.ndim == 1:
        scores, classes = scores[:, None], classes[-1:]
    if scores.shape[0] != len(true) or (scores.shape[1] < len(classes) and len(classes) > 1):
        raise LoggingError(
            "pr_curve and roc_curve need probabilities of shape (samples, classes) for "
            f"{counted(len(true), 'sample')} of {counted(len(classes), 'class', 'classes')}, got "
            f"{scores.shape}."
        )
    target: list[np.ndarray] = []
    score: list[np.ndarray] = []
    names: list[str] = []
    for i, one in enumerate(classes.tolist()):
        if classes_to_plot is not None and one not in list(classes_to_plot):
            continue
        # A class that no sample has leaves its column out.
        is_index = isinstance(one, int) and 0 <= one < scores.shape[1]
        target.append((true == one).astype(np.int64))
        score.append(scores[:, one if is_index else i])
        is_named = labels is not None and isinstance(one, int) and 0 <= one < len(labels)
        names.append(str(cast("Sequence[str]", labels)[one] if is_named else one))
    if not names:
        raise LoggingError(
            f"pr_curve and roc_curve found none of the classes {classes_to_plot!r}; there are "
            f"{classes.tolist()[:8]}."
        )
    return Curves(np.stack(target, 1), np.stack(score, 1), names)


roc_curve = pr_curve


def __getattr__(name: str) -> NoReturn:
    if name in ("plot_table", "custom_chart", "visualize", "Visualize", "CustomChart"):
        raise AttributeError(
            f"'plot.{name}' of W&B is not served: its charts are kept by W&B; run.log_figure shows "
            "one of matplotlib, Plotly or Altair."
        )
    raise AttributeError(f"'plot' has no attribute {name!r}")


def _array(values: Any) -> np.ndarray:
    return values.detach().cpu().numpy() if isinstance(values, torch.Tensor) else np.asarray(values)
