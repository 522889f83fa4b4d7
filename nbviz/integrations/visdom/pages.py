"""All windows of a desk as one page that opens without a kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbviz.errors import ConfigurationError
from nbviz.front_end import front_end
from nbviz.integrations.visdom.feed import WindowsFeed
from nbviz.integrations.visdom.pictures import windows_picture
from nbviz.pictures.page import Recorded, page_html
from nbviz.pictures.svg import picture_to_svg

if TYPE_CHECKING:
    from pathlib import Path

    from nbviz.integrations.visdom.desk import Desk


def save_page(desk: Desk, path: Path, title: str) -> Path:
    """Write the page.

    Args:
        desk: Whose windows.
        path: The file to write; one that exists is replaced.
        title: Its heading.

    Raises:
        ConfigurationError: The path does not end with .html, or cannot be written.
    """
    if path.suffix.lower() != ".html":
        raise ConfigurationError(f"the path of a page ends with .html; got {str(path)!r}.")
    feed = WindowsFeed(desk, None)
    feed.read()
    batch = feed.collect(feed.cursor())
    picture = picture_to_svg(windows_picture(feed.windows()))
    recorded = Recorded(batch.updates, batch.buffers, [], [], {})
    text = page_html(recorded, title, picture, front_end("visdom"))
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"the page {str(path)!r} cannot be written: {error}.") from error
    return path
