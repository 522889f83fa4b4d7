"""What was recorded as one page that opens without a kernel and is still interactive.

The page holds nbviz's own front end and what the panels need, both as inert JSON. Its policy lets
only the one script run that this file writes, and what that script makes of the front end; nothing
of it can reach a network.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from nbviz.pictures.svg import xml_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbviz import protocol

_SCRIPT = """\
const page = JSON.parse(document.getElementById("nbviz-page").textContent);
const code = new Blob([page.front_end], { type: "text/javascript" });
const { replay } = await import(URL.createObjectURL(code));
const root = document.createElement("div");
document.body.append(root);
replay(root, page.recorded, page.panels, page.assets, page.charts);
document.getElementById("nbviz-picture").remove();"""

_NAMED = 4

_CHARTS = """\
const page = JSON.parse(document.getElementById("nbviz-page").textContent);
const code = new Blob([page.front_end], { type: "text/javascript" });
const { replay } = await import(URL.createObjectURL(code));
for (const place of document.querySelectorAll("[data-nbviz-chart]")) {
	const root = document.createElement("div");
	const picture = [...place.children];
	place.append(root);
	replay(root, page.charts[Number(place.dataset.nbvizChart)]);
	for (const element of picture) element.remove();
}"""

_STYLE = """\
:root { color-scheme: light dark; }
body { margin: 0 auto; padding: 20px; max-width: 1280px; background: #ffffff; color: #1f2430;
	font: 13px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 16px; margin: 0 0 14px; }
h1 { flex: 1 1 240px; margin: 0; font-size: 18px; font-weight: 600; overflow-wrap: anywhere; }
p { margin: 0; color: light-dark(#5b6372, #a3abba); }
img { max-width: 100%; }
@media (prefers-color-scheme: dark) { body { background: #101216; color: #e7e9ee; } }"""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a page without a kernel is given.

    Attributes:
        updates: A snapshot.
        buffers: What the updates' and answers' `buffer` counts.
        answers: To what the panels would ask of a kernel.
        panels: The names of the panels that have something to show, in order.
        assets: The source of the parts of the front end that they load, by name.
        thinned: What of the steps is left out.
    """

    updates: list[protocol.Update]
    buffers: list[bytes]
    answers: list[protocol.Update]
    panels: list[str]
    assets: dict[str, str]
    thinned: list[str] = field(default_factory=list[str])


def page_html(
    recorded: Recorded,
    title: str,
    picture: str,
    front_end: str,
    charts: Sequence[Sequence[str]] = (),
) -> str:
    """Return what was recorded as one HTML page: the live view's panels, filled once.

    Args:
        recorded: What the page shows.
        title: Its heading.
        picture: The SVG that is shown where the page's script does not run.
        front_end: The source of the widget.
        charts: The patterns of tags that share a chart.
    """
    page = {
        "front_end": front_end,
        "recorded": {
            "updates": recorded.updates,
            "buffers": [base64.b64encode(buffer).decode("ascii") for buffer in recorded.buffers],
            "answers": recorded.answers,
        },
        "panels": recorded.panels,
        "assets": recorded.assets,
        "charts": [list(patterns) for patterns in charts],
    }
    name = xml_text(title)
    thinned = xml_text(thinned_text(recorded.thinned))
    note = f"<p>{thinned}</p>" if thinned else ""
    encoded = base64.b64encode(picture.encode()).decode("ascii")
    today = datetime.now().astimezone()
    policy = (
        f"default-src 'none'; script-src '{_digest(_SCRIPT)}' blob:; worker-src blob:; "
        "style-src 'unsafe-inline'; img-src data: blob:; media-src blob:; base-uri 'none'; "
        "form-action 'none'"
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
<header><h1>{name}</h1><p>Saved by nbviz on {today.day} {today:%B %Y}</p>{note}</header>
<img id="nbviz-picture" alt="{name}" src="data:image/svg+xml;base64,{encoded}">
<script type="application/json" id="nbviz-page">{_inert_json(page)}</script>
<script type="module">{_SCRIPT}</script>
</body>
</html>
"""


def thinned_text(thinned: Sequence[str]) -> str:
    """Say what of the steps a page does not have; empty where it has all."""
    if not thinned:
        return ""
    more = f" and {len(thinned) - _NAMED:,} more" if len(thinned) > _NAMED else ""
    return f"Kept to save room: {', '.join(thinned[:_NAMED])}{more}"


def still_page(
    content: str, title: str, style: str, charts: Sequence[object] = (), front_end: str = ""
) -> str:
    """Return a page of pictures and text, for which nothing is fetched.

    Nothing runs in it but what draws charts in the places of their pictures.

    Args:
        content: HTML. `data-nbviz-chart` counts the charts that stand in an element's place.
        title: Its heading; "" for none.
        style: A style sheet beside the page's own.
        charts: What is drawn, as JSON.
        front_end: The source of what draws it.
    """
    name = xml_text(title)
    heading = f"<header><h1>{name}</h1></header>\n" if title else ""
    scripts = f"script-src '{_digest(_CHARTS)}' blob:; " if charts else ""
    policy = (
        f"default-src 'none'; {scripts}style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )
    page = {"front_end": front_end, "charts": charts}
    drawn = (
        f"""<script type="application/json" id="nbviz-page">{_inert_json(page)}</script>
<script type="module">{_CHARTS}</script>
"""
        if charts
        else ""
    )
    return f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{name or "nbviz"}</title>
<style>{_STYLE}
{style}</style>
</head>
<body>
{heading}{content}
{drawn}</body>
</html>
"""


def _inert_json(value: object) -> str:
    """Return JSON that cannot end the script element it stands in."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _digest(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
