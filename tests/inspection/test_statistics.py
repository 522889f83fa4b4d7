"""Statistics and histograms of tensors: the same as torch's own, here and on a device."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nbviz.inspection.tensors import device_statistics
from nbviz.inspection.tensors.device_statistics import (
    ROW,
    SAMPLE,
    count_in_bins,
    flat_values,
    make_plan,
    read_parts,
    reduce_rows,
)
from nbviz.inspection.tensors.histograms import bin_edges
from nbviz.inspection.tensors.statistics import (
    Statistics,
    histogram_of_sample,
    merge_parts,
    statistics_of,
)

CPU = torch.device("cpu")


def on_device(tensors: list[torch.Tensor], bins: int = 8) -> tuple[list[Statistics], np.ndarray]:
    """Go the way of a GPU, on this machine's processor: it is the same code."""
    values = [flat_values(one) for one in tensors]
    plan = make_plan([len(one) for one in values], CPU)
    parts = reduce_rows(values, plan)
    counts = count_in_bins(values, parts, plan, bins)
    owners = plan.owners.numpy()
    table = read_parts(parts.numpy())
    found = [
        merge_parts(
            table[owners == number],
            len(one),
            padding=plan.rows[number] * ROW - len(one),
            hidden_zeros=tensor.numel() - len(one),
        )
        for number, (one, tensor) in enumerate(zip(values, tensors, strict=True))
    ]
    return found, counts.numpy()


def assert_as_torch(statistics: Statistics, tensor: torch.Tensor, tolerance: float = 1e-5) -> None:
    values = tensor.detach().to_dense().double().reshape(-1)
    finite = values[values.isfinite()]
    assert statistics.nan == int(values.isnan().sum())
    assert statistics.inf == int(values.isinf().sum())
    assert statistics.count == len(finite)
    assert statistics.zeros == int((finite == 0).sum())
    if not len(finite):
        assert math.isnan(statistics.mean)
        return
    scale = float(finite.abs().max()) * tolerance + 1e-30
    assert statistics.min == float(finite.min())
    assert statistics.max == float(finite.max())
    assert statistics.mean == pytest.approx(float(finite.mean()), rel=tolerance, abs=scale)
    norm = float(torch.linalg.vector_norm(finite))
    assert statistics.norm == pytest.approx(norm, rel=tolerance, abs=scale)
    std = float(finite.std()) if len(finite) > 1 else 0.0
    assert statistics.std == pytest.approx(std, rel=tolerance, abs=scale)


@st.composite
def tensors(draw: st.DrawFn) -> torch.Tensor:
    seed = draw(st.integers(0, 1000))
    generator = torch.Generator().manual_seed(seed)
    size = draw(st.sampled_from([1, 2, 7, 100, ROW, ROW + 1, 3 * ROW - 5]))
    scale = draw(st.sampled_from([1e-12, 1e-3, 1.0, 1e4]))
    tensor = torch.randn(size, generator=generator, dtype=torch.float64) * scale
    tensor += draw(st.sampled_from([0.0, 1.0, -100.0]))
    dtype = draw(st.sampled_from([torch.float32, torch.float64, torch.bfloat16, torch.float16]))
    tensor = tensor.to(dtype)
    for value in draw(st.sets(st.sampled_from([math.nan, math.inf, -math.inf, 0.0]))):
        share = draw(st.sampled_from([0.01, 0.5, 1.0]))
        tensor[torch.rand(size, generator=generator) < share] = value
    return tensor


@settings(deadline=None, max_examples=150)
@given(tensors())
def test_statistics_here_are_torchs_own(tensor: torch.Tensor) -> None:
    assert_as_torch(statistics_of(tensor.float().numpy()), tensor.float())
    assert_as_torch(statistics_of(tensor.double().numpy()), tensor)


@settings(deadline=None, max_examples=80)
@given(st.lists(tensors(), min_size=1, max_size=4))
def test_statistics_on_a_device_are_torchs_own(some: list[torch.Tensor]) -> None:
    some = [one.to(some[0].dtype) for one in some]
    found, counts = on_device(some)
    for one, tensor, bins in zip(found, some, counts, strict=True):
        assert_as_torch(one, tensor, 1e-4)
        assert bins.sum() == min(one.count, bins.sum())
        if tensor.numel() <= SAMPLE:
            assert bins.sum() == one.count


def test_the_mean_is_exact_far_from_zero() -> None:
    tensor = 1 + torch.randn(100_000) * 1e-4
    for found in (statistics_of(tensor.numpy()), on_device([tensor])[0][0]):
        assert found.std == pytest.approx(float(tensor.double().std()), rel=1e-3)


def test_chunks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    some = [torch.randn(5 * ROW + 3), torch.randn(10), torch.randn(2 * ROW)]
    whole, counts = on_device(some)
    monkeypatch.setattr(device_statistics, "CHUNK", 2 * ROW)
    parts, again = on_device(some)
    assert parts == whole
    np.testing.assert_array_equal(counts, again)


def test_any_layout_and_type() -> None:
    image = torch.randn(4, 3, 8, 8).to(memory_format=torch.channels_last)
    sparse = torch.sparse_coo_tensor(
        torch.tensor([[1, 1, 5]]), torch.tensor([2.0, 3.0, -1.0]), (9,)
    )
    some = [
        image,
        sparse,
        torch.randn(6, 5).T,
        torch.randn(4, 4).to_sparse_csr(),
        torch.tensor([3, 0, -2]),
        torch.tensor([True, False]),
        torch.randn(5).to(torch.float8_e4m3fn),
    ]
    for tensor in some:
        dense = tensor.to_dense() if tensor.layout != torch.strided else tensor
        (found,), _ = on_device([tensor])
        assert_as_torch(found, dense.float() if dense.is_floating_point() else dense)
    (found,), _ = on_device([torch.tensor([3 + 4j])])
    assert found.norm == pytest.approx(5)
    assert flat_values(image).data_ptr() == image.data_ptr(), "channels last is not copied"


@pytest.mark.parametrize("size", [100, SAMPLE, 5 * SAMPLE + 7])
def test_histograms_here_and_on_a_device_agree(size: int) -> None:
    tensor = torch.randn(size)
    tensor[::10] = math.nan
    (found,), (counts,) = on_device([tensor], bins=16)
    sample = device_statistics.take_evenly(tensor).numpy()
    here = histogram_of_sample(sample, found, 16)
    np.testing.assert_allclose(
        counts * (found.count / counts.sum()), here.counts, atol=2 * size / SAMPLE + 2
    )
    assert here.counts.sum() == pytest.approx(found.count)
    edges = bin_edges(found.min, found.max, 16)
    exact, _ = np.histogram(tensor[tensor.isfinite()].numpy(), edges)
    assert np.abs(here.counts - exact).max() <= 0.1 * size


def test_histograms_of_equal_values() -> None:
    (found,), (counts,) = on_device([torch.full((10,), 3.0)], bins=8)
    assert counts.tolist() == [0, 0, 0, 0, 10, 0, 0, 0]
    here = histogram_of_sample(np.full(10, 3.0), found, 8)
    assert here.counts.tolist() == counts.tolist()
    (found,), (counts,) = on_device([torch.full((10,), math.nan)], bins=8)
    assert counts.sum() == 0
    assert histogram_of_sample(np.full(10, np.nan), found, 8).counts.sum() == 0
