"""Forms in which other libraries write: tensors, images, texts, layouts, hyper-parameters."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import PIL.Image
import pytest
import tensorboardX
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.util import tensor_util
from torch.utils.tensorboard import SummaryWriter

import nbviz
from nbviz.recording.event_files.records import frame

if TYPE_CHECKING:
    from pathlib import Path

WRITERS = [SummaryWriter, tensorboardX.SummaryWriter]
NAME = "events.out.tfevents.1000000000.host"
DT = {"float16": 19, "bfloat16": 14}


def tensor_event(step: int, tensor: TensorProto, plugin: str = "", tag: str = "x") -> Event:
    event = Event(wall_time=1e9 + step, step=step)
    value = event.summary.value.add(tag=tag, tensor=tensor)
    if plugin:
        value.metadata.plugin_data.plugin_name = plugin
    return event


def open_events(path: Path, events: list[Event]) -> nbviz.Run:
    (path / NAME).write_bytes(frame([event.SerializeToString() for event in events]))
    return nbviz.open_run(path)


def board(path: Path) -> EventAccumulator:
    sizes = {"scalars": 0, "tensors": 0, "images": 0}
    return EventAccumulator(str(path), size_guidance=sizes).Reload()


def infos(run: nbviz.Run) -> str:
    return "\n".join(line.text for line in run.lines.since(0))


# ---------------------------------------------------------------- scalars as tensors


def bits(number: float, dtype: torch.dtype) -> bytes:
    return torch.tensor(number, dtype=dtype).view(torch.int16).numpy().tobytes()


def half(number: float, dtype: torch.dtype) -> TensorProto:
    value = int.from_bytes(bits(number, dtype), "little")
    return TensorProto(dtype=DT[str(dtype).removeprefix("torch.")], half_val=[value])


NUMBERS = [0, 1, -3, 5, 300, -70_000, 2**40]
FORMS: list[tuple[str, list[float], list[TensorProto]]] = [
    ("int64", NUMBERS, [TensorProto(dtype=9, int64_val=[n]) for n in NUMBERS]),
    ("int64 content", NUMBERS,
     [TensorProto(dtype=9, tensor_content=np.int64(n).tobytes()) for n in NUMBERS]),
    ("int32", [7, -7], [TensorProto(dtype=3, int_val=[n]) for n in (7, -7)]),
    ("uint8", [0, 255], [TensorProto(dtype=4, int_val=[n]) for n in (0, 255)]),
    ("uint64", [2.0**63], [TensorProto(dtype=23, uint64_val=[2**63])]),
    ("bool", [1, 0, 1], [TensorProto(dtype=10, bool_val=[n]) for n in (True, False, True)]),
    ("half", [0.5, -2, 0], [half(n, torch.float16) for n in (0.5, -2, 0)]),
    ("half content", [0.5], [TensorProto(dtype=19, tensor_content=np.float16(0.5).tobytes())]),
    ("bfloat16", [0.5, -384],
     [half(n, torch.bfloat16) for n in (0.5, -384)]),
    ("bfloat16 content", [1.5],
     [TensorProto(dtype=14, tensor_content=bits(1.5, torch.bfloat16))]),
]  # fmt: skip


@pytest.mark.parametrize("repeat", [1, 30])
@pytest.mark.parametrize(("form", "values", "tensors"), FORMS)
def test_scalars_of_any_type_are_read(
    tmp_path: Path, form: str, values: list[float], tensors: list[TensorProto], repeat: int
) -> None:
    numbered = list(enumerate(tensors * repeat))
    # TensorFlow says with a tag's first event only that they are scalars.
    events = [tensor_event(step, one, "" if step else "scalars") for step, one in numbered]
    run = open_events(tmp_path, events)
    assert run["x"].values.tolist() == values * repeat
    assert run["x"].steps.tolist() == list(range(len(values) * repeat))
    if form.split(maxsplit=1)[0] not in ("bfloat16", "uint64"):  # which TensorBoard does not read
        events = board(tmp_path).Tensors("x")
        theirs = [tensor_util.make_ndarray(event.tensor_proto) for event in events]
        assert [float(one) for one in theirs] == values * repeat


def test_a_number_that_stands_for_many_is_repeated(tmp_path: Path) -> None:
    tensor = tensor_util.make_tensor_proto(np.full((3, 4), 7, np.int64))
    short = TensorProto(dtype=9, tensor_shape=tensor.tensor_shape, int64_val=[7])
    run = open_events(tmp_path, [tensor_event(1, short, "tensor")])
    np.testing.assert_array_equal(run.media["x"][0].value, np.full((3, 4), 7))


# ---------------------------------------------------------------- one tag of several kinds


def test_a_tensor_and_then_scalars_under_one_tag(tmp_path: Path) -> None:
    with nbviz.Run(dir=tmp_path, overhead_budget=1) as run:
        run.log_tensor("x", np.arange(3.0), 1)
        for step in (2, 3, 4):
            run.log({"x": step / 2}, step)
    opened = nbviz.open_run(tmp_path)
    assert opened["x"].values.tolist() == [1.0, 1.5, 2.0]
    assert opened.media["x"][0].value.tolist() == [0.0, 1.0, 2.0]


@pytest.mark.parametrize("writer", WRITERS)
def test_all_kinds_under_one_tag_of_other_writers(tmp_path: Path, writer: Any) -> None:
    pixels = np.zeros((4, 5, 3), np.uint8)
    with writer(str(tmp_path)) as other:
        other.add_histogram("x", np.arange(9.0), 0)
        other.add_image("x", pixels, 1, dataformats="HWC")
        other.add_text("x", "words", 2)
        if writer is SummaryWriter:
            other.add_tensor("x", torch.arange(4), 3)
        for step in range(4, 24):
            other.add_scalar("x", step, step)
    opened = nbviz.open_run(tmp_path)
    assert opened["x"].values.tolist() == list(range(4, 24))
    kinds = {media.kind for media in opened.media.values()}
    assert kinds == {"histogram", "image", "text"} | (
        {"tensor"} if writer is SummaryWriter else set()
    )


@pytest.mark.parametrize("value", [np.float32(1.5), np.array([2.5]), np.array([[3.5]])])
def test_a_tensor_of_one_number_stays_a_tensor(tmp_path: Path, value: np.ndarray) -> None:
    with nbviz.Run(dir=tmp_path, overhead_budget=1) as run:
        for step in range(40):
            run.log_tensor("x", value, step)
    opened = nbviz.open_run(tmp_path)
    assert "x" not in opened
    assert [item.value.shape for item in opened.media["x"]] == [np.shape(value)] * 40
    assert opened.media["x"][39].value == value


DTYPES = [
    torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.int8, torch.uint8,
    torch.int16, torch.int32, torch.int64, torch.bool,
]  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES)
def test_torchs_tensors_are_read(tmp_path: Path, dtype: torch.dtype) -> None:
    tensor = torch.tensor([[0, 1, 2], [3, 100, 7]]).to(dtype)
    with SummaryWriter(str(tmp_path)) as writer:
        writer.add_tensor("x", tensor, 1)
    found = nbviz.open_run(tmp_path).media["x"][0].value
    np.testing.assert_array_equal(found.astype(np.float64), tensor.double().numpy())
    assert found.shape == (2, 3)


# ---------------------------------------------------------------- images, layouts, left out


def png(color: int) -> bytes:
    file = io.BytesIO()
    PIL.Image.fromarray(np.full((4, 6, 3), color, np.uint8)).save(file, "PNG")
    return file.getvalue()


def test_all_images_of_an_event_are_read(tmp_path: Path) -> None:
    events = [
        tensor_event(
            step,
            TensorProto(dtype=7, string_val=[b"6", b"4", *(png(step * 10 + k) for k in range(3))]),
            "" if step > 1 else "images",
        )
        for step in (1, 2)
    ]
    media = open_events(tmp_path, events).media
    assert list(media) == ["x", "x/1", "x/2"]
    for number, tag in enumerate(media):
        assert media[tag].steps.tolist() == [1, 2]
        assert [item.value.pixels[0, 0, 0] for item in media[tag]] == [10 + number, 20 + number]


@pytest.mark.parametrize("writer", WRITERS)
def test_layouts_are_never_texts_and_curves_are_read(tmp_path: Path, writer: Any) -> None:
    with writer(str(tmp_path)) as other:
        other.add_custom_scalars({"a": {"both": ["Multiline", ["loss/train", "loss/val"]]}})
        other.add_pr_curve("curve", np.array([0, 1, 1]), np.array([0.1, 0.7, 0.9]), 1)
        other.add_text("note", "a text", 1)
        other.add_scalar("loss/train", 1.0, 1)
    run = nbviz.open_run(tmp_path)
    assert {tag: media.kind for tag, media in run.media.items()} == {
        "note": "text",
        "curve": "pr_curve",
    }
    assert "Multiline" not in infos(run)
    assert "custom_scalars" in infos(run)


def test_strings_without_a_plugin_are_texts_if_they_read_as_such(
    tmp_path: Path,
) -> None:
    events = [
        tensor_event(1, TensorProto(dtype=7, string_val=[b"a text\nof two lines"]), tag="text"),
        tensor_event(1, TensorProto(dtype=7, string_val=[b"\x08\x01\x12\x03abc"]), tag="proto"),
    ]
    run = open_events(tmp_path, events)
    assert list(run.media) == ["text"]
    assert "1 value was left out" in infos(run)


# ---------------------------------------------------------------- hyper-parameters


@pytest.mark.parametrize("writer", WRITERS)
def test_hyper_parameters_are_kept(tmp_path: Path, writer: Any) -> None:
    given = {"lr": 0.1, "layers": 3, "name": "größe", "bias": True}
    with writer(str(tmp_path)) as other:
        if writer is SummaryWriter:
            other.add_hparams(given, {"accuracy": 0.5}, run_name=".")
        else:
            other.add_hparams(given, {"accuracy": 0.5}, name=".")
    run = nbviz.open_run(tmp_path)
    assert run.hparams == given
    assert run["accuracy"].values.tolist() == [0.5]
    assert "left out" not in infos(run)
