"""What pages look at: the newest that a view said counts, in whatever order it arrives."""

from __future__ import annotations

from nbviz.panels import PANELS
from nbviz.panels.panel import View
from nbviz.session.wanted import Wanted


def test_what_lay_behind_a_cell_and_was_passed_by_later_words_changes_nothing() -> None:
    wanted = Wanted(PANELS)
    wanted.want("run", "weights", "page", 1, View(("fc.weight",)), number=5)
    before = wanted.of("run", "weights")
    wanted.want("run", "weights", "page", 1, View(("conv.weight",)), number=3)
    assert wanted.of("run", "weights") == before
    # Each view and each page counts for itself; a page that comes again begins anew.
    wanted.want("run", "weights", "page", 2, View(("conv.weight",)), number=3)
    assert wanted.of("run", "weights") != before
    assert wanted.forget("page") == [("run", "weights")]
    wanted.want("run", "weights", "page", 1, View(("fc.weight",)), number=1)
    assert wanted.of("run", "weights") == before
