"""Shared by every test. Its place makes `tests/` importable: `from kernel_specs import …`."""

from __future__ import annotations

import contextlib
import gc
import math
import os
import signal
import sys
import time
from queue import Empty
from typing import TYPE_CHECKING, Any

import pytest
from kernel_specs import ROOT, jupyter_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Servers, browsers and kernels end with the tests, also where a time limit ends those.
signal.signal(signal.SIGTERM, signal.default_int_handler)
# A job that a shell starts in the background ignores interrupts, and so would all that tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)
# A pool of compiling processes costs 25 s to start; the tests compile a few small models.
os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")


def pytest_collection_finish() -> None:
    """Leave PyTorch's objects out of garbage collections: tests collect often, and they stay."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    gc.unfreeze()  # else what is frozen is not freed at exit, which nanobind calls a leak


@pytest.fixture(autouse=True)
def compiler_anew() -> Iterator[None]:
    """PyTorch's compiler gives up on code that it has compiled 8 times, for whichever test."""
    yield
    compiler: Any = sys.modules.get("torch._dynamo")
    if compiler is not None and compiler.convert_frame.FRAME_COUNTER:
        compiler.reset()


@pytest.fixture(autouse=True)
def nothing_trains_on() -> Iterator[None]:
    """What a test leaves training, or paused, is not the next test's: it prints, logs and waits."""
    yield
    widgets: Any = sys.modules.get("nbviz.widgets.active")
    for one in [] if widgets is None else widgets.active():
        with contextlib.suppress(sys.modules["nbviz.errors"].NbvizError, TimeoutError):
            one.stop()
            one.wait(10)


@pytest.fixture(scope="session")
def run_cells(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., list[Any]]]:
    """Returns a function that runs sources as cells of a new notebook, and returns the cells.

    One kernel for all of them: most of a short notebook's time is importing torch.
    """
    import nbformat
    from forked_kernels import forked_kernels
    from nbclient import NotebookClient
    from nbclient.util import run_sync

    class Client(NotebookClient):
        """Looks for the kernel's reply each second.

        nbclient's stand-in for an output area sends on the socket that is waited for, and what
        comes then may not wake up who waits.
        """

        async def async_start_new_kernel_client(self) -> Any:
            client: Any = await super().async_start_new_kernel_client()
            wait = client.shell_channel.get_msg

            async def get_msg(timeout: float | None = None) -> Any:  # noqa: ASYNC109  its signature
                deadline = math.inf if timeout is None else time.monotonic() + timeout
                while True:
                    try:
                        return await wait(timeout=max(0, min(1, deadline - time.monotonic())))
                    except Empty:
                        if time.monotonic() >= deadline:
                            raise

            client.shell_channel.get_msg = get_msg
            return client

    owner = NotebookClient(nbformat.v4.new_notebook(), kernel_name="python3")
    manager = owner.create_kernel_manager()
    own = jupyter_environment(tmp_path_factory.mktemp("kernel"))
    environment = {**os.environ, **own, "PYTHONPATH": str(ROOT)}

    def run(*sources: str) -> list[Any]:
        cells = [nbformat.v4.new_code_cell(source) for source in sources]
        notebook = nbformat.v4.new_notebook(cells=cells)
        client = Client(notebook, km=manager, timeout=300)
        with forked_kernels():
            return client.execute(env=environment).cells

    yield run
    if manager.has_kernel:
        run_sync(manager.shutdown_kernel)(now=True)
