"""Plots of points and lines: scatter, line, stem, quiver, and their updates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nbviz.integrations.visdom.arrays import Column
from nbviz.integrations.visdom.calls import Calls, need, takes_tensors
from nbviz.integrations.visdom.options import (
    layout_of,
    line_colors,
    line_dashes,
    marker_colors,
    read_options,
    trace_options,
    without_none,
)
from nbviz.text import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

_UPDATES = (None, "append", "replace", "remove", "insert", "new")
_HEAD = 0.33  # of an arrow: length and width of its head


class PlotCalls(Calls):
    """Calls that draw points and lines."""

    @takes_tensors
    def scatter(
        self,
        X: Any,
        Y: Any = None,
        win: str | None = None,
        env: str | None = None,
        opts: dict[str, Any] | None = None,
        update: str | None = None,
        name: str | None = None,
    ) -> Any:
        """Draw points in the plane or in space; return the window's name.

        Args:
            X: Shape (points, 2) or (points, 3).
            Y: A label of each, whole numbers from 1; a trace for each label.
            win: The window; a new one if None.
            env: The environment.
            opts: `legend`, `markersymbol`, `markersize`, `markercolor`, `markerborderwidth`,
                `textlabels`, `traceopts`, `layoutopts`, `webgl` and those of every plot.
            update: "append", "replace", or "remove"; with a name that there is not yet ("insert",
                "new") a trace is added.
            name: The trace that is updated; X and Y may then be x and y of shape (points,). What is
                all NaN changes nothing.

        Raises:
            LoggingError: Something cannot be drawn.
        """
        need(update in _UPDATES, f"update must be one of {_UPDATES}, got {update!r}.")
        if update is not None:
            need(win, f"update={update!r} needs the window: win=….")
        if update == "remove":
            need(name, 'update="remove" needs the trace: name=….')
            need(not opts, 'update="remove" takes no opts.')
            message: dict[str, Any] = {
                "data": [],
                "name": name,
                "delete": True,
                "win": win,
                "eid": env,
            }
            return self._send(message, "update")
        if update == "append" and not self.offline and self.win_exists(str(win), env) is False:
            update = None
        points, named = np.asarray(X), Y
        if name is not None and points.ndim == 1 and Y is not None:
            need(
                np.shape(Y) == points.shape,
                f"X and Y must have one shape, got {points.shape} and {np.shape(Y)}.",
            )
            points, named = np.column_stack((points, np.asarray(Y))), None
        need(
            points.ndim == 2 and points.shape[1] in (2, 3),  # noqa: PLR2004
            f"X must have shape (points, 2) or (points, 3), got {points.shape}.",
        )
        labels = _labels_of(named, len(points))
        used = [int(label) for label in np.unique(labels)]
        need(
            len(used) <= 1 or name is None,
            f"name={name!r} is of one trace, and got {counted(len(used), 'label')} or columns.",
        )
        options = read_options(opts)
        traces = _traces(points, labels, used, options, name)
        layout = layout_of(options, is_space=points.shape[1] == 3) if update is None else {}  # noqa: PLR2004
        kept = {k: v for k, v in options.items() if k not in ("markercolor", "linecolor", "dash")}
        message = {"data": traces, "win": win, "eid": env, "layout": layout, "opts": kept}
        if update is None:
            return self._send(message)
        message |= {"name": name, "append": update == "append"}
        return self._send(message, "update")

    @takes_tensors
    def line(
        self,
        Y: Any,
        X: Any = None,
        win: str | None = None,
        env: str | None = None,
        opts: dict[str, Any] | None = None,
        update: str | None = None,
        name: str | None = None,
    ) -> Any:
        """Draw lines; return the window's name.

        Args:
            Y: Values, of shape (points,) or (points, lines).
            X: Where they are, of the same shape or (points,); from 0 to 1 if None.
            win: As for `scatter`, as are `env`, `update` and `name`.
            env: The environment.
            opts: `fillarea`, `markers`, `markersymbol`, `markersize`, `linecolor`, `dash`,
                `legend`, `traceopts`, `layoutopts`, `webgl` and those of every plot.
            update: What happens to the lines that there are.
            name: Which of them.

        Raises:
            LoggingError: Something cannot be drawn.
        """
        if update == "remove":
            return self.scatter(X=None, win=win, env=env, opts=opts, update=update, name=name)
        need(update is None or X is not None, "an update of lines needs X, where the values are.")
        values: Any = np.asarray(Y)
        if values.ndim == 0:
            values = values.reshape(1)
        need(
            values.ndim in (1, 2) and values.shape[-1] > 0,
            f"Y must have shape (points,) or (points, lines), got {values.shape}.",
        )
        places: Any = np.linspace(0, 1, len(values)) if X is None else np.asarray(X)
        if places.ndim == 0:
            places = places.reshape(1)
        if values.ndim == 2 and places.ndim == 1:  # noqa: PLR2004
            need(
                len(places) == len(values),
                f"X has {counted(len(places), 'place')} and Y {counted(len(values), 'value')} of "
                "each line.",
            )
            places = np.tile(places[:, None], (1, values.shape[1]))
        need(
            places.shape == values.shape,
            f"X and Y must have one shape, got {places.shape} and {values.shape}.",
        )
        options = read_options(opts, markers=False, fillarea=False)
        options["mode"] = "lines+markers" if options["markers"] else "lines"
        points = np.column_stack((places.ravel(order="F"), values.ravel(order="F")))
        labels = None
        if values.ndim == 2:  # noqa: PLR2004
            labels = np.repeat(_counted(values.shape[1]), len(values))
        return self.scatter(
            X=points, Y=labels, win=win, env=env, opts=options, update=update, name=name
        )

    @takes_tensors
    def updateTrace(  # noqa: N802  its name in visdom's first versions
        self,
        X: Any,
        Y: Any,
        win: str,
        env: str | None = None,
        name: str | None = None,
        append: bool = True,
        opts: dict[str, Any] | None = None,
    ) -> Any:
        """Add to lines or points, or replace them; as `line` and `scatter` with `update`."""
        need(
            np.shape(X) == np.shape(Y),
            f"X and Y must have one shape, got {np.shape(X)} and {np.shape(Y)}.",
        )
        update = "append" if append else "replace"
        return self.line(Y=Y, X=X, win=win, env=env, opts=opts, update=update, name=name)

    @takes_tensors
    def insert(
        self,
        X: Any,
        Y: Any,
        win: str,
        env: str | None = None,
        name: str | None = None,
        opts: dict[str, Any] | None = None,
    ) -> Any:
        """Add a line to a window; as `line` with `update="insert"`."""
        return self.line(Y=Y, X=X, win=win, env=env, opts=opts, update="insert", name=name)

    def update_window_opts(self, win: str, opts: dict[str, Any], env: str | None = None) -> Any:
        """Change a window's options, and leave what it shows.

        Args:
            win: The window.
            opts: Those of every plot, and `legend`.
            env: The environment.
        """
        options = read_options(opts)
        message = {"win": win, "eid": env, "layout": layout_of(options), "opts": options}
        return self._send(message, "update")

    @takes_tensors
    def stem(
        self,
        X: Any,
        Y: Any = None,
        win: str | None = None,
        env: str | None = None,
        opts: dict[str, Any] | None = None,
    ) -> Any:
        """Draw values as lines from 0.

        Args:
            X: Values, of shape (points,) or (points, series).
            Y: Where they are, of the same shape or (points,); counted from 1 if None.
            win: The window; a new one if None.
            env: The environment.
            opts: `legend` and those of every plot.
        """
        values: Any = np.squeeze(np.asarray(X))
        values = values[:, None] if values.ndim == 1 else values
        need(values.ndim == 2, f"X must have one or two axes, got shape {values.shape}.")  # noqa: PLR2004
        places: Any = np.arange(1, len(values) + 1) if Y is None else np.asarray(Y)
        places = places[:, None] if places.ndim == 1 else places
        need(
            len(places) == len(values) and places.shape[1] in (1, values.shape[1]),
            f"Y must have shape ({len(values)},) or {values.shape}, got {places.shape}.",
        )
        places = np.broadcast_to(places, values.shape).astype(float)
        gap = np.full(values.shape, np.nan)
        foot = np.zeros(values.shape)
        x = np.stack((places, places, gap), axis=1).reshape(-1, values.shape[1])
        y = np.stack((foot, values, gap), axis=1).reshape(-1, values.shape[1])
        labels = np.repeat(_counted(values.shape[1]), len(x))
        points = np.column_stack((x.ravel(order="F"), y.ravel(order="F")))
        options = {**(opts or {}), "mode": "lines"}
        return self.scatter(X=points, Y=labels, win=win, env=env, opts=options)

    @takes_tensors
    def quiver(
        self,
        X: Any,
        Y: Any,
        gridX: Any = None,
        gridY: Any = None,
        win: str | None = None,
        env: str | None = None,
        opts: dict[str, Any] | None = None,
    ) -> Any:
        """Draw arrows.

        Args:
            X: How far each goes across, of shape (n, m).
            Y: How far up.
            gridX: Where each begins; the first index if None.
            gridY: The same upwards; the second index if None.
            win: The window; a new one if None.
            env: The environment.
            opts: `normalize`, the length of the longest, `arrowheads`, and those of every plot.
        """
        across, up = np.asarray(X, float), np.asarray(Y, float)
        need(
            across.ndim == 2 and across.shape == up.shape,  # noqa: PLR2004
            f"X and Y must have one shape (n, m), got {across.shape} and {up.shape}.",
        )
        rows, columns = np.indices(across.shape, float)
        from_x = rows if gridX is None else np.asarray(gridX, float)
        from_y = columns if gridY is None else np.asarray(gridY, float)
        need(
            from_x.shape == from_y.shape == across.shape,
            f"gridX and gridY must have the shape {across.shape}, got {from_x.shape} and "
            f"{from_y.shape}.",
        )
        options = read_options(opts, arrowheads=True)
        longest = options.get("normalize") or 0
        need(
            isinstance(longest, int | float) and longest >= 0,
            f"opts['normalize'] must be a length above 0, got {longest!r}.",
        )
        if longest:
            scale = longest / max(float(np.hypot(across, up).max()), 1e-300)
            across, up = across * scale, up * scale
        tip_x, tip_y = from_x + across, from_y + up
        gap = np.full(across.shape, np.nan)
        parts = [(from_x, from_y), (tip_x, tip_y), (gap, gap)]
        if options["arrowheads"]:
            back_x, back_y = tip_x - _HEAD * across, tip_y - _HEAD * up
            side_x, side_y = _HEAD * _HEAD * up, -_HEAD * _HEAD * across
            left = (back_x - side_x, back_y - side_y)
            right = (back_x + side_x, back_y + side_y)
            parts += [left, (tip_x, tip_y), right, (gap, gap)]
        lines = np.stack([np.stack(part, axis=-1) for part in parts], axis=2)
        options["mode"] = "lines"
        return self.scatter(X=lines.reshape(-1, 2), win=win, env=env, opts=options)


def _counted(lines: int) -> NDArray[np.int64]:
    return np.arange(1, lines + 1, dtype=np.int64)


def _labels_of(given: Any, points: int) -> Any:
    if given is None:
        return np.ones(points, np.int64)
    labels = np.ravel(given)
    need(
        len(labels) == points,
        f"Y has {counted(len(labels), 'label')} for {counted(points, 'point')}.",
    )
    is_whole = labels.dtype.kind in "iufb" and bool((np.mod(labels, 1) == 0).all())
    need(is_whole, f"Y must be whole numbers, the label of each point; got {labels.dtype}.")
    need(len(labels) == 0 or labels.min() >= 1, "Y's labels begin with 1, got smaller ones.")
    return labels.astype(np.int64)


def _traces(
    points: Any, labels: Any, used: list[int], options: dict[str, Any], name: str | None
) -> list[dict[str, Any]]:
    largest = max(used, default=1)
    legend, texts = options.get("legend"), options.get("textlabels")
    if texts is not None:
        texts = np.array([str(one) for one in np.ravel(texts)])
        need(
            len(texts) == len(points),
            f"opts['textlabels'] has {counted(len(texts), 'text')} for "
            f"{counted(len(points), 'point')}.",
        )
    if legend is not None:
        legend = [str(one) for one in np.ravel(legend)]
        need(
            largest <= len(legend),
            f"opts['legend'] has {counted(len(legend), 'name')} for labels up to {largest:,}.",
        )
        options["legend"] = legend
    options.setdefault("mode", "markers" if texts is None else "markers+text")
    colors, lines, dashes = (options.get(one) for one in ("markercolor", "linecolor", "dash"))
    markers = None if colors is None else marker_colors(colors, len(points), labels, largest)
    line_of = None if lines is None else line_colors(lines, largest)
    dash_of = None if dashes is None else line_dashes(dashes, largest)
    is_space = points.shape[1] == 3  # noqa: PLR2004
    kind = "scatter3d" if is_space else "scattergl" if options.get("webgl") else "scatter"
    traces: list[dict[str, Any]] = []
    for place, label in enumerate(used):
        chosen = points[labels == label]
        called = str(label)
        if legend is not None:
            called = legend[label - 1]
        elif name is not None and len(used) == 1:
            called = name
        trace: dict[str, Any] = {
            "x": Column.of(chosen[:, 0]),
            "y": Column.of(chosen[:, 1]),
            "z": Column.of(chosen[:, 2]) if is_space else None,
            "name": called,
            "type": kind,
            "mode": options["mode"],
            "text": None if texts is None else texts[labels == label].tolist(),
            "textposition": "right",
            "line": {
                "dash": None if dash_of is None else dash_of[label - 1],
                "color": None if line_of is None else line_of[label - 1],
            },
            "marker": {
                "size": options.get("markersize", 10),
                "symbol": options.get("markersymbol", "dot"),
                "color": None if markers is None else markers.get(label),
                "line": {"color": "#000000", "width": options.get("markerborderwidth", 0.5)},
            },
            "fill": "tonexty" if options.get("fillarea") else None,
        }
        traces.append(without_none(trace) | trace_options(options, called, place))
    return traces
