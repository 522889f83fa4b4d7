"""What a canvas draws with matplotlib: for files, and for subclasses that build on it."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import numpy as np

from nbviz.errors import MissingDependencyError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbviz.integrations.hiddenlayer.history import Metric

STEPS_IN_HISTOGRAMS = 10
_BINS = 30
_APART = 0.3  # from one histogram to the next, of the highest bar


def matplotlib_module(name: str) -> Any:
    """Return a module of matplotlib.

    Raises:
        MissingDependencyError: It is not installed.
    """
    try:
        return importlib.import_module(f"matplotlib.{name}")
    except ImportError as error:
        raise MissingDependencyError("matplotlib", "graph") from error


def normalized(image: Any) -> NDArray[np.float64]:
    """Return an image's values between 0 and 1, with its channels last.

    Args:
        image: Shape (height, width), (height, width, channels) or (channels, height, width), with
            1, 3 or 4 channels.
    """
    array = np.asarray(image, np.float64)
    if array.ndim == 3 and array.shape[0] in (1, 3, 4) and array.shape[2] not in (3, 4):  # noqa: PLR2004
        array = np.moveaxis(array, 0, 2)
    if array.ndim == 3 and array.shape[2] == 1:  # noqa: PLR2004
        array = array[:, :, 0]
    finite = array[np.isfinite(array)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    return np.nan_to_num((array - low) / ((high - low) or 1.0), nan=0.0, posinf=1.0, neginf=0.0)


def histograms(
    metric: Metric,
) -> tuple[list[str], NDArray[np.int64], NDArray[np.float64]]:
    """Return the newest steps as text, their counts (steps, bins), and the edges of the bins."""
    from nbviz.integrations.hiddenlayer.history import format_step

    newest = metric.newest(STEPS_IN_HISTOGRAMS)
    values = [np.asarray(value, np.float64).ravel() for _, value in newest]
    finite = [array[np.isfinite(array)] for array in values]
    filled = [array for array in finite if array.size]
    low = min((float(array.min()) for array in filled), default=0.0)
    high = max((float(array.max()) for array in filled), default=1.0)
    if low == high:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, _BINS + 1)
    counts = [np.histogram(array, edges)[0] for array in finite]
    return [format_step(step) for step, _ in newest], np.array(counts).reshape(-1, _BINS), edges


def draw_plot(axes: Any, metrics: list[Metric], labels: list[str], ylabel: str, title: str) -> None:
    """Draw metrics as lines over their steps, with their last values as the title."""
    for metric, label in zip(metrics, labels, strict=True):
        axes.plot(metric.formatted_steps, metric.data, label=label)
    last = (
        f"{label}: {metric.data[-1]}"
        for metric, label in zip(metrics, labels, strict=True)
        if len(metric)
    )
    axes.set_title(title or "   ".join(last))
    axes.set_ylabel(ylabel)
    axes.set_xlabel("Steps")
    axes.legend()
    axes.xaxis.set_major_locator(matplotlib_module("ticker").AutoLocator())


def draw_images(figure: Any, cell: Any, axes: Any, metric: Metric, limit: int) -> None:
    """Draw the newest images side by side."""
    from nbviz.integrations.hiddenlayer.history import format_step

    axes.axis("off")
    grid = cell.subgridspec(1, limit)
    for i, (step, image) in enumerate(metric.newest(limit)):
        place = figure.add_subplot(grid[0, i])
        place.axis("off")
        place.set_title(format_step(step))
        place.imshow(normalized(image), cmap="gray", vmin=0, vmax=1)


def draw_histograms(axes: Any, metric: Metric, title: str, theme: dict[str, Any]) -> None:
    """Draw the newest steps' histograms one behind the other, as the live view does."""
    collections = matplotlib_module("collections")
    steps, counts, edges = histograms(metric)
    apart = _APART * max(1, int(counts.max(initial=0)))
    bases = apart * np.arange(len(steps))[::-1]
    centers = (edges[:-1] + edges[1:]) / 2
    outlines = [
        np.column_stack([[edges[0], *centers, edges[-1]], [base, *(base + row), base]])
        for base, row in zip(bases, counts, strict=True)
    ]
    opacities = [0.15 + 0.55 * (i + 1) / len(steps) for i in range(len(steps))]
    areas = collections.PolyCollection(
        outlines,
        facecolors=[(*theme["hist_color"], opacity) for opacity in opacities],
        edgecolors=[(*theme["hist_outline_color"], opacity + 0.25) for opacity in opacities],
    )
    axes.add_collection(areas)
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(-0.5 * apart, None)
    axes.yaxis.tick_right()
    axes.tick_params(axis="y", length=0)
    axes.set_yticks(bases, labels=steps)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    axes.set_title(title or metric.name)


def draw_grid(images: Any, titles: Any, columns: int, **options: Any) -> Any:
    """Return a figure with images in rows of so many; a list of images becomes one image."""
    figure_module = matplotlib_module("figure")
    count = len(images)
    rows = -(-count // columns)
    pictures = [
        normalized(image)
        if hasattr(image, "shape")
        else np.concatenate([normalized(part) for part in image], axis=1)
        for image in images
    ]
    shape = 0.5 if count and not hasattr(images[0], "shape") else 1.0
    figure = figure_module.Figure(figsize=(11, max(1.0, 11 * 1.2 * rows / columns * shape)))
    for i, picture in enumerate(pictures):
        place = figure.add_subplot(rows, columns, i + 1)
        place.axis("off")
        place.set_title(str(titles[i]) if titles else "", fontsize=9)
        place.imshow(picture, **{"cmap": "Greys_r", **options})
    figure.tight_layout(h_pad=0, w_pad=0)
    return figure
