"""Tqdm and trange, as tqdm has them."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any, cast

from nbviz.errors import RunStopped
from nbviz.integrations.in_cells import in_notebook
from nbviz.integrations.peers import require
from nbviz.integrations.tqdm.nested import NestedBars, run_of_bars

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from nbviz.recording.run import Run

_Bar: Any = require("tqdm", "4.60", "tqdm.std").tqdm


class tqdm(_Bar):  # noqa: N801  the name that is replaced
    """A progress bar that is a run: its items are steps, its postfix is curves.

    In a notebook the cell shows a dashboard in place of the bar, with Pause, Step and Stop, which
    act between two items; after Stop no more come. The bars of one cell belong to one run; inside a
    `%%live` cell or `with run:` it is that one. A bar inside another makes the steps, and the outer
    one's items are the epochs. Outside notebooks the bar is drawn as text, as tqdm does.

    Args:
        *args: As for `tqdm.tqdm`.
        run: The run; by default as above.
        **kwargs: As for `tqdm.tqdm`.

    Attributes:
        run: The run; None while there is none, and where `disable` is given.

    Raises:
        MissingDependencyError: tqdm is not installed.
    """

    run: Run | None = None
    _nested: NestedBars | None = None

    def __init__(self, *args: Any, run: Run | None = None, **kwargs: Any) -> None:
        self._given = run
        self.done = 0
        self.has_inner_steps = False
        if in_notebook():
            kwargs["gui"] = True  # nothing is drawn as text
            kwargs["disable"] = bool(kwargs.get("disable"))  # None means: unless on a terminal
        super().__init__(*args, **kwargs)
        if not self.disable and self.iterable is None:
            self._begin()

    # ------------------------------------------------------------ what it counts

    def __iter__(self) -> Iterator[Any]:
        if self.disable:
            yield from super().__iter__()
            return
        nested = self._begin()
        items = cast("Any", super().__iter__())
        try:
            if nested.is_stopped:
                return
            nested.run.safe_point()
            for item in items:
                yield item
                nested.advance(self, 1)
                if nested.is_stopped:
                    return
            nested.end(self, is_complete=True)
        except RunStopped:
            return
        finally:
            items.close()
            self._end()

    async def __aiter__(self) -> AsyncIterator[Any]:
        nested = None if self.disable else self._begin()
        try:
            if nested is not None and nested.is_stopped:
                return
            async for item in self.iterable:
                yield item
                self.update()
                if nested is None:
                    continue
                nested.advance(self, 1)
                if nested.is_stopped:
                    return
            if nested is not None:
                nested.end(self, is_complete=True)
        except RunStopped:
            return
        finally:
            self.close()
            self._end()

    def update(self, n: float | None = 1) -> Any:
        """Count `n` more items; also a point at which Pause, Step and Stop act.

        Raises:
            RunStopped: The run was stopped from the dashboard.
        """
        shown = cast("Any", super().update(n))
        # The loop over an iterable calls this now and then, for what it has counted itself.
        if self._nested is not None and self.iterable is None:
            self._nested.advance(self, n or 0)
        return shown

    def close(self) -> None:
        """Take the bar away."""
        super().close()
        if self.iterable is None and self._nested is not None:
            is_complete = not self.total or self.n >= self.total
            self._nested.end(self, is_complete=is_complete)

    def reset(self, total: float | None = None) -> None:
        """Begin at 0 again."""
        super().reset(total)
        self.done = 0

    # ------------------------------------------------------------ what it says

    def set_postfix(
        self,
        ordered_dict: Mapping[str, Any] | None = None,
        refresh: bool = True,
        **kwargs: Any,
    ) -> None:
        """Show values beside the bar; numbers among them are recorded as curves.

        Args:
            ordered_dict: Names to values.
            refresh: Whether to draw the bar at once.
            **kwargs: Further ones.
        """
        super().set_postfix(ordered_dict, refresh, **kwargs)
        if self._nested is not None:
            self._nested.log({**(ordered_dict or {}), **kwargs})

    def display(self, msg: str | None = None, pos: int | None = None) -> Any:
        """Draw the bar: as text, or as the state of the dashboard."""
        if self._nested is not None:
            self._nested.describe()
        if self.gui:
            return True
        return cast("Any", super().display(msg, pos))

    def clear(self, *args: Any, **kwargs: Any) -> None:
        """Take the text away, where there is any."""
        if not getattr(self, "gui", False):
            super().clear(*args, **kwargs)

    @classmethod
    def write(cls, s: str, file: Any = None, end: str = "\n", nolock: bool = False) -> None:
        """Write a line: to the log of the run whose bar is shown, or as `print` does.

        Args:
            s: The line.
            file: Where to; the log where None.
            end: What ends it.
            nolock: Whether the bars' lock is held already.
        """
        run = run_of_bars() if file in (None, sys.stdout, sys.stderr) else None
        if run is not None:
            run.print(str(s))
        if run is None or not in_notebook():
            super().write(s, file=file, end=end, nolock=nolock)

    # ------------------------------------------------------------ inside

    def _begin(self) -> NestedBars:
        nested = self._nested
        if nested is None:
            nested = self._nested = NestedBars.around(self._given, str(self.desc))
            self.run = nested.run
        nested.begin(self)
        return nested

    def _end(self) -> None:
        if self._nested is not None:
            self._nested.end(self, is_complete=False)

    def __del__(self) -> None:
        with contextlib.suppress(Exception):  # the interpreter may be half gone
            super().__del__()


def trange(*args: Any, **kwargs: Any) -> tqdm:
    """Return `tqdm(range(*args), **kwargs)`."""
    return tqdm(range(*args), **kwargs)
