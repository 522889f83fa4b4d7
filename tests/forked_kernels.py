"""Kernels that the fork server starts: what takes one longest to start is importing PyTorch."""

from __future__ import annotations

from contextlib import contextmanager
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING, Any

import processes
from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "forked"
# A kernel whose parent has ended ends, too: the server takes the place of what started it.
KERNEL = """
import os
os.environ["JPY_PARENT_PID"] = str(os.getppid())
from ipykernel.kernelapp import launch_new_instance
launch_new_instance()
"""


class ForkedKernel(LocalProvisioner):
    """A kernel of this interpreter."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        assert cmd[1:3] == ["-m", "ipykernel_launcher"], cmd
        self.process = processes.start(
            KERNEL, *cmd[3:], env=kwargs["env"], cwd=kwargs.get("cwd"), start_new_session=True
        )
        self.pid = self.pgid = self.process.pid
        return self.connection_info


@contextmanager
def forked_kernels() -> Iterator[None]:
    """Meanwhile, kernels that this process starts are forked."""
    factory = KernelProvisionerFactory.instance()
    factory.provisioners[NAME] = EntryPoint(
        NAME, f"{__name__}:{ForkedKernel.__name__}", KernelProvisionerFactory.GROUP_NAME
    )
    usual, factory.default_provisioner_name = factory.default_provisioner_name, NAME
    try:
        yield
    finally:
        factory.default_provisioner_name = usual
