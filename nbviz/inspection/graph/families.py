"""What a box does, which decides its colour."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbviz.protocol.graph import GraphNode

# As in js/src/panels/graph/drawing/box-text.ts; tests/fixtures/rules/families.json holds both.
_FAMILIES = [
    (re.compile(pattern, re.IGNORECASE), family)
    for pattern, family in (
        (r"conv", "conv"),
        (r"norm", "norm"),
        (r"attention", "attention"),
        (r"pool|interpolate|upsample", "pooling"),
        (
            r"^(n?r?relu\d?_?|.*elu|.*lu_?|.*sigmoid|.*tanh|.*softmax|.*swish|.*mish|soft\w+)$",
            "activation",
        ),
        (r"lstm|gru|rnn", "recurrent"),
        (r"embedding", "embedding"),
        (r"linear|matmul|^[bm]?mm$|addmm|einsum", "linear"),
    )
]


def family_of(node: GraphNode) -> str:
    """Return what a box does: "conv", "norm", …, "input", "output", "block" or "other".

    Of a box in which the model failed it is "failed".
    """
    if node.get("error"):
        return "failed"
    if node["kind"] in ("input", "output"):
        return node["kind"]
    if node["child_count"] > 0:
        return "block"
    return next((family for pattern, family in _FAMILIES if pattern.search(node["type"])), "other")
