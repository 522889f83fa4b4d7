"""Graphs of nodes and edges, and features laid out in the plane."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nbviz.errors import MissingDependencyError
from nbviz.integrations.visdom.arrays import host_array
from nbviz.integrations.visdom.calls import Calls, need, takes_tensors
from nbviz.integrations.visdom.options import read_options
from nbviz.text import counted

if TYPE_CHECKING:
    from collections.abc import Callable

_EDGE = 2  # nodes
_MANY = 5000  # points
_FEW = 4  # points: fewer have no neighbourhoods


class NetworkCalls(Calls):
    """Calls that place things by what ties them."""

    if TYPE_CHECKING:

        def register_event_handler(
            self, handler: Callable[[dict[str, Any]], object], target: str
        ) -> None:
            """Have a function called with what a reader does to a window."""

    def graph(
        self,
        edges: Any,
        edgeLabels: Any = None,
        nodeLabels: Any = None,
        opts: dict[str, Any] | None = None,
        env: str | None = None,
        win: str | None = None,
    ) -> Any:
        """Draw nodes and edges, which a reader moves.

        Args:
            edges: Shape (edges, 2): nodes, numbered from 0 without a gap.
            edgeLabels: A text for each edge; its nodes if None.
            nodeLabels: A text for each node; its number if None.
            opts: `directed`, `showVertexLabels`, `showEdgeLabels`, `scheme` ("same" or
                "different" colours), `width`, `height`, `title`.
            env: The environment.
            win: The window; a new one if None.

        Raises:
            LoggingError: Labels or numbers do not fit.
        """
        ends = np.asarray(host_array(edges))
        need(
            ends.ndim == 2 and ends.shape[1] == _EDGE and ends.dtype.kind in "iuf",  # noqa: PLR2004
            f"edges need shape (edges, 2), the numbers of two nodes; got {ends.shape}.",
        )
        pairs = list(dict.fromkeys((int(a), int(b)) for a, b in ends.tolist()))
        numbers = sorted({node for pair in pairs for node in pair})
        missing = sorted(set(range(numbers[-1] + 1)) - set(numbers)) if numbers else []
        need(
            not missing and (not numbers or numbers[0] == 0),
            f"nodes must be numbered from 0 without a gap; there is no node {missing[:3]}.",
        )
        of_edges = _labels("edgeLabels", edgeLabels, len(pairs))
        of_nodes = _labels("nodeLabels", nodeLabels, len(numbers))
        options = read_options(
            opts,
            directed=False,
            showVertexLabels=True,
            showEdgeLabels=False,
            scheme="same",
            width=500,
            height=500,
        )
        is_colored = options["scheme"] == "different"
        nodes = [
            {"name": node, "label": of_nodes[node] if of_nodes else str(node)}
            | ({"club": node} if is_colored else {})
            for node in numbers
        ]
        links = [
            {"source": a, "target": b, "label": of_edges[place] if of_edges else f"{a}-{b}"}
            for place, (a, b) in enumerate(pairs)
        ]
        content = {"nodes": nodes, "edges": links}
        return self._draw([{"content": content, "type": "network"}], win, env, options)

    @takes_tensors
    def embeddings(
        self,
        features: Any,
        labels: Any,
        data_getter: Callable[[int], str] | None = None,
        data_type: str | None = None,
        win: str | None = None,
        env: str | None = None,
        opts: dict[str, Any] | None = None,
    ) -> Any:
        """Lay features out by t-SNE, and show them as points; waits for the layout, as visdom does.

        A lasso lays out what it holds anew.

        Args:
            features: Shape (points, features).
            labels: A label of each point.
            data_getter: Returns HTML that says more of a point, by its place.
            data_type: "html".
            win: The window; a new one if None.
            env: The environment.
            opts: `title`, `width`, `height`.

        Raises:
            LoggingError: Something cannot be laid out.
            MissingDependencyError: openTSNE is not installed.
        """
        values = np.asarray(features, float)
        need(
            values.ndim == 2 and len(values) >= _FEW,  # noqa: PLR2004
            f"features need shape (points, features) with at least {_FEW} points, "
            f"got {values.shape}.",
        )
        names = np.ravel(np.asarray(labels)).tolist()
        need(
            len(names) == len(values),
            f"got {counted(len(names), 'label')}, {counted(len(values), 'point')}.",
        )
        need(
            data_getter is None or data_type == "html",
            f'data_type must be "html" where there is a data_getter, got {data_type!r}.',
        )
        options = read_options(opts)
        groups = list(dict.fromkeys(names))

        def points(chosen: list[int]) -> list[dict[str, Any]]:
            places = _laid_out(values[chosen])
            return [
                {
                    "group": groups.index(names[at]),
                    "name": f"Entity {at}",
                    "label": names[at],
                    "position": place,
                    "idx": at,
                }
                for at, place in zip(chosen, places, strict=True)
            ]

        content = {"data": points(list(range(len(values))))}
        win = self._draw([{"content": content, "type": "embeddings"}], win, env, options)

        def heard(event: dict[str, Any]) -> None:
            if event["event_type"] == "EntitySelected":
                html = data_getter(int(event["idx"])) if data_getter else "No preview available"
                selected = {"entityId": event.get("entityId"), "html": html}
                data: dict[str, Any] = {"update_type": "EntitySelected", "selected": selected}
            elif event["event_type"] == "RegionSelected" and len(event["selectedIdxs"]) >= _FEW:
                chosen = [int(at) for at in event["selectedIdxs"]]
                data = {"update_type": "RegionSelected", "points": points(chosen)}
            else:
                return
            self._send({"data": data, "win": win, "eid": env}, "update")

        if win and not self.offline:
            self.register_event_handler(heard, str(win))
        return win


def _labels(name: str, given: Any, count: int) -> list[str] | None:
    if given is None:
        return None
    labels = [str(one) for one in np.ravel(np.asarray(given))]
    need(len(labels) == count, f"{name} needs {counted(count, 'label')}, got {len(labels):,}.")
    return labels


def _laid_out(values: Any) -> list[list[float]]:
    """Return a place within ±1 for each row."""
    try:
        import openTSNE
    except ImportError as error:
        raise MissingDependencyError(
            "embeddings are laid out by openTSNE, which is not installed: pip install nbviz[tsne]"
        ) from error
    library: Any = openTSNE
    count = len(values)
    perplexity = 50 if count >= 150 else max(1, count // 3 - 1)  # noqa: PLR2004
    # Forces between few points are quicker summed by a tree than by a grid.
    method = "bh" if count < _MANY else "fft"
    layout = library.TSNE(perplexity=perplexity, negative_gradient_method=method, random_state=0)
    found = np.asarray(layout.fit(values))
    low, high = found.min(axis=0), found.max(axis=0)
    return (2 * (found - low) / np.maximum(high - low, 1e-12) - 1).tolist()
