"""The user's functions, made anew for copies of what they use: an optimizer, an average, a model.

A step that names an optimizer that was defined around it would step that one, also where it trains
a copy of the model. So such a function is made a second time, with the same code, and finds the
copies under the names.
"""

from __future__ import annotations

import copy
from types import CellType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any

import torch

from nbviz.training.callbacks import METHODS
from nbviz.training.checkpoints.attributes import is_kept
from nbviz.training.checkpoints.used import MOST_DEEP, is_own, names_of, used_directly

if TYPE_CHECKING:
    from collections.abc import Iterable


class _Names(dict[str, Any]):
    """The names around a function: those that are its own, and beside them those of another."""

    def __init__(self, others: dict[str, Any]) -> None:
        super().__init__()
        self._others = others

    def __missing__(self, name: str) -> Any:
        return self._others[name]


class Rebinding:
    """Makes functions anew; first all of them, and their names once all else is copied.

    Args:
        copied: What is copied, beside what such functions count and draw from.
        memo: That of `copy.deepcopy`, in which the functions are found, and then the copies.
    """

    def __init__(self, copied: Iterable[object], memo: dict[int, Any]) -> None:
        self._kept = list(copied)  # while they are known by their ids
        self._copied = {id(one) for one in self._kept}
        self._memo = memo
        self._uses: dict[int, bool] = {}
        self._made: list[tuple[FunctionType, FunctionType]] = []
        self._seen: set[int] = set()
        self._finished: set[int] = set()

    def prepare(self, value: Any, depth: int = MOST_DEEP) -> None:
        """Make the functions anew that a value is or holds, as far as they use what is copied."""
        if id(value) in self._seen or isinstance(value, torch.nn.Module):
            return
        self._seen.add(id(value))
        if isinstance(value, MethodType):
            self.prepare(value.__self__, depth)
            self._prepare_function(value.__func__, depth)
        elif isinstance(value, FunctionType):
            self._prepare_function(value, depth)
        elif depth > 0:
            for _, one in used_directly(value):
                self.prepare(one, depth - 1)
            for function in _methods_of(value):
                self._prepare_function(function, depth - 1)

    def finish(self, value: Any, depth: int = MOST_DEEP) -> Any:
        """Return a value that was copied, with its methods made anew, too."""
        if isinstance(value, MethodType):
            function: Any = self._memo.get(id(value.__func__), value.__func__)
            return MethodType(function, self.finish(value.__self__, depth))
        is_other = isinstance(value, FunctionType | torch.nn.Module)
        if depth > 0 and not is_other and id(value) not in self._finished:
            self._finished.add(id(value))
            for _, one in used_directly(value):
                if not isinstance(one, MethodType):
                    self.finish(one, depth - 1)
            self._finish_methods(value)
        return value

    def name(self) -> None:
        """Have the functions find the copies, now that there are any."""
        for function, made in self._made:
            cells = dict(zip(function.__code__.co_freevars, made.__closure__ or (), strict=True))
            for name, value in names_of(function):
                if not self._is_used(value, MOST_DEEP):
                    if name in cells and is_kept(value):
                        cells[name].cell_contents = copy.deepcopy(value, self._memo)
                    continue
                own = copy.deepcopy(value, self._memo)
                if name in cells:
                    cells[name].cell_contents = own
                else:
                    made.__globals__[name] = own
            if function.__defaults__ is not None:
                made.__defaults__ = tuple(map(self._own, function.__defaults__))
            if function.__kwdefaults__ is not None:
                made.__kwdefaults__ = {
                    name: self._own(value) for name, value in function.__kwdefaults__.items()
                }

    # ------------------------------------------------------------ inside

    def _own(self, value: Any) -> Any:
        return copy.deepcopy(value, self._memo) if self._is_used(value, MOST_DEEP) else value

    def _finish_methods(self, value: Any) -> None:
        methods = {
            function.__name__: self._memo[id(function)]
            for function in _methods_of(value)
            if id(function) in self._memo
        }
        if methods:
            kind: Any = value.__class__
            names = {"__module__": kind.__module__, "__qualname__": kind.__qualname__}
            value.__class__ = type(kind.__name__, (kind,), {"__slots__": (), **names, **methods})

    def _prepare_function(self, function: Any, depth: int) -> None:
        if not isinstance(function, FunctionType) or id(function) in self._memo:
            return
        if not self._is_used(function, depth):
            return
        cells = [
            CellType(cell.cell_contents) if self._is_own_cell(cell) else cell
            for cell in function.__closure__ or ()
        ]
        made = FunctionType(
            function.__code__, _Names(function.__globals__), function.__name__,
            function.__defaults__, tuple(cells),
        )  # fmt: skip
        made.__dict__.update(vars(function))
        made.__module__, made.__qualname__ = function.__module__, function.__qualname__
        self._memo[id(function)] = made
        self._made.append((function, made))
        for _, value in used_directly(function):
            self.prepare(value, depth - 1)

    def _is_own_cell(self, cell: CellType) -> bool:
        try:
            value = cell.cell_contents
        except ValueError:  # not set yet
            return False
        return is_kept(value) or self._is_used(value, MOST_DEEP)

    def _is_used(self, value: Any, depth: int) -> bool:
        """Whether a value is copied, or is a function or holds something that uses what is."""
        if id(value) in self._copied:
            return True
        if depth < 0:
            return False
        key = id(value)
        if key not in self._uses:
            self._uses[key] = False  # of a function that calls itself
            parts = used_directly(value)
            self._uses[key] = any(self._is_used(one, depth - 1) for _, one in parts)
        return self._uses[key]


def _methods_of(value: Any) -> list[FunctionType]:
    """Return the functions of a callback's or a callable object's own class."""
    names = (*METHODS.values(), "__call__")
    kind = value.__class__
    found = [getattr(kind, name, None) for name in names]
    return [one for one in found if isinstance(one, FunctionType) and is_own(one)]
