"""Has imported PyTorch and its compiler once, and forks a child for each program of a test.

Not imported: `processes.py` starts it. A child has nothing of the tests, nor of nbviz, and ends as
programs do. Each request is its length, 4 file descriptors (where to say the process's number and
its end; standard input, output and error) and JSON.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import torch._dynamo  # noqa: F401  which PyTorch imports for the first optimizer


def receive(requests: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Return the next request and its descriptors; the process ends where nothing asks any more."""
    head, descriptors, _, _ = socket.recv_fds(requests, 8, 4)
    if not head:
        os._exit(0)
    rest = int.from_bytes(head)
    parts = []
    while rest:
        parts.append(requests.recv(rest))
        rest -= len(parts[-1])
    return json.loads(b"".join(parts)), descriptors


def serve(requests: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Fork for each request; return in each child only, with what was asked of it."""
    answers: dict[int, int] = {}

    def tell(*_: object) -> None:
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                answer = answers.pop(ended[0])
                with contextlib.suppress(BrokenPipeError):
                    os.write(answer, ended[1].to_bytes(4))
                os.close(answer)

    signal.signal(signal.SIGCHLD, tell)
    gc.freeze()
    atexit.register(gc.unfreeze)  # else what is frozen is a leak, nanobind says at a child's exit
    while True:
        request, descriptors = receive(requests)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        child = os.fork()
        if not child:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
            requests.close()
            for other in (*answers.values(), descriptors[0]):
                os.close(other)
            return request, descriptors[1:]
        answers[child] = descriptors[0]
        os.write(descriptors[0], child.to_bytes(4))
        for descriptor in descriptors[1:]:
            os.close(descriptor)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})


def become(request: dict[str, Any], descriptors: list[int]) -> None:
    """Make this process what `python -c` would be."""
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    if request["start_new_session"]:
        os.setsid()
    os.chdir(request["cwd"])
    before = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    os.environ.clear()
    os.environ.update(request["env"])
    path = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    sys.path[:] = ["", *path, *(entry for entry in sys.path[1:] if entry not in before)]
    sys.argv[:] = ["-c", *request["arguments"]]


def main() -> None:
    """Serve; in a child, run its program."""
    threads = list(Path("/proc/self/task").glob("*"))
    assert len(threads) <= 1, "a child has only the thread that forked it"
    try:
        request, descriptors = serve(socket.socket(fileno=int(sys.argv[1])))
    except KeyboardInterrupt:
        os._exit(0)
    become(request, descriptors)
    names = vars(sys.modules["__main__"])
    for name in [name for name in names if name not in {"__name__", "__builtins__"}]:
        del names[name]
    exec(compile(request["code"], "<string>", "exec"), names)


main()
