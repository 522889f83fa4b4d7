"""A graph in Graphviz's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbviz.inspection.graph.families import family_of
from nbviz.text import clean_line

if TYPE_CHECKING:
    from nbviz.inspection.graph.hierarchy.hierarchy import Hierarchy
    from nbviz.inspection.graph.structure import GraphStructure
    from nbviz.protocol.graph import GraphNode

_FILLS = {
    "conv": "#dfe9fb",
    "linear": "#e9e5fa",
    "norm": "#f3eedb",
    "activation": "#dcf0ea",
    "pooling": "#dceff5",
    "attention": "#f5e2f2",
    "recurrent": "#fbe8dc",
    "embedding": "#f8e0e5",
}
_TIES = {"saved": ", dir=none", "view": ", style=dotted"}
_HEAD = """\
  graph [fontname="Helvetica", fontsize=11, rankdir=TB, nodesep=0.3, ranksep=0.35];
  node [shape=box, style="rounded,filled", fillcolor="#ffffff", color="#8a93a3",
        fontname="Helvetica", fontsize=11, margin="0.12,0.06", height=0.3];
  edge [color="#6d7686", fontname="Helvetica", fontsize=9, arrowsize=0.7];"""


def to_dot(graph: GraphStructure, hierarchy: Hierarchy) -> str:
    """Return a graph in Graphviz's language: modules as clusters, operations and layers in them."""
    lines = ["digraph model {", _HEAD, *_level(hierarchy, "", "  ")]
    drawn: set[tuple[str, str]] = set()
    for edge in graph.edges:
        ends = hierarchy.shown(edge.source), hierarchy.shown(edge.target)
        if ends[0] == ends[1] or ends in drawn:
            continue
        drawn.add(ends)
        label = quoted("×".join(map(str, edge.tensor.shape)))
        look = _TIES[edge.tie] if edge.tie else ""
        lines.append(f"  {quoted(ends[0])} -> {quoted(ends[1])} [label={label}{look}];")
    return "\n".join([*lines, "}", ""])


def quoted(text: str) -> str:
    """Return text as a string of the language, which shows it letter by letter."""
    cleaned = (clean_line(line) for line in text.split("\n"))  # those that differ stay so
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"') for line in cleaned)
    return '"' + "\\n".join(escaped) + '"'


def _level(hierarchy: Hierarchy, scope: str, indent: str) -> list[str]:
    lines: list[str] = []
    for node in hierarchy.level(scope)["nodes"]:
        if node["child_count"] == 0:
            lines.append(f"{indent}{quoted(node['node_id'])} [{_look(node)}];")
            continue
        said = _said(node["label"], node["type"], node["detail"])
        lines += [
            f"{indent}subgraph {quoted('cluster_' + node['node_id'])} {{",
            f'{indent}  label={quoted(said)}; style=rounded; color="#c4c9d1"; labeljust=l;',
            *_level(hierarchy, node["node_id"], indent + "  "),
            f"{indent}}}",
        ]
    return lines


def _look(node: GraphNode) -> str:
    if node["kind"] == "operation":
        label, more = node["label"], ", style=filled, shape=box"
    else:
        label, more = _said(node["label"], node["type"], node["detail"]), ""
    if node["kind"] in ("input", "output"):
        shapes = ", ".join("×".join(map(str, shape)) for shape in node["output_shapes"])
        label, more = f"{node['label']}\n{shapes}", ", shape=ellipse"
    fill = _FILLS.get(family_of(node))
    return f"label={quoted(label)}{more}" + (f', fillcolor="{fill}"' if fill else "")


def _said(label: str, type_name: str, detail: str) -> str:
    first = f"{label}: {type_name}" if type_name and type_name != label else label
    return f"{first}\n{detail}" if detail else first
