"""A program that the fork server runs is to what it does as one of `python -c`."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import processes
import pytest

if TYPE_CHECKING:
    from pathlib import Path

TOLD = """
import atexit, os, sys, threading

def last():
    threading.main_thread().join()
    print("a thread")

atexit.register(print, "at exit")
threading.Thread(target=last).start()
print(sys.argv, sys.path[0] == "", __name__, os.environ["GIVEN"], os.getcwd())
print(sorted(name for name in globals() if not name.startswith("__")))
print("nbviz" in sys.modules, "torch" in sys.modules, sys.stdin.read() == "")
sys.stderr.write("an error")
"""


def test_a_program_has_what_it_was_given_and_nothing_else(tmp_path: Path) -> None:
    said = processes.run(TOLD, 1, "two", cwd=tmp_path, env={**os.environ, "GIVEN": "three"})
    assert said.stdout.splitlines() == [
        f"['-c', '1', 'two'] True __main__ three {tmp_path}",
        "['atexit', 'last', 'os', 'sys', 'threading']",
        "False True True",
        "a thread",  # is waited for
        "at exit",
    ]
    assert said.stderr == "an error"


@pytest.mark.parametrize(
    ("code", "status", "said"),
    [
        ("raise SystemExit(3)", 3, ""),
        ("1 / 0", 1, "ZeroDivisionError"),
        ("import os; os.kill(os.getpid(), 9)", -signal.SIGKILL, ""),
    ],
)
def test_its_end_is_told_as_subprocess_tells_it(code: str, status: int, said: str) -> None:
    done = processes.run(code, check=False)
    assert done.returncode == status
    assert said in done.stderr


def test_two_at_once_are_written_to_read_and_ended() -> None:
    code = "import sys\nfor line in sys.stdin: print(sys.argv[1], line, end='', flush=True)"
    first, second = (
        processes.start(code, name, stdin=processes.PIPE, stdout=processes.PIPE)
        for name in ("first", "second")
    )
    for program in (first, second):
        assert program.stdin is not None
        program.stdin.write("a line\n")
        program.stdin.flush()
    assert second.stdout is not None
    assert second.stdout.readline() == "second a line\n"
    assert (first.poll(), second.poll()) == (None, None)
    second.kill()
    assert second.wait() == -signal.SIGKILL
    second.communicate()
    assert first.communicate("the last\n") == "first a line\nfirst the last\n"
    assert first.returncode == 0
