"""Programs of tests in processes of their own, without an import of PyTorch for each.

What is asserted of an import itself needs an interpreter that is new: `subprocess`.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import IO

SECONDS = 300.0  # a limit on a hang


__all__ = ["DEVNULL", "PIPE", "Program", "run", "start"]


class Program:
    """One that runs; `stdin` and `stdout` are text where a pipe was asked for.

    Args:
        answer: Where its number and its end are told.
        stdin: The pipe to it, or None.
        stdout: The pipe from it, or None.
    """

    def __init__(
        self, answer: socket.socket, stdin: IO[str] | None, stdout: IO[str] | None
    ) -> None:
        self._answer = answer
        self._answer.settimeout(SECONDS)
        self.pid = self._receive()
        self.stdin, self.stdout, self.stderr = stdin, stdout, None
        self.returncode: int | None = None

    def _receive(self) -> int:
        told = self._answer.recv(4)
        assert len(told) == 4, "the server that forks has ended"
        return int.from_bytes(told)

    def poll(self) -> int | None:
        """Return its exit status if it has ended."""
        if self.returncode is None and select.select([self._answer], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self, timeout: float = SECONDS) -> int:
        """Return its exit status, or minus the signal that ended it, as `subprocess` does.

        Raises:
            TimeoutError: It has not ended by then; it is killed.
        """
        if self.returncode is None:
            self._answer.settimeout(timeout)
            try:
                status = self._receive()
            except TimeoutError:
                self.kill()
                raise
            self._answer.close()
            self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it without a word to it, unless it has ended."""
        self.send_signal(signal.SIGKILL)

    def communicate(self, text: str = "") -> str:
        """Write `text`, wait for the end, and return the rest of what it says."""
        if self.stdin is not None:
            with self.stdin:
                self.stdin.write(text)
        said = ""
        if self.stdout is not None:
            with self.stdout:
                said = self.stdout.read()
        self.wait()
        return said


def start(
    code: str,
    *arguments: object,
    stdin: int = DEVNULL,
    stdout: int | IO[str] | None = None,
    stderr: IO[str] | None = None,
    cwd: Path | str | None = None,
    env: dict[str, str] | None = None,
    start_new_session: bool = False,
) -> Program:
    """Start a program as `Popen([sys.executable, "-c", code, *arguments])` does, forked."""
    request = {
        "code": textwrap.dedent(code),
        "arguments": [str(argument) for argument in arguments],
        "env": dict(os.environ) if env is None else env,
        "cwd": str(cwd or Path.cwd()),
        "start_new_session": start_new_session,
    }
    asked = json.dumps(request).encode()
    answer, theirs = socket.socketpair()
    given: list[int] = [theirs.detach()]
    pipe_in = pipe_out = None
    if stdin == PIPE:
        read, write = os.pipe()
        given.append(read)
        pipe_in = os.fdopen(write, "w")
    else:
        given.append(os.open(os.devnull, os.O_RDONLY))
    if stdout == PIPE:
        read, write = os.pipe()
        given.append(write)
        pipe_out = os.fdopen(read)
    else:
        given.append(os.dup(1 if stdout is None else stdout.fileno()))
    given.append(os.dup(2 if stderr is None else stderr.fileno()))
    try:
        server = _server()
        socket.send_fds(server, [len(asked).to_bytes(8)], given)
        server.sendall(asked)
    finally:
        for descriptor in given:
            os.close(descriptor)
    return Program(answer, pipe_in, pipe_out)


def run(
    code: str, *arguments: object, check: bool = True, timeout: float = SECONDS, **options: object
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end and return what it said; where `check`, it must not fail."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as error:
        status = start(code, *arguments, stdout=out, stderr=error, **options).wait(timeout)
        texts = []
        for file in (out, error):
            file.seek(0)
            texts.append(file.read())
    if check:
        assert status == 0, texts[1]
    return subprocess.CompletedProcess(["-c"], status, *texts)


@functools.cache
def _server() -> socket.socket:
    """Return the way to a server that this process has started."""
    mine, theirs = socket.socketpair()
    program = Path(__file__).with_name("fork_server.py")
    # NumPy's own threads would not be there in a child.
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, str(program), str(theirs.fileno())],
        env=environment,
        stdin=DEVNULL,
        pass_fds=[theirs.fileno()],
    )
    theirs.close()

    def end() -> None:
        mine.shutdown(socket.SHUT_RDWR)  # also where a child of this process has it, too
        mine.close()
        process.wait(SECONDS)

    atexit.register(end)
    return mine
