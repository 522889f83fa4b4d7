"""Real kernels of every version that counts, without a browser."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager
from kernel_page import KernelPage
from kernel_specs import jupyter_environment, write_kernel_specs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def jupyter(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The folder of kernel specifications, and the environment that kernels run in."""
    folder = tmp_path_factory.mktemp("kernels")
    write_kernel_specs(folder / "data")
    return folder / "data" / "kernels", {**os.environ, **jupyter_environment(folder)}


@pytest.fixture
def make_kernel(
    jupyter: tuple[Path, dict[str, str]], tmp_path: Path
) -> Iterator[Callable[[str], KernelPage]]:
    """Returns a function that starts a kernel by name."""
    specs, environment = jupyter
    running = []

    def make(name: str) -> KernelPage:
        kernel = _kernel(name, specs, environment, tmp_path)
        page = kernel.__enter__()
        running.append(kernel)
        return page

    yield make
    for kernel in running:
        kernel.__exit__(None, None, None)


@contextmanager
def _kernel(
    name: str, specs: Path, environment: dict[str, str], folder: Path
) -> Iterator[KernelPage]:
    manager = KernelManager(
        kernel_name=name,
        kernel_spec_manager=KernelSpecManager(kernel_dirs=[str(specs)]),
        connection_file=str(folder / f"{name}.json"),
    )
    manager.start_kernel(env=environment, cwd=str(folder))
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        yield KernelPage(client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
