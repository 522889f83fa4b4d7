"""Light or dark, as the page around a view is, whatever the system prefers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nbviz.front_end import front_end

if TYPE_CHECKING:
    from playwright.sync_api import Page

# Draws a view in the page, and in one and two shadow roots, and returns the theme of each.
DRAW = """async ([source, style]) => {
  const sheet = document.createElement("style");
  sheet.textContent = style;
  document.head.append(sheet);
  const code = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const { replay } = await import(code);
  const roots = [0, 1, 2].map((depth) => {
    let place = document.createElement("div");
    document.body.append(place);
    for (let i = 0; i < depth; i++) {
      const inner = document.createElement("div");
      place.attachShadow({ mode: "open" }).append(inner);
      place = inner;
    }
    replay(place, { updates: [], buffers: [] }, ["toolbar"], {});
    return place.querySelector(".nbviz");
  });
  window.themes = () => roots.map((root) => root.dataset.theme).join();
  return window.themes();
}"""


@pytest.mark.parametrize("system", ["light", "dark"])
def test_the_page_decides_before_the_system(offline: Page, system: str) -> None:
    page = offline
    page.emulate_media(color_scheme=system)
    source = front_end("page")
    for style, theme in (
        ("body { background: #111; color: #eee }", "dark"),
        ("body { background: black; color: black }", "dark"),
        ("body { background: white; color: black }", "light"),
        ("body { background: oklch(0.2 0.01 250); color: oklch(0.9 0 0) }", "dark"),
        ("body { background: oklch(0.98 0.01 250) }", "light"),
        ("body { background: rgb(0 0 0 / 0.05) }", "light"),
        ("", "light"),  # a page without colours is white on every system
        (":root { color-scheme: dark }", "dark"),
        (":root { color-scheme: light dark }", system),
    ):
        page.goto("about:blank")
        assert page.evaluate(DRAW, [source, style]) == ",".join([theme] * 3), style
    page.evaluate("document.body.setAttribute('style', 'background: black')")
    page.wait_for_function("window.themes() === 'dark,dark,dark'")
