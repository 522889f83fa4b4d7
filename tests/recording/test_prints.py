"""Prints of a run's thread go to its log; every other thread's stay where they were."""

from __future__ import annotations

import subprocess
import sys
import threading

from nbviz.recording.prints import captured_prints


def test_lines_of_this_thread_are_taken_and_no_others(capsys) -> None:
    taken: list[tuple[str, str]] = []
    both_ready = threading.Barrier(2, timeout=180)

    def training() -> None:
        with captured_prints(lambda line, level: taken.append((line, level))):
            both_ready.wait()
            print("epoch 1")
            print("no line", end="")
            sys.stderr.write("careful\n")
            both_ready.wait()

    thread = threading.Thread(target=training)
    thread.start()
    both_ready.wait()
    print("from the main thread")
    both_ready.wait()
    thread.join(180)
    assert taken == [("epoch 1", "print"), ("careful", "print"), ("no line", "print")]
    assert capsys.readouterr().out == "from the main thread\n"


def test_the_streams_are_as_before_afterwards() -> None:
    out, err = sys.stdout, sys.stderr
    outer: list[str] = []
    with captured_prints(lambda line, level: outer.append(line)):
        assert sys.stdout is not out
        with captured_prints(lambda line, level: None):
            print("inner")
        print("outer")
    assert outer == ["outer"]
    assert (sys.stdout, sys.stderr) == (out, err)


def test_a_progress_bar_leaves_its_last_state() -> None:
    taken: list[str] = []
    with captured_prints(lambda line, level: taken.append(line)):
        for percent in (10, 50, 100):
            sys.stderr.write(f"\r{percent} %")
        sys.stderr.write("\n")
    assert taken == ["100 %"]


def test_an_endless_line_is_taken_in_pieces() -> None:
    taken: list[str] = []
    with captured_prints(lambda line, level: taken.append(line)):
        for _ in range(30):
            sys.stdout.write("x" * 1000)
    assert sum(map(len, taken)) == 30_000
    assert max(map(len, taken)) <= 11_000


PRINTS_MEANWHILE = """
import os, sys, threading
from nbviz.recording.prints import captured_prints

sys.setswitchinterval(1e-6)
sys.stdout = open(os.devnull, "w")
is_over = threading.Event()

def printing():
    while not is_over.is_set():
        print("a", "b", "c")

thread = threading.Thread(target=printing)
thread.start()
for _ in range(3000):
    with captured_prints(lambda line, level: None):
        pass
is_over.set()
thread.join()
"""


def test_a_thread_may_print_while_the_last_capture_ends() -> None:
    """`print` keeps no reference to its stream; one that was freed ended the process."""
    done = subprocess.run(
        [sys.executable, "-c", PRINTS_MEANWHILE],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_stream_has_one_stand_in() -> None:
    first = []
    for _ in range(40):
        with captured_prints(lambda line, level: None):
            first.append(sys.stdout)
    assert len({id(stream) for stream in first}) == 1
