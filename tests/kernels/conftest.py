"""Real kernels of every version that counts, without a browser."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager
from kernel_page import SECONDS, KernelPage
from kernel_specs import jupyter_environment, write_kernel_specs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


CLEAN_UP = """
import sys
if "trainer" in globals():
    trainer.trainer.stop_and_wait()
    trainer.close()
for _name in ("google", "google.colab"):
    sys.modules.pop(_name, None)
"""


@pytest.fixture(scope="session")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], KernelPage]]:
    """Kernels by name, each started when it is first asked for."""
    folder = tmp_path_factory.mktemp("kernels")
    write_kernel_specs(folder / "data")
    specs = KernelSpecManager(kernel_dirs=[str(folder / "data" / "kernels")])
    environment = {**os.environ, **jupyter_environment(folder)}
    pages: dict[str, KernelPage] = {}

    with ExitStack() as stack:

        def get(name: str) -> KernelPage:
            if name not in pages:
                kernel = _kernel(name, specs, environment, folder)
                pages[name] = stack.enter_context(kernel)
            return pages[name]

        yield get


@pytest.fixture
def make_kernel(
    kernels: Callable[[str], KernelPage],
) -> Iterator[Callable[[str], KernelPage]]:
    """Returns a function that gives a kernel by name; it is cleaned up after the test."""
    used: list[KernelPage] = []

    def make(name: str) -> KernelPage:
        used.append(kernels(name))
        return used[-1]

    yield make
    for page in used:
        page.run(CLEAN_UP)
        page.leave()


@contextmanager
def _kernel(
    name: str, specs: KernelSpecManager, environment: dict[str, str], folder: Path
) -> Iterator[KernelPage]:
    manager = KernelManager(
        kernel_name=name,
        kernel_spec_manager=specs,
        connection_file=str(folder / f"{name}.json"),
    )
    manager.start_kernel(env=environment, cwd=str(folder))
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=SECONDS)
        yield KernelPage(client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
