"""Videos: what is taken, how it is kept, and that TensorBoard and we read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import nbviz
from nbviz.errors import LoggingError
from nbviz.panels.media.strip import strip_of
from nbviz.recording.media.png import decode_image
from nbviz.recording.media.video import Video

if TYPE_CHECKING:
    from pathlib import Path

COLORS = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 0]], np.uint8)
FRAMES = np.broadcast_to(COLORS[:, None, None], (4, 6, 8, 3)).copy()


@pytest.fixture
def run():
    return nbviz.Run(overhead_budget=1)


def kept(run: nbviz.Run, tag: str = "x") -> Video:
    value = run.media[tag][-1].value
    assert isinstance(value, Video)
    return value


@pytest.mark.parametrize(
    "frames",
    [
        FRAMES,
        torch.from_numpy(FRAMES).permute(0, 3, 1, 2),
        torch.from_numpy(FRAMES).permute(0, 3, 1, 2) / 255,
        np.concatenate([FRAMES, FRAMES[..., :1]], -1),
    ],
)
def test_frames_of_any_layout_are_kept(run, frames: object) -> None:
    run.log_video("x", frames, fps=5, step=2)
    video = kept(run)
    assert run.media["x"].kind == "video"
    assert (video.frames, video.height, video.width, video.fps) == (4, 6, 8, 5)
    assert video.data.startswith(b"GIF8")
    np.testing.assert_array_equal(video.pixels, FRAMES)


def test_grey_frames_are_exact(run) -> None:
    grey = np.random.default_rng(0).integers(0, 256, (5, 20, 30), np.uint8)
    run.log_video("x", grey, step=1)
    np.testing.assert_array_equal(kept(run).pixels, np.stack([grey] * 3, -1))


def test_frames_that_do_not_move_are_counted(run) -> None:
    still = np.concatenate([FRAMES[:1], FRAMES[:1], FRAMES[:1], FRAMES[1:2], FRAMES[1:2]])
    run.log_video("x", still, fps=3, step=1)
    np.testing.assert_array_equal(kept(run).pixels, still)
    run.log_video("y", FRAMES[:1], step=1)
    assert kept(run, "y").pixels.shape == (1, 6, 8, 3)


def test_several_videos_stand_beside_each_other(run) -> None:
    several = torch.stack([torch.from_numpy(FRAMES).permute(0, 3, 1, 2)] * 3)
    run.log_video("x", several, step=1)
    pixels = kept(run).pixels
    assert pixels.shape == (4, 12, 16, 3)
    np.testing.assert_array_equal(pixels[:, :6, 8:], FRAMES)
    assert not pixels[:, 6:, 8:].any()


@pytest.mark.parametrize(
    ("frames", "fps", "said"),
    [
        (np.zeros((4, 4)), 4, r"got \(4, 4\)"),
        (np.zeros((3, 5, 6, 7)), 4, r"got \(3, 5, 6, 7\)"),
        (np.zeros((0, 3, 4, 4)), 4, "nothing"),
        (FRAMES, 0, "fps must be .* got 0"),
        (FRAMES, 1000, "got 1000"),
        (FRAMES, "fast", "got 'fast'"),
        (np.broadcast_to(np.uint8(0), (1000, 200, 200)), 4, "at most 16,777,216 pixels"),
    ],
)
def test_what_is_no_video_is_refused(run, frames: object, fps: object, said: str) -> None:
    with pytest.raises(LoggingError, match=said):
        run.log_video("x", frames, fps, step=1)
    assert len(run.media) == 0


def test_tensorboard_reads_our_videos_and_they_read_back(tmp_path: Path) -> None:
    run = nbviz.Run("videos", dir=tmp_path, overhead_budget=1)
    run.log_video("walk", FRAMES, fps=7, step=5)
    run.finish()
    run.journal.flush()
    events = EventAccumulator(str(tmp_path), size_guidance={"images": 0})
    events.Reload()
    (event,) = events.Images("walk")
    assert (event.step, event.height, event.width) == (5, 6, 8)
    assert event.encoded_image_string == kept(run, "walk").data
    again = nbviz.open_run(tmp_path).media["walk"]
    assert again.kind == "video"
    assert (again[0].value.frames, again[0].value.fps) == (4, 7)
    np.testing.assert_array_equal(again[0].value.pixels, FRAMES)


def test_a_strip_holds_every_frame_where_there_is_room(run) -> None:
    run.log_video("x", FRAMES, step=1)
    strip = strip_of(kept(run), 512, 400_000)
    assert (strip.every, strip.reduced, strip.columns) == (1, 1, 2)
    pixels = decode_image(strip.data)
    for number in range(4):
        top, left = number // 2 * 6, number % 2 * 8
        np.testing.assert_array_equal(pixels[top : top + 6, left : left + 8], FRAMES[number])


def test_a_strip_is_made_small_enough_and_says_how(run) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (20, 300, 200), np.uint8)
    run.log_video("x", noise, step=1)
    strip = strip_of(kept(run), 512, 100_000)
    assert len(strip.data) <= 100_000
    assert strip.reduced > 1
    assert strip.every > 1
    height, width, _ = decode_image(strip.data).shape
    assert width == strip.columns * -(-200 // strip.reduced)
    frames = -(-20 // strip.every)
    assert height == -(-frames // strip.columns) * -(-300 // strip.reduced)
