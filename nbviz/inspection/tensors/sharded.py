"""Tensors of which each process holds a part, as FSDP2 and tensor parallelism make them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


def is_sharded(tensor: torch.Tensor) -> bool:
    """Whether it is a `DTensor`; its operations may have to wait for other processes."""
    module: Any = sys.modules.get("torch.distributed.tensor")
    return module is not None and isinstance(tensor, module.DTensor)


def own_part(tensor: torch.Tensor) -> torch.Tensor:
    """Return what this process holds of a sharded tensor, without copying; any other as it is."""
    if not is_sharded(tensor):
        return tensor
    sharded: Any = tensor.detach()
    return sharded.to_local()


def is_whole(tensor: torch.Tensor) -> bool:
    """Whether `own_part` is all of it: it is not sharded, or each process has a copy."""
    if not is_sharded(tensor):
        return True
    sharded: Any = tensor
    return all(placement.is_replicate() for placement in sharded.placements)
