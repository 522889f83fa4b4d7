"""Traces on several threads at once leave the process as it was: PyTorch, and warnings."""

from __future__ import annotations

import pickle
import threading
import warnings
from pathlib import Path
from typing import Any

import processes
import pytest
import torch
import torch._dynamo
from torch import nn
from torch.nn import Module

import nbviz
from nbviz.inspection.graph.trace import unheard
from nbviz.training.overlapping import Overlapping

SECONDS = 180  # a limit on a hang


class Meets(nn.Module):
    """Says that its forward has begun, and goes on when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.has_begun, self.may_go_on = threading.Event(), threading.Event()

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        self.has_begun.set()
        assert self.may_go_on.wait(SECONDS)
        warnings.warn("of the model", stacklevel=1)
        return given * 2


def setting() -> list[Any]:
    stance = torch._dynamo.eval_frame._stance.stance
    return [stance, [*warnings.filters], torch.compile, Module.__call__, Module._call_impl]


ALONE = """
import sys
sys.path[:0] = {path!r}
import test_traces_at_once
test_traces_at_once.{name}()
"""


@pytest.mark.parametrize("name", ["the_first_one_ends_first", "filters_are_put_back_meanwhile"])
def test_in_a_process_where_no_other_thread_warns_or_traces(name: str) -> None:
    path = [str(Path(__file__).parents[number]) for number in (0, 2)]
    processes.run(ALONE.format(path=path, name=name))


def the_first_one_ends_first() -> None:
    before = setting()
    models = [Meets(), Meets()]
    graphs: list[Any] = []

    def trace(model: nn.Module) -> None:
        graphs.append(nbviz.trace(model, torch.ones(2)))

    threads = [threading.Thread(target=trace, args=(model,)) for model in models]
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        inside = setting()
        for model, thread in zip(models, threads, strict=True):
            thread.start()
            assert model.has_begun.wait(SECONDS)
        assert torch._dynamo.eval_frame._stance.stance == "force_eager"
        warnings.warn("of another thread", stacklevel=1)
        for model, thread in zip(models, threads, strict=True):
            model.may_go_on.set()
            thread.join(SECONDS)
        assert setting() == inside
    assert [str(one.message) for one in heard] == ["of another thread"]
    assert setting() == before
    assert [str(graph.nodes) for graph in graphs] == [str(graphs[0].nodes)] * 2


def filters_are_put_back_meanwhile() -> None:
    """As a cell's own `catch_warnings` does that ends while a view's thread traces."""
    before = [*warnings.filters]
    outer, inner = unheard.without_warnings(), unheard.without_warnings()
    with warnings.catch_warnings(record=True) as heard:
        outer.__enter__()
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            inner.__enter__()
            warnings.warn("unheard", stacklevel=1)
            outer.__exit__(None, None, None)
        inner.__exit__(None, None, None)
        warnings.simplefilter("always")
        warnings.warn("later", stacklevel=1)
    assert [str(one.message) for one in heard] == ["later"]
    assert [*warnings.filters] == before


def test_the_filter_can_be_sent_to_another_process() -> None:
    with unheard.without_warnings():
        sent = pickle.loads(pickle.dumps(warnings.filters[0]))
    assert sent[1].match("anything") is None


def test_a_setting_is_made_once_and_undone_by_the_last_block() -> None:
    said: list[str] = []

    class Setting:
        def __enter__(self) -> None:
            said.append("made")

        def __exit__(self, *_: object) -> None:
            said.append("undone")

    overlapping = Overlapping(Setting)
    first, second = overlapping.needed(), overlapping.needed()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert said == ["made"]
    second.__exit__(None, None, None)
    assert said == ["made", "undone"]
    with pytest.raises(ZeroDivisionError), overlapping.needed():
        raise ZeroDivisionError
    assert said == ["made", "undone"] * 2


def test_a_setting_that_cannot_be_made_is_tried_again() -> None:
    def fail() -> Any:
        raise MemoryError

    overlapping = Overlapping(fail)
    for _ in range(2):
        with pytest.raises(MemoryError), overlapping.needed():
            raise AssertionError


FORKED = """
    import os, threading
    from contextlib import contextmanager
    from nbviz.training.overlapping import Overlapping

    is_made = False

    @contextmanager
    def make():
        global is_made
        is_made = True
        yield
        is_made = False

    overlapping, is_in, is_over = Overlapping(make), threading.Event(), threading.Event()

    def other():
        with overlapping.needed():
            is_in.set()
            is_over.wait()

    thread = threading.Thread(target=other)
    thread.start()
    is_in.wait()
    child = os.fork()
    if child == 0:
        os._exit(3 if is_made else 0)
    with overlapping.needed():
        own = os.fork()
        if own == 0:
            os._exit(0 if is_made else 4)
    statuses = [os.waitstatus_to_exitcode(os.waitpid(one, 0)[1]) for one in (child, own)]
    assert is_made
    is_over.set()
    thread.join()
    assert not is_made
    print(statuses)
"""


def test_a_forked_child_has_what_its_own_thread_needs() -> None:
    assert processes.run(FORKED).stdout == "[0, 0]\n"
