"""Draws charts of Vega-Lite, in a process of its own: `python process.py`.

vl-convert holds Python's lock as long as it works, up to seconds: a training would stand still.
Each line of the input is JSON: a chart to be drawn, or null for the code with which a page draws
one. A line of JSON answers it, and as many bytes as it says.

It imports nothing of nbviz, which would bring torch.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any


def made(request: Any) -> bytes:
    """Return what a request asks for: a PNG file, or a module in UTF-8."""
    import vl_convert  # pyright: ignore[reportMissingTypeStubs]

    convert: Any = vl_convert
    if request is None:
        return convert.javascript_bundle("export default vegaEmbed;").encode()
    return convert.vegalite_to_png(request["chart"], scale=request["scale"])


def main() -> None:
    """Answer until there are no more requests."""
    if hasattr(os, "nice"):
        os.nice(5)
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)  # what libraries print is no answer
        for line in sys.stdin.buffer:
            data, said = b"", ""
            try:
                data = made(json.loads(line))
            except Exception as error:  # noqa: BLE001  whatever a chart does is said to the asker
                said = f"{error}" or type(error).__name__
            answers.write(json.dumps({"size": len(data), "error": said}).encode() + b"\n" + data)
            answers.flush()


if __name__ == "__main__":
    main()
