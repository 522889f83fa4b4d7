"""Images are painted on one thread, whoever asks."""

from __future__ import annotations

import threading

import processes
import pytest

from nbviz.pictures import one_thread
from nbviz.pictures.one_thread import on_one_thread


def test_all_ask_the_same_thread_and_get_what_it_returns_or_raises() -> None:
    painted: list[int] = []

    def ask() -> None:
        painted.append(on_one_thread(threading.get_ident))

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert len(set(painted)) == 1
    assert painted[0] != threading.get_ident()
    assert on_one_thread(lambda: on_one_thread(threading.get_ident)) == painted[0]

    def fail() -> None:
        raise ValueError("no ink")

    with pytest.raises(ValueError, match="no ink"):
        on_one_thread(fail)


def test_a_thread_that_cannot_start_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    painter = one_thread._OneThread()

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="start new thread"):
            painter.do(int)
    assert painter.do(lambda: 7) == 7


FORKED = """
import os
from nbviz.pictures.one_thread import on_one_thread
on_one_thread(int)
if os.fork() == 0:
    os._exit(on_one_thread(lambda: 7))
print(os.waitstatus_to_exitcode(os.wait()[1]))
"""


def test_a_forked_child_has_a_thread_of_its_own() -> None:
    assert processes.run(FORKED).stdout.split() == ["7"]


LEFT = """
import threading
from nbviz.pictures.one_thread import on_one_thread
painting = threading.Event()
def paint():
    painting.set()
    threading.Event().wait()
threading.Thread(target=on_one_thread, args=(paint,), daemon=True).start()
painting.wait()
print("over")
"""


def test_the_end_of_a_process_waits_for_no_picture() -> None:
    assert processes.run(LEFT).stdout.split() == ["over"]
