"""A layer's output as a picture: of one sample each channel, or what there is in place of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbviz.inspection.tensors.sharded import own_part

if TYPE_CHECKING:
    import torch

    from nbviz.recording.watching.watched import WatchedRun

MOST_MAPS = 64
_MOST_VALUES = 1 << 20  # of larger maps every n-th row and column is taken
_MOST_ROWS = 512  # of a sequence, or samples of a batch
_PLANE, _VOLUME = 2, 3  # dimensions of a map, after those of samples and channels


def log_feature_maps(log: WatchedRun, tag: str, output: torch.Tensor, step: int) -> None:
    """Log what a layer gave.

    Args:
        log: Where to.
        tag: The pictures' name.
        output: (samples, channels, height, width): the first sample's first 64 channels, each in
            its own range of values. (samples, channels, depth, height, width): their middle slices.
            (samples, length, features): the first sample, as a heatmap. (samples, features): all
            samples, as a heatmap. Numbers without dimensions are left out.
        step: The completed step.

    Raises:
        LoggingError: The tag is one of another kind already.
    """
    output = own_part(output.detach())
    maps = output.dim() - 2
    if output.dim() == 0 or output.numel() == 0 or output.is_complex():
        return
    if maps not in (_PLANE, _VOLUME):
        rows = output[0] if maps == 1 else output
        log.log_tensor(tag, rows[:_MOST_ROWS], step)
        return
    sample = output[0][:MOST_MAPS]
    if maps == _VOLUME:
        sample = sample[:, sample.shape[1] // 2]
    apart = max(1, round((sample.numel() / _MOST_VALUES) ** 0.5 + 0.5))
    sample = sample[:, ::apart, ::apart]
    log.log_images(tag, tuple(sample), step, normalize=True, colormap="viridis")
