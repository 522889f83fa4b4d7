"""Heatmaps, bars, boxes, shares, surfaces and meshes."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from nbviz.integrations.visdom.arrays import Column, Grid
from nbviz.integrations.visdom.calls import Calls, need, takes_tensors
from nbviz.integrations.visdom.options import layout_of, read_options, without_none
from nbviz.text import counted

_HEATMAP_UPDATES = (
    *(None, "replace", "remove"),
    *("appendRow", "appendColumn", "prependRow", "prependColumn"),
)


class ChartCalls(Calls):
    """Calls that draw charts of numbers in rows and columns."""

    @takes_tensors
    def heatmap(
        self,
        X: Any,
        win: str | None = None,
        env: str | None = None,
        update: str | None = None,
        opts: dict[str, Any] | None = None,
    ) -> Any:
        """Draw numbers as colours; return the window's name.

        Args:
            X: Shape (rows, columns); the first row is at the bottom.
            win: The window; a new one if None.
            env: The environment.
            update: "appendRow", "appendColumn", "prependRow", "prependColumn", "replace" or
                "remove".
            opts: `colormap`, `xmin`, `xmax`, `columnnames`, `rownames`, `nancolor`, `layoutopts`
                and those of every plot.

        Raises:
            LoggingError: Something cannot be drawn, or added to what there is.
        """
        need(update in _HEATMAP_UPDATES, f"update must be one of {_HEATMAP_UPDATES}: {update!r}.")
        need(update is None or win, f"update={update!r} needs the window: win=….")
        if update == "remove":
            return self._send({"data": [], "delete": True, "win": win, "eid": env}, "update")
        values = _table(X)
        options = read_options(opts)
        trace = {
            "z": Grid(values),
            "x": _names("columnnames", options, values.shape[1]),
            "y": _names("rownames", options, values.shape[0]),
            "zmin": options.get("xmin"),
            "zmax": options.get("xmax"),
            "type": "heatmap",
            "colorscale": options.get("colormap", None if update else "Viridis"),
            "nancolor": options.get("nancolor"),
        }
        layout = layout_of(options) if update is None else {}
        data = [without_none(trace)]
        message = {"data": data, "win": win, "eid": env, "layout": layout, "opts": options}
        if update is None:
            return self._send(message)
        message |= {"append": update not in (None, "replace"), "updateDir": update}
        return self._send(message, "update")

    @takes_tensors
    def bar(
        self,
        X: Any,
        Y: Any = None,
        win: str | None = None,
        env: str | None = None,
        opts: dict[str, Any] | None = None,
    ) -> Any:
        """Draw bars.

        Args:
            X: Heights, of shape (bars,) or (bars, groups).
            Y: Where they are; counted from 1 if None.
            win: The window; a new one if None.
            env: The environment.
            opts: `rownames`, `stacked`, `legend` and those of every plot.
        """
        heights = np.squeeze(np.asarray(X, float))
        options = read_options(opts, stacked=False)
        if heights.ndim < 2:  # noqa: PLR2004
            heights = heights.reshape(-1)
            by_name = options.get("legend") is not None
            both = by_name and options.get("rownames") is not None
            need(
                not both, "of one-dimensional X give opts['rownames'] or opts['legend'], not both."
            )
            heights = heights[None, :] if by_name else heights[:, None]
        need(heights.ndim == 2, f"X must have one or two axes, got shape {np.shape(X)}.")  # noqa: PLR2004
        places = np.arange(1, len(heights) + 1) if Y is None else np.squeeze(np.asarray(Y))
        need(
            places.shape == (len(heights),),
            f"Y must have shape ({len(heights)},), got {places.shape}.",
        )
        legend = _names("legend", options, heights.shape[1])
        rows = _names("rownames", options, len(heights))
        data = [
            {"y": Column.of(column), "x": rows or _places(places), "type": "bar"}
            | ({"name": legend[place]} if legend else {})
            for place, column in enumerate(heights.T)
        ]
        return self._draw(data, win, env, options, layout_of(options))

    @takes_tensors
    def histogram(
        self,
        X: Any,
        win: str | None = None,
        env: str | None = None,
        opts: dict[str, Any] | None = None,
    ) -> Any:
        """Count values in ranges of equal width, and draw the counts as bars.

        Args:
            X: Values, of shape (values,).
            win: The window; a new one if None.
            env: The environment.
            opts: `numbins`, 30 by default, and those of every plot.
        """
        values = np.squeeze(np.asarray(X, float)).reshape(-1)
        need(np.squeeze(np.asarray(X)).ndim <= 1, f"X must have one axis, got {np.shape(X)}.")
        values = values[np.isfinite(values)]
        need(len(values), "X has no finite value to count.")
        options = read_options(opts, numbins=min(30, len(values)))
        bins: Any = options["numbins"]
        need(
            isinstance(bins, int | np.integer) and cast("int", bins) > 0,
            f"opts['numbins'] must be a whole number above 0, got {bins!r}.",
        )
        counts, edges = np.histogram(values, bins=int(cast("int", bins)))
        middles = (edges[1:] + edges[:-1]) / 2
        return self.bar(X=counts[:, None], Y=middles.reshape(-1), win=win, env=env, opts=options)

    @takes_tensors
    def boxplot(
        self,
        X: Any,
        win: str | None = None,
        env: str | None = None,
        opts: dict[str, Any] | None = None,
    ) -> Any:
        """Draw quartiles and extremes of values.

        Args:
            X: Shape (values,) or (values, boxes).
            win: The window; a new one if None.
            env: The environment.
            opts: `legend` and those of every plot.
        """
        values = np.squeeze(np.asarray(X, float))
        values = values[:, None] if values.ndim == 1 else values
        need(values.ndim == 2, f"X must have one or two axes, got shape {np.shape(X)}.")  # noqa: PLR2004
        options = read_options(opts)
        legend = _names("legend", options, values.shape[1])
        names = legend or [f"column {place}" for place in range(values.shape[1])]
        data = [
            {"y": Column.of(column), "type": "box", "name": name}
            for name, column in zip(names, values.T, strict=True)
        ]
        return self._draw(data, win, env, options, layout_of(options))

    def surf(
        self,
        X: Any,
        win: str | None = None,
        env: str | None = None,
        opts: dict[str, Any] | None = None,
    ) -> Any:
        """Draw numbers as heights of a surface.

        Args:
            X: Shape (rows, columns).
            win: The window; a new one if None.
            env: The environment.
            opts: `colormap`, `xmin`, `xmax` and those of every plot.
        """
        return self._surface("surface", X, win, env, opts)

    def contour(
        self,
        X: Any,
        win: str | None = None,
        env: str | None = None,
        opts: dict[str, Any] | None = None,
    ) -> Any:
        """Draw numbers as lines and areas of equal height; as `surf`."""
        return self._surface("contour", X, win, env, opts)

    @takes_tensors
    def _surface(
        self, kind: str, X: Any, win: str | None, env: str | None, opts: dict[str, Any] | None
    ) -> Any:
        values = _table(np.squeeze(np.asarray(X)))
        options = read_options(opts, colormap="Viridis")
        known = values[np.isfinite(values)]
        for name, least in (("xmin", np.min), ("xmax", np.max)):
            if options.get(name) is None:
                options[name] = float(least(known)) if len(known) else 0.0
        trace = {
            "z": Grid(values),
            "cmin": float(options["xmin"]),
            "cmax": float(options["xmax"]),
            "type": kind,
            "colorscale": options["colormap"],
        }
        layout = layout_of(options, is_space=kind == "surface")
        return self._draw([trace], win, env, options, layout)

    @takes_tensors
    def mesh(
        self,
        X: Any,
        Y: Any = None,
        win: str | None = None,
        env: str | None = None,
        opts: dict[str, Any] | None = None,
    ) -> Any:
        """Draw triangles in space, or polygons' edges in the plane.

        Args:
            X: Vertices, of shape (vertices, 2) or (vertices, 3).
            Y: The vertices of each face, of shape (faces, 2) or (faces, 3); of none, all points in
                space are hulled.
            win: The window; a new one if None.
            env: The environment.
            opts: `color`, `opacity` and those of every plot.
        """
        vertices = np.asarray(X, float)
        need(
            vertices.ndim == 2 and vertices.shape[1] in (2, 3),  # noqa: PLR2004
            f"X must have shape (vertices, 2) or (vertices, 3), got {vertices.shape}.",
        )
        axes = vertices.shape[1]
        options = read_options(opts)
        trace: dict[str, Any] = {"type": "mesh3d" if axes == 3 else "mesh"}  # noqa: PLR2004
        trace |= {axis: Column.of(vertices[:, at]) for at, axis in enumerate("xyz"[:axes])}
        if Y is not None:
            faces = np.asarray(Y)
            need(
                faces.ndim == 2 and faces.shape[1] == axes,  # noqa: PLR2004
                f"Y must have shape (faces, {axes}), got {faces.shape}.",
            )
            is_there = faces.size == 0 or (faces.min() >= 0 and faces.max() < len(vertices))
            need(is_there, f"Y names vertices from 0 to {len(vertices) - 1}, got others.")
            trace |= {corner: Column.of(faces[:, at]) for at, corner in enumerate("ijk"[:axes])}
        trace |= {name: options[name] for name in ("color", "opacity") if name in options}
        layout = layout_of(options, is_space=axes == 3)  # noqa: PLR2004
        return self._draw([trace], win, env, options, layout)

    @takes_tensors
    def pie(
        self,
        X: Any,
        win: str | None = None,
        env: str | None = None,
        opts: dict[str, Any] | None = None,
    ) -> Any:
        """Draw shares of a whole.

        Args:
            X: Amounts, of shape (parts,).
            win: The window; a new one if None.
            env: The environment.
            opts: `legend` and those of every plot.
        """
        amounts = np.atleast_1d(np.squeeze(np.asarray(X, float)))
        need(amounts.ndim == 1, f"X must have one axis, got shape {np.shape(X)}.")
        need(bool((amounts >= 0).all()), "X must have no negative amounts.")
        options = read_options(opts)
        labels = _names("legend", options, len(amounts))
        trace = {"values": Column.of(amounts), "labels": labels, "type": "pie"}
        return self._draw([without_none(trace)], win, env, options, layout_of(options))

    @takes_tensors
    def sunburst(
        self,
        labels: Any,
        parents: Any,
        values: Any = None,
        win: str | None = None,
        env: str | None = None,
        opts: dict[str, Any] | None = None,
    ) -> Any:
        """Draw parts of parts as rings.

        Args:
            labels: The name of each part.
            parents: The name of what it is a part of, "" for those in the middle.
            values: Amounts; all parts without parts alike if None.
            win: The window; a new one if None.
            env: The environment.
            opts: `font_size`, `font_color`, `opacity`, `line_width` and those of every plot.
        """
        names, of = ([str(one) for one in np.ravel(each)] for each in (labels, parents))
        need(
            len(names) == len(of),
            f"got {counted(len(names), 'label')} for {counted(len(of), 'parent')}.",
        )
        options = read_options(opts)
        width = options.get("line_width", options.get("marker_width"))
        trace: dict[str, Any] = {
            "labels": names,
            "parents": of,
            "outsidetextfont": {
                "size": options.get("font_size", options.get("size")),
                "color": options.get("font_color"),
            },
            "leaf": {"opacity": options.get("opacity")},
            "marker": {"line": {"width": width}},
            "type": "sunburst",
        }
        if values is not None:
            amounts = np.squeeze(np.asarray(values, float)).reshape(-1)
            need(
                len(amounts) == len(names),
                f"got {counted(len(amounts), 'value')} for {counted(len(names), 'label')}.",
            )
            trace["values"] = Column.of(amounts)
        return self._draw([without_none(trace)], win, env, options, layout_of(options))

    @takes_tensors
    def dual_axis_lines(
        self,
        X: Any = None,
        Y1: Any = None,
        Y2: Any = None,
        opts: dict[str, Any] | None = None,
        win: str | None = None,
        env: str | None = None,
    ) -> Any:
        """Draw two lines with an axis each.

        Args:
            X: Where the values are, of shape (points,).
            Y1: Values of the first.
            Y2: Values of the second.
            opts: `name_y1`, `name_y2`, `title`, `color_title_y1`, `color_tick_y1`,
                `color_title_y2`, `color_tick_y2`, `side`, `showlegend`, `top`, `bottom`, `left`,
                `right`, `width`, `height`.
            win: The window; a new one if None.
            env: The environment.
        """
        given = {"X": X, "Y1": Y1, "Y2": Y2}
        missing = [name for name, one in given.items() if one is None]
        need(not missing, f"dual_axis_lines needs {', '.join(missing)}.")
        x, first, second = (np.asarray(one, float) for one in given.values())
        need(
            x.ndim == 1 and x.shape == first.shape == second.shape,
            f"X, Y1 and Y2 must have one shape (points,), got {x.shape}, {first.shape} and "
            f"{second.shape}.",
        )
        options = read_options(opts, width=500, height=300)
        names = [options.get("name_y1", "Y1 axis"), options.get("name_y2", "Y2 axis")]
        data: list[dict[str, Any]] = [
            {"x": Column.of(x), "y": Column.of(first), "name": names[0], "type": "scatter"},
            {"x": Column.of(x), "y": Column.of(second), "name": names[1], "type": "scatter"},
        ]
        data[1]["yaxis"] = "y2"
        axes = [
            {
                "title": name,
                "titlefont": {"color": options.get(f"color_title_{which}")},
                "tickfont": {"color": options.get(f"color_tick_{which}")},
            }
            for name, which in zip(names, ("y1", "y2"), strict=True)
        ]
        margins = {"b": "bottom", "r": "right", "t": "top", "l": "left"}
        layout = {
            "title": options.get("title"),
            "yaxis": axes[0],
            "yaxis2": {**axes[1], "overlaying": "y", "side": options.get("side", "right")},
            "showlegend": options.get("showlegend", True),
            "margin": {side: options.get(name, 60) for side, name in margins.items()},
        }
        return self._draw(data, win, env, options, without_none(layout))

    @takes_tensors
    def parallel_coordinates(
        self,
        X: Any,
        Y: Any = None,
        win: str | None = None,
        env: str | None = None,
        opts: dict[str, Any] | None = None,
    ) -> Any:
        """Draw each row as a line across an axis for each column.

        Args:
            X: Shape (rows, columns).
            Y: A number of each row, by which lines are coloured; their place if None.
            win: The window; a new one if None.
            env: The environment.
            opts: `columnnames`, `colormap` and those of every plot.
        """
        values = _table(X)
        options = read_options(opts, colormap="Viridis")
        colors = np.arange(len(values)) if Y is None else np.ravel(np.asarray(Y, float))
        need(
            len(colors) == len(values),
            f"Y has {counted(len(colors), 'number')} for {counted(len(values), 'row')}.",
        )
        names = _names("columnnames", options, values.shape[1])
        names = names or [str(place + 1) for place in range(values.shape[1])]
        trace = {
            "type": "parcoords",
            "dimensions": [
                {"label": name, "values": Column.of(column)}
                for name, column in zip(names, values.T, strict=True)
            ],
            "line": {"color": Column.of(colors), "colorscale": options["colormap"]},
        }
        return self._draw([trace], win, env, options, layout_of(options))


def _table(given: Any) -> Any:
    values = np.asarray(given)
    need(values.ndim == 2, f"X must have shape (rows, columns), got {values.shape}.")  # noqa: PLR2004
    need(values.dtype.kind in "iufb", f"X must be numbers, got {values.dtype}.")
    need(values.size, f"X must have at least one number, got shape {values.shape}.")
    return values.astype(float)


def _places(given: Any) -> Any:
    return Column.of(given) if given.dtype.kind in "iufb" else [str(one) for one in given]


def _names(option: str, options: dict[str, Any], count: int) -> list[str] | None:
    given = options.get(option)
    if given is None:
        return None
    names = [str(one) for one in np.ravel(given)]
    need(
        len(names) == count, f"opts[{option!r}] needs {counted(count, 'name')}, got {len(names):,}."
    )
    options[option] = names
    return names
