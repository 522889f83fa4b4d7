"""Sounds: what is taken, how it is kept, and that TensorBoard and we read it."""

from __future__ import annotations

import io
import wave
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.audio import metadata as audio_metadata
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from torch.utils.tensorboard import SummaryWriter

import nbviz
from nbviz.errors import LoggingError
from nbviz.recording.media.audio import Audio, wave_from

if TYPE_CHECKING:
    from pathlib import Path

TONE = np.sin(np.arange(800) / 5)


@pytest.fixture
def run():
    return nbviz.Run(overhead_budget=1)


def kept(run: nbviz.Run, tag: str = "x", place: int = -1) -> Audio:
    value = run.media[tag][place].value
    assert isinstance(value, Audio)
    return value


@pytest.mark.parametrize(
    ("samples", "channels"),
    [
        (TONE, 1),
        (TONE.tolist(), 1),
        (torch.from_numpy(TONE).float(), 1),
        (torch.from_numpy(TONE).bfloat16(), 1),
        (TONE[None], 1),
        (TONE[:, None], 1),
        (TONE[None, None], 1),
        (np.stack([TONE, -TONE]), 2),
        (np.stack([TONE, -TONE], -1), 2),
    ],
)
def test_samples_of_any_layout_are_kept(run, samples: object, channels: int) -> None:
    run.log_audio("x", samples, 8000, step=3)
    audio = kept(run)
    assert (audio.sample_rate, audio.channels, audio.frames) == (8000, channels, 800)
    assert audio.seconds == 0.1
    assert np.abs(audio.samples[:, 0] / 32767 - TONE).max() < 0.005
    if channels == 2:
        assert (audio.samples[:, 1] == -audio.samples[:, 0]).all()
    with wave.open(io.BytesIO(audio.data)) as file:
        assert file.getparams()[:4] == (channels, 2, 8000, 800)
        assert file.readframes(800) == audio.samples.astype("<i2").tobytes()


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (np.array([0, 1, -32768], np.int16), [0, 1, -32768]),
        (np.array([128, 255, 0], np.uint8), [0, 32512, -32768]),
        (np.array([0, 1 << 30, -(1 << 31)], np.int32), [0, 16384, -32768]),
    ],
)
def test_integers_keep_their_loudness(run, samples: np.ndarray, expected: list[int]) -> None:
    run.log_audio("x", samples, step=1)
    assert kept(run).samples[:, 0].tolist() == expected
    assert kept(run).sample_rate == 44_100


def test_what_is_too_loud_is_clipped_and_said_once(run) -> None:
    for step in (1, 2):
        run.log_audio("x", [0.5, 2.0, -np.inf, np.nan], 8000, step=step)
        assert kept(run).samples[:, 0].tolist() == [16384, 32767, -32767, 0]
    said = [line.text for line in run.lines.after(0)[0] if "'x'" in line.text]
    assert said == [
        "the audio 'x' at step 1 has 1 NaN, silent, and 2 samples outside of -1 to 1, clipped"
    ]


def test_an_array_may_change_after_the_call(run) -> None:
    samples = torch.zeros(100)
    run.log_audio("x", samples, 8000, step=1)
    samples += 1
    assert not kept(run).samples.any()


@pytest.mark.parametrize(
    ("samples", "rate", "said"),
    [
        ([], 8000, "nothing"),
        (np.zeros((100, 100)), 8000, r"at most 8 channels, got \(100, 100\)"),
        (np.zeros((2, 3, 4)), 8000, r"got \(2, 3, 4\)"),
        (np.zeros(10, np.int64), 8000, "int64"),
        (np.zeros(10, bool), 8000, "bool"),
        (np.zeros(10), 0, "sample_rate .* got 0"),
        (np.zeros(10), 44.1, "got 44.1"),
        (np.zeros(10), True, "got True"),
        (np.zeros(10), "fast", "got 'fast'"),
        (np.zeros(10), float("nan"), "got nan"),
        ("song.mp3", 8000, "str"),
        (np.broadcast_to(np.float32(0), (1 << 25) + 1), 8000, "at most 33,554,432"),
    ],
)
def test_what_is_no_sound_is_refused(run, samples: object, rate: object, said: str) -> None:
    with pytest.raises(LoggingError, match=said):
        run.log_audio("x", samples, rate, step=1)
    assert len(run.media) == 0


def test_tensorboard_reads_our_sounds_and_they_read_back(tmp_path: Path) -> None:
    run = nbviz.Run("sounds", dir=tmp_path, overhead_budget=1)
    run.log_audio("voice", np.stack([TONE, TONE]), 16_000, step=7)
    run.finish()
    run.journal.flush()
    events = EventAccumulator(str(tmp_path), size_guidance={"audio": 0})
    events.Reload()
    (event,) = events.Audio("voice")
    assert event.step == 7
    assert event.encoded_audio_string == kept(run, "voice").data
    assert (event.sample_rate, event.content_type, event.length_frames) == (
        16_000,
        "audio/wav",
        800,
    )
    again = nbviz.open_run(tmp_path).media["voice"]
    assert (again.kind, again.steps.tolist()) == ("audio", [7])
    assert again[0].value.data == kept(run, "voice").data


def test_others_sounds_are_read_in_both_forms(tmp_path: Path) -> None:
    with SummaryWriter(str(tmp_path / "torch")) as writer:
        writer.add_audio("voice", torch.from_numpy(TONE)[None].float(), 3, 8000)
    audio = nbviz.open_run(tmp_path / "torch").media["voice"][0]
    assert (audio.step, audio.value.sample_rate, audio.value.frames) == (3, 8000, 800)

    run = nbviz.Run(overhead_budget=1)
    run.log_audio("x", TONE, 8000, step=1)
    run.log_audio("y", -TONE, 8000, step=1)
    metadata = audio_metadata.create_summary_metadata(
        "voice", "", encoding=audio_metadata.Encoding.Value("WAV")
    )
    value = Summary.Value(tag="voice", metadata=metadata)
    value.tensor.dtype = 7
    value.tensor.tensor_shape.dim.add(size=2)
    value.tensor.tensor_shape.dim.add(size=2)
    value.tensor.string_val.extend([kept(run, "x").data, b"", kept(run, "y").data, b"a label"])
    writer = EventFileWriter(str(tmp_path / "newer"))
    writer.add_event(Event(step=4, wall_time=1.0, summary=Summary(value=[value])))
    writer.close()
    media = nbviz.open_run(tmp_path / "newer").media
    assert [media[tag][0].value.data for tag in ("voice", "voice/1")] == [
        kept(run, "x").data,
        kept(run, "y").data,
    ]


@pytest.mark.parametrize("width", [1, 3, 4])
def test_files_of_other_widths_become_16_bits(width: int) -> None:
    shorts = np.array([0, 1000, -1000, 32767, -32768])
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(width)
        file.setframerate(8000)
        numbers = [(int(v) >> 8) + 128 if width == 1 else int(v) << 8 * (width - 2) for v in shorts]
        signed = width > 1
        file.writeframes(b"".join(n.to_bytes(width, "little", signed=signed) for n in numbers))
    found = wave_from(buffer.getvalue()).samples[:, 0]
    assert found.tolist() == ((shorts >> 8) << 8 if width == 1 else shorts).tolist()


@pytest.mark.parametrize("data", [b"", b"RIFF", b"ID3 an mp3", b"RIFF\x24\0\0\0WAVEfmt "])
def test_what_is_no_wave_is_counted(data: bytes) -> None:
    with pytest.raises(OSError, match="no WAV"):
        wave_from(data)
