"""A run for readers without a kernel: picture, table and text in one mime bundle.

GitHub, nbviewer, nbconvert and a notebook that is opened later run no widget. What they show comes
from here, and holds no script, no style sheet of a page, and nothing fetched. A page that still is
interactive is written by `nbviz.pictures.page`.
"""

from __future__ import annotations

import base64
import contextlib
from typing import TYPE_CHECKING

from nbviz.errors import ConfigurationError, MissingDependencyError
from nbviz.pictures.charts import extremes
from nbviz.pictures.layout import make_picture, marked_events, remark, status_of, summary
from nbviz.pictures.number_text import format_step, format_value
from nbviz.pictures.png import picture_to_png, render_png
from nbviz.pictures.svg import image_html, picture_to_svg, render_svg, xml_text
from nbviz.text import clean_line, counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbviz.pictures.shapes import Picture
    from nbviz.recording.recorded_run import RecordedRun

__all__ = [
    "describe",
    "mime_bundle",
    "render_html",
    "render_png",
    "render_svg",
    "render_text",
]

_HEADINGS = ("", "last", "lowest", "at step", "highest", "at step", "points")
_ROWS_SHOWN = 60
_TAGS_DESCRIBED = 6
MOST_RUNS = 8
OUTPUT = ".jp-OutputArea-child:not(:has(.jp-OutputArea))"
"""JupyterLab's place of one output that holds no other ones; as in js/src/ui/view-root.ts."""

"""Runs in a picture: hundreds could not be told apart, and each takes time."""
_WIDTH = 860  # CSS pixels
_TALL = 1200  # CSS pixels; a higher PNG would take seconds, and a megabyte, at twice the size
_CELL = "padding:1px 12px 1px 0;text-align:"


def mime_bundle(
    runs: Sequence[RecordedRun], view_id: str, *, with_png: bool = True
) -> dict[str, str]:
    """Return a run's saved picture in every form that notebook readers know.

    Args:
        runs: What to show; of more than `MOST_RUNS` the first, and how many more there are.
        view_id: Ties the picture to the live view, which hides it while it is on the page.
        with_png: Whether there is a PNG, which takes most of the time.

    Returns:
        `text/html`, `text/plain` and, where Pillow is installed, `image/png` as base64.
    """
    shown, left = runs[:MOST_RUNS], len(runs) - MOST_RUNS
    text, below = render_text(shown), ""
    if left > 0:
        more = f"and {counted(left, 'more run')}"
        text, below = f"{text}\n\n{more}", f"<p>{more}</p>"
    picture = make_picture(shown, _WIDTH)
    bundle = {"text/plain": text, "text/html": _html_of(picture, shown, view_id, below)}
    if not with_png:
        return bundle
    # Without Pillow: every reader that takes a PNG takes the text too.
    with contextlib.suppress(MissingDependencyError):
        png = picture_to_png(picture, 1 if picture.height > _TALL else 2)
        bundle["image/png"] = base64.b64encode(png).decode("ascii")
    return bundle


def render_html(runs: Sequence[RecordedRun], view_id: str, *, below: str = "") -> str:
    """Return the picture and a table of the numbers as HTML that a sanitiser leaves as it is.

    The style element beside the picture acts only in a trusted notebook that has lost its kernel:
    it hides the output before, in which JupyterLab reports that it found no widget.

    Args:
        runs: What to show.
        view_id: As for `mime_bundle`.
        below: HTML that follows the table.

    Raises:
        ConfigurationError: The id has other characters than letters and digits.
    """
    return _html_of(make_picture(runs, _WIDTH), runs, view_id, below)


def _html_of(picture: Picture, runs: Sequence[RecordedRun], view_id: str, below: str) -> str:
    svg = picture_to_svg(picture)
    return figure_html(svg, describe(runs), view_id, below=_html_table(runs) + below)


def figure_html(svg: str, said: str, view_id: str, *, below: str = "", live: str = "") -> str:
    """Return a picture as HTML that the live view `view_id` hides while it is on the page.

    Args:
        svg: The picture.
        said: The same in words.
        view_id: Letters and digits.
        below: HTML that follows the picture.
        live: As for `hidden_html`.

    Raises:
        ConfigurationError: The id has other characters.
    """
    return hidden_html(image_html(svg, said) + below, view_id, live=live)


def hidden_html(content: str, view_id: str, *, live: str = "") -> str:
    """Return HTML that the live view `view_id` hides while it is on the page.

    Args:
        content: HTML.
        view_id: Letters and digits.
        live: The class of a live view that hides nothing by itself, as one that another package
            draws: letters, digits and hyphens.

    Raises:
        ConfigurationError: The id has other characters.
    """
    if not view_id.isalnum():
        raise ConfigurationError(f"view_id must be letters and digits, got {view_id!r}.")
    rules = _hide_lost_view(view_id)
    if live:
        picture = f'[data-nbviz-static="{view_id}"]'
        rules += (
            f":root:has(.{live}) {OUTPUT}:has({picture}),"
            f":root:has(.{live}) {picture}{{display:none!important}}"
        )
    return (
        f'<figure class="nbviz-static" data-nbviz-static="{view_id}" style="margin:0">'
        f"<style>{rules}</style>{content}</figure>"
    )


def render_text(runs: Sequence[RecordedRun]) -> str:
    """Return the numbers as a table in plain text."""
    blocks: list[str] = []
    for run in runs:
        lines = [f"{clean_line(run.name)}: {status_of(run)}, {summary(run)}"]
        said = remark(run)
        if said:
            lines.append(clean_line(said))
        rows = [_HEADINGS, *_rows(run)] if run.tags else []
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            cells = [row[0].ljust(widths[0])]
            cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
            lines.append("  ".join(cells).rstrip())
        lines += [
            f"step {format_step(s)}: {clean_line(text)}" for _, s, _, text in marked_events([run])
        ]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def describe(runs: Sequence[RecordedRun]) -> str:
    """Return the picture in words, for a reader who cannot see it."""
    sentences: list[str] = []
    for run in runs:
        run.drain()
        head = f"Run {run.name}, {status_of(run)}: {summary(run)}. {remark(run)}".rstrip()
        values = [
            f"{tag} {format_value(found.last)} "
            f"(from {format_value(found.lowest)} to {format_value(found.highest)})"
            for tag in run.tags[:_TAGS_DESCRIBED]
            if len(run.series(tag))
            for found in [extremes(run.series(tag))]
        ]
        sentences.append(f"{head} Last values: {', '.join(values)}." if values else head)
    return " ".join(sentences)


def _rows(run: RecordedRun) -> list[tuple[str, ...]]:
    """Return the table's cells: a row for each tag."""
    run.drain()
    rows: list[tuple[str, ...]] = []
    for tag in run.tags[:_ROWS_SHOWN]:
        series = run.series(tag)
        if len(series) == 0:
            continue
        found = extremes(series)
        nan = f" ({found.nan:,} NaN)" if found.nan else ""
        rows.append(
            (
                clean_line(tag),
                format_value(found.last),
                format_value(found.lowest),
                format_step(found.lowest_step),
                format_value(found.highest),
                format_step(found.highest_step),
                f"{found.count:,}{nan}",
            )
        )
    hidden = len(run.tags) - _ROWS_SHOWN
    if hidden > 0:
        rows.append((f"and {hidden:,} more tags", *("" for _ in _HEADINGS[1:])))
    return rows


def _html_table(runs: Sequence[RecordedRun]) -> str:
    parts: list[str] = []
    for run in runs:
        if not run.tags:
            continue
        head = "".join(
            f'<th style="{_CELL}{"right" if i else "left"}">{heading}</th>'
            for i, heading in enumerate((xml_text(run.name), *_HEADINGS[1:]))
        )
        body = "".join(
            "<tr>"
            + "".join(
                f'<td style="{_CELL}{"right" if i else "left"}">{xml_text(cell)}</td>'
                for i, cell in enumerate(row)
            )
            + "</tr>"
            for row in _rows(run)
        )
        parts.append(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")
    if not parts:
        return ""
    return f"<details><summary>Numbers</summary>{''.join(parts)}</details>"


def _hide_lost_view(view_id: str) -> str:
    """Return a rule for the output before the picture, if it is a widget that was not found.

    Where the widget's model is unknown there is a sentence, or nothing but scripts; where its code
    is unknown, a sign. Any other widget there is the user's, or at work.
    """
    output = ".jp-OutputArea-child"
    picture = f'[data-nbviz-static="{view_id}"]'
    beside = f":has(+ {output} {picture}):not(:has(+ {output} .jp-OutputArea {picture}))"
    is_sentence = ":has(.jupyter-widgets):not(:has(.jupyter-widgets>:not(script)))"
    is_sign = ':has(>.jupyter-widgets>.jupyter-widgets>[class*="error-widget"])'
    return f"{output}{is_sentence}{beside},{output}{is_sign}{beside}{{display:none}}"
