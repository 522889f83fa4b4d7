"""Histograms counted on a device, here the processor, are those that the host makes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from nbviz.inspection.tensors import device_histograms
from nbviz.inspection.tensors.device_histograms import count_on_device, read_counts
from nbviz.inspection.tensors.histograms import Histogram, make_histogram

TENSORS = {
    "normal": torch.randn(100, 37),
    "one": torch.tensor(3.0),
    "all equal": torch.full((5,), -2.5),
    "zeros": torch.zeros(20_000),
    "not finite": torch.tensor([1.0, float("nan"), float("inf"), -float("inf"), 2.0]),
    "nothing finite": torch.tensor([float("nan")] * 3),
    "wide": torch.tensor([-3e38, 1.0, 3e38]),
    "widest": torch.tensor([-1.7e308, 0.0, 1.7e308], dtype=torch.float64),
    "hardly apart": torch.tensor([1.0, 1.0 + 1e-14], dtype=torch.float64),
    "whole numbers": torch.arange(-1000, 30_000),
    "booleans": torch.tensor([True, False, True]),
    "halves": torch.randn(9000).to(torch.bfloat16),
    "float8": torch.randn(900).to(torch.float8_e4m3fn),
    "transposed": torch.randn(300, 20).T,
}


def histograms(tensor: torch.Tensor, bins: int) -> tuple[Histogram, Histogram]:
    numbers = count_on_device(tensor, bins).numpy()
    values = tensor.float() if tensor.element_size() < 4 and tensor.is_floating_point() else tensor
    return read_counts(numbers, tensor.numel(), bins), make_histogram(values.numpy(), bins)


@pytest.mark.parametrize("bins", [1, 7, 64, 4096])
@pytest.mark.parametrize("name", TENSORS)
def test_as_on_the_host(name: str, bins: int) -> None:
    found, expected = histograms(TENSORS[name], bins)
    assert found.counts.tolist() == expected.counts.tolist()
    assert found.edges.tolist() == expected.edges.tolist()
    assert (found.count, found.nan, found.inf) == (expected.count, expected.nan, expected.inf)
    for one in ("minimum", "maximum"):
        np.testing.assert_equal(getattr(found, one), getattr(expected, one))
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(found.sum, expected.sum, rtol=1e-4, atol=1e-3)
        if name != "widest":  # the sum of squares is out of range there, on either side
            np.testing.assert_allclose(found.sum_squares, expected.sum_squares, rtol=1e-5)


def test_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_histograms, "CHUNK", device_histograms.ROW)
    found, expected = histograms(torch.randn(5 * device_histograms.ROW + 3), 64)
    assert found.counts.tolist() == expected.counts.tolist()
