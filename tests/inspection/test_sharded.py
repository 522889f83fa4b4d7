"""Tensors that processes share: what is here is taken, and no other process is waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import DTensor, Replicate, Shard
from torch.testing._internal.distributed.fake_pg import FakeStore

from nbviz import Run
from nbviz.errors import LoggingError
from nbviz.inspection.tensors.heatmaps import reduce_weights
from nbviz.inspection.tensors.sharded import is_sharded, is_whole, own_part

if TYPE_CHECKING:
    from collections.abc import Generator


@pytest.fixture
def mesh() -> Generator[Any]:
    """The first of two processes, of which the other one never answers."""
    dist.init_process_group("fake", store=FakeStore(), rank=0, world_size=2)
    yield init_device_mesh("cpu", (2,))
    dist.destroy_process_group()


def test_own_part(mesh: Any) -> None:
    local = torch.arange(6.0).reshape(3, 2)
    sharded = DTensor.from_local(local, mesh, [Shard(0)], run_check=False)
    assert sharded.shape == (6, 2)
    assert own_part(sharded).tolist() == local.tolist()
    assert (is_sharded(sharded), is_whole(sharded)) == (True, False)
    assert is_whole(DTensor.from_local(local, mesh, [Replicate()], run_check=False))
    assert (is_sharded(local), is_whole(local), own_part(local) is local) == (False, True, True)


def test_a_watch_records_this_processes_part(mesh: Any) -> None:
    run, model = Run(overhead_budget=1), nn.Module()
    local = torch.tensor([[3.0, 4.0]])
    model.weight = nn.Parameter(DTensor.from_local(local, mesh, [Shard(0)], run_check=False))
    watch = run.watch(model, updates=True, every_steps=1)
    for step in (1, 2):
        watch.step_ended(step)
        with torch.no_grad():
            own_part(model.weight).mul_(1.5)
    watch.step_ended(3)
    watch.stop()
    assert run["weights/weight/norm"].values.tolist() == [5, 7.5, 11.25]
    assert run["update_to_weight_ratio/weight"].values.tolist() == [0.5, 0.5]
    notes = [line.text for line in run.lines.since(0) if "DTensor" in line.text]
    assert len(notes) == 1


def test_a_picture_shows_this_processes_part(mesh: Any) -> None:
    local = torch.tensor([[3.0, -4.0]])
    image = reduce_weights("w", DTensor.from_local(local, mesh, [Shard(0)], run_check=False), 1)
    assert (image.shape, image.minimum, image.maximum) == ((1, 2), -4, 3)


def test_a_logged_part_is_refused_and_a_copy_is_not(mesh: Any) -> None:
    run, one = Run(), torch.tensor(2.0)
    from torch.distributed.tensor import Partial

    with pytest.raises(LoggingError, match=r"log \.full_tensor\(\) of it"):
        run.log({"norm": DTensor.from_local(one, mesh, [Partial()], run_check=False), "b": 1.0}, 1)
    run.log({"loss": DTensor.from_local(one, mesh, [Replicate()], run_check=False)}, 1)
    assert run["loss"].values.tolist() == [2]
    assert run["b"].values.tolist() == [1]
