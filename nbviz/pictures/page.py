"""A run as one page that opens without a kernel and without a network, and is still interactive.

The page holds nbviz's own front end and a snapshot of the runs, both as inert JSON. Its policy lets
only the one script run that this file writes, and what that script makes of the front end; nothing
of it can reach a network.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import uuid
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbviz.errors import ConfigurationError
from nbviz.front_end import front_end
from nbviz.pictures.svg import render_svg, xml_text
from nbviz.widgets.feed import Feed
from nbviz.widgets.media_items import newest_items

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nbviz.protocol.graph import GraphLevel
    from nbviz.recording.run import Run

_PICTURE_CELLS = 256 * 256  # at most, of one parameter
_PICTURE_BYTES = 3_000_000  # of all parameters of a run
_MEDIA_BYTES = 3_000_000  # of a run

_SCRIPT = """\
const page = JSON.parse(document.getElementById("nbviz-page").textContent);
const code = new Blob([page.front_end], { type: "text/javascript" });
const { replay } = await import(URL.createObjectURL(code));
const root = document.createElement("div");
document.body.append(root);
replay(root, page.recorded, page.panels, page.assets);
document.getElementById("nbviz-picture").remove();"""

_STYLE = """\
:root { color-scheme: light dark; }
body { margin: 0 auto; padding: 20px; max-width: 1280px; background: #ffffff; color: #1f2430;
	font: 13px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 16px; margin: 0 0 14px; }
h1 { flex: 1; margin: 0; font-size: 18px; font-weight: 600; overflow-wrap: anywhere; }
p { margin: 0; color: light-dark(#5b6372, #a3abba); }
img { max-width: 100%; }
@media (prefers-color-scheme: dark) { body { background: #101216; color: #e7e9ee; } }"""


def save_html(
    path: Path | str,
    runs: Sequence[Run],
    graphs: Mapping[str, list[GraphLevel]] | None = None,
    title: str | None = None,
) -> Path:
    """Write runs as one page that opens without a kernel and without a network.

    Args:
        path: The file to write; one that exists is replaced.
        runs: What to show.
        graphs: Every level of the models' graphs, by run id.
        title: The page's heading; the runs' names by default.

    Returns:
        The file's path.

    Raises:
        ConfigurationError: There is no run, or the file cannot be written.
    """
    page = replay_html(runs, graphs, title)
    file = Path(path)
    try:
        file.write_text(page, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"cannot write {str(file)!r}: {error.strerror}. Choose another path."
        ) from error
    return file


def replay_html(
    runs: Sequence[Run],
    graphs: Mapping[str, list[GraphLevel]] | None = None,
    title: str | None = None,
    *,
    panels: Sequence[str] | None = None,
    picture: str | None = None,
) -> str:
    """Return runs as one HTML page: the live view's panels, filled once.

    Curves zoom, smooth and read out, and the graph expands. A series of more than 4,000 points is
    kept as 4,000 buckets with minimum, maximum and mean. Of a run that is over, the weights as they
    are now are kept too, up to 3 MB of pictures. Of each tag of images,
    texts and tensors the newest item is kept, of histograms their course, up to 3 MB in all.

    Args:
        runs: What to show, finished or not.
        graphs: Every level of the models' graphs, by run id.
        title: The page's heading; the runs' names by default.
        panels: Which panels; those for which there is something to show by default.
        picture: The SVG shown where the page's script does not run; the curves by default.

    Raises:
        ConfigurationError: There is no run, or nbviz was installed without its front end.
    """
    if not runs:
        raise ConfigurationError("there is no run to save; pass at least one.")
    recorded = _record(runs, graphs or {})
    page = {
        "front_end": front_end("widget"),
        "recorded": recorded,
        "panels": _panels(recorded) if panels is None else list(panels),
        "assets": _assets(recorded),
    }
    name = xml_text(title or ", ".join(run.name for run in runs))
    svg = render_svg(runs) if picture is None else picture
    encoded = base64.b64encode(svg.encode()).decode("ascii")
    today = datetime.now().astimezone()
    policy = (
        f"default-src 'none'; script-src '{_digest(_SCRIPT)}' blob:; worker-src blob:; "
        "style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    # The picture is what a reader keeps whose browser does not run the script.
    return f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{name}</title>
<style>{_STYLE}</style>
</head>
<body>
<header><h1>{name}</h1><p>Saved by nbviz on {today.day} {today:%B %Y}</p></header>
<img id="nbviz-picture" alt="{name}" src="data:image/svg+xml;base64,{encoded}">
<script type="application/json" id="nbviz-page">{_inert_json(page)}</script>
<script type="module">{_SCRIPT}</script>
</body>
</html>
"""


def _record(runs: Sequence[Run], graphs: Mapping[str, list[GraphLevel]]) -> dict[str, Any]:
    feed = Feed(runs)
    feed.graphs = set(graphs)
    owner = f"page-{uuid.uuid4().hex}"
    for run in runs:
        names = _pictured(run) if run.is_active else _affordable(run)
        run.weights.want(owner, names)
        if not run.is_active:  # else the training thread has made those that there are
            run.weights.capture(run.progress.step, names)
        run.drain_media()
    updates, buffers = feed.snapshot(feed.cursor(), whole=True)
    told_of: list[Any] = [update for update in updates if update["kind"] != "media_added"]
    media: list[dict[str, Any]] = []
    for run in runs:
        told, steps, items = newest_items(run, _MEDIA_BYTES)
        if not items:
            continue
        told_of.append({**told, "buffer": len(buffers)})
        buffers.append(steps)
        for answer, data in items:
            media.append(answer if data is None else {**answer, "buffer": len(buffers)})
            buffers += [] if data is None else [data]
    drawn = {run.run_id: set(_pictured(run)) for run in runs}
    for run in runs:
        run.weights.want(owner, ())
    for update in updates:
        if update["kind"] == "layers_listed":  # one without a picture could only disappoint
            known = drawn[update["run_id"]]
            update["layers"] = [layer for layer in update["layers"] if layer["name"] in known]
    return {
        "updates": told_of,
        "buffers": [base64.b64encode(buffer).decode("ascii") for buffer in buffers],
        "graphs": dict(graphs),
        "media": media,
    }


def _pictured(run: Run) -> list[str]:
    """Return the names of the parameters of which there is a picture."""
    return [name for name, _ in run.weights.layers if run.weights.latest(name) is not None]


def _affordable(run: Run) -> list[str]:
    """Return the names of the first parameters whose pictures a page can carry."""
    names: list[str] = []
    size = 0
    for name, shape in run.weights.layers:
        size += 2 * min(math.prod(shape), _PICTURE_CELLS)
        if size > _PICTURE_BYTES:
            break
        names.append(name)
    return names


def _panels(recorded: Mapping[str, Any]) -> list[str]:
    kinds = {update["kind"] for update in recorded["updates"]}
    panels = ["toolbar", "curves"]
    if "weights_updated" in kinds:
        panels.append("weights")
    if recorded["media"]:
        panels.append("media")
    if recorded["graphs"]:
        panels.append("graph")
    if "lines_appended" in kinds:
        panels.append("log")
    return panels


def _assets(recorded: Mapping[str, Any]) -> dict[str, str]:
    needed = [name for name, of in (("graph", "graphs"), ("media", "media")) if recorded[of]]
    return {name: front_end(name) for name in needed}


def _inert_json(value: object) -> str:
    """Return JSON that cannot end the script element it stands in."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _digest(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
