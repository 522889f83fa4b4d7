"""Keeps a model that is being trained still while another thread looks at it.

A thread that reads a parameter's `.grad` while another's backward pass writes it can end the
process: PyTorch puts the gradient there without holding Python's lock. And a call of the model,
if only with shapes, changes what its modules keep on themselves.
"""

# pyright: reportPrivateUsage=false
# A model may have given `parameters` another meaning: here they are read where PyTorch keeps them.

from __future__ import annotations

import os
import threading
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    import torch

    from nbviz.training.commands import Control

_changed = threading.Condition()
_runs: dict[int, tuple[tuple[Control, frozenset[int]], ...]] = {}  # by the thread that trains
_looks: list[tuple[int, frozenset[int]]] = []  # by the thread that looks


@contextmanager
def registered(control: Control, parameters: Iterable[torch.Tensor]) -> Generator[None]:
    """Make the present thread's run known; waits until no thread looks at what it trains.

    Args:
        control: Where the run can be asked to stand.
        parameters: What it trains.
    """
    ours = frozenset(map(id, parameters))
    thread = threading.get_ident()
    with _changed:
        around = _runs.get(thread, ())  # of a run within another one's step
        # A look at what those train waits for them to stand, and so for this one.
        held = frozenset[int]().union(*(theirs for _, theirs in around))
        _changed.wait_for(
            lambda: all(
                who == thread or ours.isdisjoint(look) or not held.isdisjoint(look)
                for who, look in _looks
            )
        )
        _runs[thread] = (*around, (control, ours))
    try:
        yield
    finally:
        with _changed:
            if around:
                _runs[thread] = around
            else:
                del _runs[thread]


@contextmanager
def between_steps(
    model: torch.nn.Module, *, whole: bool = False, inside: bool = False
) -> Generator[None]:
    """Have every run that trains parameters of this model stand between two steps meanwhile.

    Waits for the end of the present step, and not at all where nothing trains the model, where its
    run is paused, and on a run's own thread. Runs that nbviz did not start are not known here.

    Args:
        model: The model.
        whole: Whether a validation has to be over, too, as for `Control.between_steps`.
        inside: Whether the block only reads tensors, for which a run may also stand inside a step.
    """
    thread = threading.get_ident()
    if thread in _runs:
        yield
        return
    ours = _parameter_ids(model)
    look = thread, ours
    with ExitStack() as stack:
        with _changed:
            _looks.append(look)
            stack.callback(_end, look)
            met = [
                control
                for runs in _runs.values()
                for control, theirs in runs
                if not ours.isdisjoint(theirs)
            ]
        for control in met:
            stack.enter_context(control.between_steps(whole=whole, inside=inside))
        yield


def is_trained_elsewhere(model: torch.nn.Module) -> bool:
    """Whether a run on another thread trains parameters of this model."""
    ours = _parameter_ids(model)
    thread = threading.get_ident()
    with _changed:
        return any(
            who != thread and not ours.isdisjoint(theirs)
            for who, runs in _runs.items()
            for _, theirs in runs
        )


def is_between_steps(model: torch.nn.Module) -> bool:
    """Whether the present thread is in a block in which this model's runs stand."""
    ours = _parameter_ids(model)
    thread = threading.get_ident()
    with _changed:
        return any(who == thread and not ours.isdisjoint(look) for who, look in _looks)


def _end(look: tuple[int, frozenset[int]]) -> None:
    with _changed:
        _looks.remove(look)
        _changed.notify_all()


def _forget_other_threads() -> None:
    """In a forked child: the parent's threads neither train nor look there."""
    global _changed  # noqa: PLW0603  held, perhaps, by a thread that the child does not have
    _changed = threading.Condition()
    thread = threading.get_ident()
    for other in _runs.keys() - {thread}:
        del _runs[other]
    _looks[:] = [look for look in _looks if look[0] == thread]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_other_threads)


def _parameter_ids(model: torch.nn.Module) -> frozenset[int]:
    found: set[int] = set()
    seen: set[int] = set()
    waiting = [model]
    while waiting:
        module = waiting.pop()
        if id(module) not in seen:
            seen.add(id(module))
            parameters, modules = module._parameters, module._modules  # noqa: SLF001
            found.update(id(one) for one in parameters.values() if one is not None)
            waiting += [child for child in modules.values() if child is not None]
    return frozenset(found)
