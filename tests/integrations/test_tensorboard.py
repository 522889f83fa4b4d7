"""SummaryWriter as torch and tensorboardX have it, read back by TensorBoard and by nbviz."""

from __future__ import annotations

import inspect
import json
import multiprocessing
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tensorboardX
import torch
import torch.utils.tensorboard
from matplotlib import pyplot as plt
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.plugins.hparams import plugin_data_pb2
from tensorboard.util.tensor_util import make_ndarray
from torch import nn

import nbviz
from nbviz.errors import ConfigurationError, LoggingError
from nbviz.integrations import tensorboard
from nbviz.integrations import tensorboardX as ours_x  # noqa: N813
from nbviz.recording.media.png import decode_image

if TYPE_CHECKING:
    from pathlib import Path


def board(path: Path) -> EventAccumulator:
    everything = dict.fromkeys(("scalars", "images", "histograms", "tensors", "audio"), 0)
    found = EventAccumulator(str(path), size_guidance=everything)
    found.Reload()
    return found


@pytest.fixture(params=["torch", "tensorboardX"])
def kind(request: pytest.FixtureRequest) -> Any:
    return {
        "torch": tensorboard.SummaryWriter,
        "tensorboardX": ours_x.SummaryWriter,
    }[request.param]


# ---------------------------------------------------------------- the interface


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (torch.utils.tensorboard.SummaryWriter, tensorboard.SummaryWriter),
        (tensorboardX.SummaryWriter, ours_x.SummaryWriter),
        (tensorboardX.GlobalSummaryWriter, ours_x.GlobalSummaryWriter),
    ],
    ids=["torch", "tensorboardX", "global"],
)
def test_each_call_takes_what_it_took(theirs: type, ours: type) -> None:
    """The same names in the same order; what is our own comes behind, by name alone."""
    for name, function in inspect.getmembers(theirs, inspect.isfunction):
        if name.startswith("_") and name != "__init__":
            continue
        of_theirs = [
            one.name
            for one in inspect.signature(function).parameters.values()
            if one.kind is not one.VAR_KEYWORD
        ]
        parameters = inspect.signature(getattr(ours, name)).parameters
        if any(one.kind is one.VAR_KEYWORD for one in parameters.values()):
            of_theirs = [one for one in of_theirs if one in parameters] or of_theirs
        assert [one for one in parameters if one in of_theirs] == of_theirs, name


def test_both_spellings_of_the_directory(tmp_path: Path) -> None:
    assert nbviz.SummaryWriter(logdir=tmp_path / "a").get_logdir() == str(tmp_path / "a")
    assert nbviz.SummaryWriter(log_dir=str(tmp_path / "b")).log_dir == str(tmp_path / "b")
    assert ours_x.SummaryWriter(log_dir=str(tmp_path / "c")).logdir == str(tmp_path / "c")


def test_the_default_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    writer = nbviz.SummaryWriter(comment="_lr_0.1")
    assert re.fullmatch(r"runs/[A-Z][a-z]{2}\d\d_\d\d-\d\d-\d\d_.*_lr_0\.1", writer.log_dir)
    writer.add_scalar("loss", 1.0, 0)
    writer.close()
    assert board(tmp_path / writer.log_dir).Scalars("loss")[0].value == 1.0


# ---------------------------------------------------------------- scalars


def test_scalars_of_any_kind(kind: Any, tmp_path: Path) -> None:
    given = [1, 2.5, np.float32(3), np.array([4.0]), torch.tensor(5), torch.tensor([[6.0]]), True]
    with kind(tmp_path) as writer:
        for step, value in enumerate(given):
            writer.add_scalar("loss", value, step)
        writer.add_scalar("late", 1.0, np.int64(3), walltime=1e9)
        writer.add_scalar("late", 2.0, global_step=torch.tensor(4), walltime=1e9 + 1)
    read = board(tmp_path)
    assert [one.value for one in read.Scalars("loss")] == [1, 2.5, 3, 4, 5, 6, 1]
    late = read.Scalars("late")
    assert [(one.step, one.wall_time) for one in late] == [(3, 1e9), (4, 1e9 + 1)]
    opened = nbviz.open_run(tmp_path)
    assert opened["loss"].values.tolist() == [1, 2.5, 3, 4, 5, 6, 1]


def test_values_without_a_step_are_counted_by_tag(kind: Any, tmp_path: Path) -> None:
    with kind(tmp_path) as writer:
        for value in (5.0, 6.0):
            writer.add_scalar("a", value)
            writer.add_scalar("b", value)
    assert writer.run["a"].steps.tolist() == writer.run["b"].steps.tolist() == [0, 1]


def test_several_scalars_are_runs_of_their_own_in_the_files(kind: Any, tmp_path: Path) -> None:
    with kind(tmp_path) as writer:
        for step in range(3):
            writer.add_scalars("data/loss", {"train": step, "val": 2 * step}, step)
    assert writer.run["data/loss/val"].values.tolist() == [0, 2, 4]
    assert "data/loss" not in board(tmp_path).Tags()["scalars"]
    for name, factor in (("train", 1), ("val", 2)):
        is_torch = kind is tensorboard.SummaryWriter
        folder = f"data_loss_{name}" if is_torch else f"data/loss/{name}"
        of = board(tmp_path / folder).Scalars("data/loss")
        assert [one.value for one in of] == [0, factor, 2 * factor]


def test_hyperparameters_are_a_row(kind: Any, tmp_path: Path) -> None:
    with kind(tmp_path) as writer:
        named = {"run_name": "one"} if kind is tensorboard.SummaryWriter else {"name": "one"}
        writer.add_hparams({"lr": 0.1, "optimizer": "adam", "flip": True}, {"acc": 0.9}, **named)
    read = board(tmp_path / "one")
    assert read.Scalars("acc")[0].value == pytest.approx(0.9)
    said = {}
    for tag in ("experiment", "session_start_info", "session_end_info"):
        content = read.SummaryMetadata(f"_hparams_/{tag}").plugin_data.content
        said[tag] = plugin_data_pb2.HParamsPluginData.FromString(content)
    start = said["session_start_info"].session_start_info.hparams
    assert (start["lr"].number_value, start["optimizer"].string_value) == (0.1, "adam")
    assert start["flip"].bool_value is True
    experiment = said["experiment"].experiment
    assert [info.name for info in experiment.hparam_infos] == ["lr", "optimizer", "flip"]
    assert [info.name.tag for info in experiment.metric_infos] == ["acc"]
    assert said["session_end_info"].session_end_info.status == 1
    (found,) = [one for one in nbviz.open_runs(tmp_path) if one.hyperparameters.all]
    assert found.hyperparameters.all["lr"] == 0.1


def test_custom_scalars(kind: Any, tmp_path: Path) -> None:
    with kind(tmp_path) as writer:
        writer.add_custom_scalars({"market": {"all": ["Multiline", ["a", "b"]]}})
        writer.add_custom_scalars_marginchart(["a", "b", "c"], category="market", title="margin")
        with pytest.raises(LoggingError, match="needs three tags"):
            writer.add_custom_scalars_marginchart(["a", "b"])
    tensor = board(tmp_path).Tensors("custom_scalars__config__")[-1].tensor_proto
    layout = layout_pb2.Layout.FromString(tensor.string_val[0])
    (category,) = layout.category
    assert category.title == "market"
    assert [list(chart.multiline.tag) for chart in category.chart] == [["a", "b"], []]
    (series,) = category.chart[1].margin.series
    assert (series.value, series.lower, series.upper) == ("a", "b", "c")


# ---------------------------------------------------------------- media


@pytest.mark.parametrize(
    ("shape", "formats"), [((3, 8, 6), "CHW"), ((8, 6, 3), "HWC"), ((8, 6), "HW")]
)
def test_an_image_in_any_order(kind: Any, tmp_path: Path, shape: Any, formats: str) -> None:
    image = torch.randint(0, 256, shape, dtype=torch.uint8)
    with kind(tmp_path) as writer:
        writer.add_image("photo", image, 7, dataformats=formats)
        with pytest.raises(LoggingError, match="dataformats='NCHW'"):
            writer.add_image("photo", image, 7, dataformats="NCHW")
    (event,) = board(tmp_path).Images("photo")
    pixels = decode_image(event.encoded_image_string)
    wanted = image.permute(1, 2, 0) if formats == "CHW" else image
    assert event.step == 7
    np.testing.assert_array_equal(pixels.squeeze(), wanted.numpy())


@pytest.mark.parametrize(("shape", "formats"), [((10, 1, 8, 6), "NCHW"), ((10, 8, 6, 1), "NHWC")])
def test_images_are_a_grid(kind: Any, tmp_path: Path, shape: Any, formats: str) -> None:
    with kind(tmp_path) as writer:
        writer.add_images("grid", torch.rand(shape), 1, dataformats=formats)
    (image,) = writer.run.media["grid"]
    assert (image.value.height, image.value.width) == (2 * 8 + 2, 8 * 6 + 7 * 2)


def test_a_batch_as_one_image_is_a_grid(kind: Any, tmp_path: Path) -> None:
    with kind(tmp_path) as writer:
        writer.add_image("grid", torch.rand(4, 3, 8, 6), 1, dataformats="NCHW")
    (image,) = writer.run.media["grid"]
    assert (image.value.height, image.value.width) == (8, 4 * 6 + 3 * 2)


def test_rows_of_numbers_are_an_embedding_and_scores_of_any_shape_one_curve(
    kind: Any, tmp_path: Path
) -> None:
    labels, scores = torch.randint(0, 2, (10, 4)), torch.rand(10, 4)
    with kind(tmp_path) as writer:
        writer.add_embedding([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]], metadata=["a", "b"])
        writer.add_pr_curve("whole", labels, scores, 1)
        writer.add_pr_curve("flat", labels.flatten().tolist(), scores.flatten().tolist(), 1)
    assert writer.run.media["default"][0].value.vectors.tolist() == [[0, 1, 2], [3, 4, 5]]
    read = board(tmp_path)
    whole, flat = (make_ndarray(read.Tensors(tag)[0].tensor_proto) for tag in ("whole", "flat"))
    np.testing.assert_array_equal(whole, flat)


def test_boxes_are_drawn(kind: Any, tmp_path: Path) -> None:
    with kind(tmp_path) as writer:
        boxes = torch.tensor([[10, 10, 40, 30]])
        writer.add_image_with_boxes("boxes", torch.zeros(3, 64, 64), boxes, 1, labels=["cat"])
        with pytest.raises(LoggingError, match="1 box and 2 labels"):
            writer.add_image_with_boxes("boxes", torch.zeros(3, 64, 64), boxes, labels=["a", "b"])
    (item,) = writer.run.media["boxes"]
    assert item.value.pixels[30, 25].tolist() == [255, 0, 0]
    assert item.value.pixels[50, 50].tolist() == [0, 0, 0]


def test_histograms(kind: Any, tmp_path: Path) -> None:
    values = torch.randn(1000)
    with kind(tmp_path) as writer:
        writer.add_histogram("h", values, 3)
        writer.add_histogram("auto", values, 3, bins="auto")
        writer.add_histogram("edges", values, 3, bins=[-9.0, 0.0, 9.0])
        writer.add_histogram_raw("raw", 0, 1, 10, 5, 4, [0.5, 1.0], [4, 6], 3)
        with pytest.raises(LoggingError, match="bins='none such'"):
            writer.add_histogram("h", values, 3, bins="none such")
    read = board(tmp_path)
    for tag in ("h", "auto", "edges"):
        (event,) = read.Histograms(tag)
        said = event.histogram_value
        assert (said.num, said.min) == (1000, pytest.approx(float(values.min())))
    below = int((values < 0).sum())
    assert read.Histograms("edges")[0].histogram_value.bucket[-2:] == [below, 1000 - below]
    raw = read.Histograms("raw")[0].histogram_value
    assert (raw.bucket[-2:], raw.bucket_limit[-2:], raw.num) == ([4, 6], [0.5, 1.0], 10)


def test_texts_and_tensors(kind: Any, tmp_path: Path) -> None:
    with kind(tmp_path) as writer:
        writer.add_text("note", "**bold** <script>", 2, walltime=1e9)
        if kind is tensorboard.SummaryWriter:
            writer.add_tensor("weights", torch.arange(6.0).reshape(2, 3), 2)
    read = board(tmp_path)
    (event,) = read.Tensors("note")
    assert event.tensor_proto.string_val == [b"**bold** <script>"]
    assert (event.step, event.wall_time) == (2, 1e9)
    if kind is tensorboard.SummaryWriter:
        assert "weights" in read.Tags()["tensors"]


def test_a_tag_of_two_kinds_keeps_both(kind: Any, tmp_path: Path) -> None:
    with kind(tmp_path) as writer:
        writer.add_histogram("digits", torch.arange(4.0), 1)
        for step in (1, 2):
            writer.add_image("digits", torch.rand(1, 4, 4), step)
    assert writer.run.media["digits"].kind == "histogram"
    assert writer.run.media["digits/image"].steps.tolist() == [1, 2]
    assert len(board(tmp_path).Images("digits/image")) == 2


def test_figures_sounds_and_videos(kind: Any, tmp_path: Path) -> None:
    figure = plt.figure(figsize=(1, 1))
    with kind(tmp_path) as writer:
        writer.add_figure("plot", figure, 1)
        writer.add_figure("plots", [plt.figure(figsize=(1, 1)), plt.figure(figsize=(1, 1))], 1)
        writer.add_audio("tone", torch.sin(torch.arange(800.0) / 5)[None], 1, sample_rate=8000)
        writer.add_video("clip", torch.rand(1, 4, 3, 8, 8), 1, fps=8)
    assert not plt.get_fignums()
    read = board(tmp_path)
    assert {"plot", "plots", "plots/1", "clip"} <= set(read.Tags()["images"])
    (sound,) = read.Audio("tone")
    assert (sound.sample_rate, sound.length_frames) == (8000, 800)
    assert read.Images("clip")[0].encoded_image_string.startswith(b"GIF8")


def test_embeddings_are_files_of_the_projector(kind: Any, tmp_path: Path) -> None:
    vectors = torch.arange(40.0).reshape(5, 2, 4)
    with kind(tmp_path) as writer:
        writer.add_embedding(
            vectors,
            metadata=[[str(n), f"name {n}"] for n in range(5)],
            metadata_header=["number", "name"],
            label_img=torch.rand(5, 3, 4, 4),
            global_step=2,
            tag="features",
        )
    config = (tmp_path / "projector_config.pbtxt").read_text()
    assert "features" in config
    (tensors,) = tmp_path.rglob("tensors.tsv")
    rows = [list(map(float, line.split())) for line in tensors.read_text().splitlines()]
    np.testing.assert_array_equal(rows, vectors.reshape(5, 8).numpy())
    (metadata,) = tmp_path.rglob("metadata.tsv")
    assert metadata.read_text().splitlines()[:2] == ["number\tname", "0\tname 0"]


def test_pr_curves(kind: Any, tmp_path: Path) -> None:
    labels, scores = torch.tensor([0, 1, 1, 0, 1]), torch.tensor([0.1, 0.9, 0.4, 0.6, 0.7])
    with kind(tmp_path) as writer:
        writer.add_pr_curve("pr", labels, scores, 3)
        writer.add_pr_curve("weighted", labels, scores, 3, weights=torch.full((5,), 2.0))
        counts = {"true_positive_counts": [3, 2, 0], "false_positive_counts": [2, 1, 0]}
        rest: dict[str, Any] = {
            name: [0, 0, 0]
            for name in ("true_negative_counts", "false_negative_counts", "precision", "recall")
        }
        writer.add_pr_curve_raw("raw", **counts, **rest, global_step=3)
        with pytest.raises(LoggingError, match="as many true as false positives"):
            writer.add_pr_curve_raw("raw", **{**counts, "false_positive_counts": [1]}, **rest)
    read = board(tmp_path)
    for tag, most in (("pr", (3, 2)), ("weighted", (6, 4)), ("raw", (3, 2))):
        (event,) = read.Tensors(tag)
        table = make_ndarray(event.tensor_proto)
        assert table.shape == (6, 127 if tag != "raw" else 3)
        assert tuple(table[:2, 0]) == most
    (item,) = writer.run.media["pr"]
    assert item.value.curves[0].roc_auc == pytest.approx(5 / 6)


def test_a_mesh(kind: Any, tmp_path: Path) -> None:
    vertices = torch.rand(1, 4, 3)
    with kind(tmp_path) as writer:
        writer.add_mesh("shape", vertices, faces=torch.tensor([[[0, 1, 2]]]), global_step=1)
    (tag,) = [tag for tag in board(tmp_path).Tags()["tensors"] if tag.startswith("shape_VERTEX")]
    (event,) = board(tmp_path).Tensors(tag)
    np.testing.assert_array_equal(make_ndarray(event.tensor_proto), vertices.numpy())


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.head = nn.Sequential(nn.Linear(144, 8), nn.ReLU())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.conv(x).relu().flatten(1))


def test_a_model_s_graph(kind: Any, tmp_path: Path) -> None:
    with kind(tmp_path) as writer:
        writer.add_graph(Net(), torch.rand(2, 1, 8, 8))
    nodes = {node.name: node for node in board(tmp_path).Graph().node}
    assert list(nodes["Net/head/0/linear"].input) == [
        "Net/flatten",
        "Net/head/0/weight",
        "Net/head/0/bias",
    ]
    (shape,) = nodes["Net/conv/conv2d"].attr["_output_shapes"].list.shape
    assert [dim.size for dim in shape.dim] == [2, 4, 6, 6]


@pytest.mark.parametrize("call", ["add_onnx_graph", "add_openvino_graph"])
def test_what_is_not_served_says_what_to_use(tmp_path: Path, call: str) -> None:
    writer = ours_x.SummaryWriter(tmp_path)
    with pytest.raises(LoggingError, match=r"writer\.add_graph"):
        getattr(writer, call)("model.file")


def test_names_that_are_not_served_say_what_to_use() -> None:
    with pytest.raises(ConfigurationError, match=r"FileWriter is not served; use SummaryWriter"):
        from nbviz.integrations.tensorboardX import FileWriter  # noqa: F401
    with pytest.raises(ImportError, match="nonsense"):
        from nbviz.integrations.tensorboardX import nonsense  # noqa: F401


# ---------------------------------------------------------------- files and life


def test_writers_of_one_directory_are_one_run(tmp_path: Path) -> None:
    for epoch in range(5):
        with nbviz.SummaryWriter(tmp_path) as writer:
            writer.add_scalar("loss", 1 / (epoch + 1), epoch)
    assert writer.run["loss"].steps.tolist() == [0, 1, 2, 3, 4]
    assert [event.event for event in writer.run.events].count("started") == 1
    assert len(list(tmp_path.glob("events.*"))) == 1
    assert len(board(tmp_path).Scalars("loss")) == 5


def log_beside(kind: Any, path: Path, number: int) -> None:
    writer = kind(path)
    for step in range(20):
        writer.add_scalar(f"child{number}", float(step), step)
    if number == 0:  # the other one leaves it to the end of the process
        writer.close()


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_forked_processes_have_writers_of_their_own(kind: Any, tmp_path: Path) -> None:
    writer = kind(tmp_path)
    writer.add_scalar("parent", 1.0, 0)
    writer.flush()
    context = multiprocessing.get_context("fork")
    children = [context.Process(target=log_beside, args=(kind, tmp_path, n)) for n in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join()
        assert child.exitcode == 0
    writer.add_scalar("parent", 2.0, 1)
    writer.close()
    found = board(tmp_path)
    assert [one.value for one in found.Scalars("parent")] == [1, 2]
    for number in range(2):
        values = [(one.step, one.value) for one in found.Scalars(f"child{number}")]
        assert values == [(step, step) for step in range(20)]


def test_a_closed_writer_can_be_written_to(kind: Any, tmp_path: Path) -> None:
    writer = kind(tmp_path, filename_suffix=".mine")
    assert writer.file_writer is not None
    writer.add_scalar("loss", 1.0, 0)
    writer.close()
    assert writer.file_writer is None
    writer.add_scalar("loss", 2.0, 1)
    writer.flush()
    assert [one.value for one in board(tmp_path).Scalars("loss")] == [1.0, 2.0]
    assert all(path.name.endswith(".mine") for path in tmp_path.glob("events.*"))


def test_purged_steps_do_not_count(kind: Any, tmp_path: Path) -> None:
    with kind(tmp_path) as first:
        for step in range(5):
            first.add_scalar("loss", 10.0, step)
    with kind(tmp_path, purge_step=3) as second:
        for step in range(3, 6):
            second.add_scalar("loss", 20.0, step)
    values = [(one.step, one.value) for one in board(tmp_path).Scalars("loss")]
    assert values == [(0, 10), (1, 10), (2, 10), (3, 20), (4, 20), (5, 20)]
    assert nbviz.open_run(tmp_path)["loss"].values.tolist() == [10, 10, 10, 20, 20, 20]


def test_what_fails_inside_is_a_failed_run(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), nbviz.SummaryWriter(tmp_path) as writer:
        writer.add_scalar("loss", 1 / 0, 0)
    assert writer.run.status == "failed"


def test_without_files_values_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    writer = ours_x.SummaryWriter(write_to_disk=False)
    writer.add_scalar("loss", 1.0, 0)
    writer.add_scalars("both", {"a": 1.0}, 0)
    writer.close()
    assert list(writer.run) == ["loss", "both/a"]
    assert not list(tmp_path.iterdir())


def test_metadata_and_json(tmp_path: Path) -> None:
    writer = ours_x.SummaryWriter(tmp_path / "log")
    with writer.use_metadata(global_step=10, walltime=1e9):
        writer.add_scalar("loss", 3.0)
        writer.add_text("note", "hello")
        writer.add_scalars("../all", {"a": 1.0})
    writer.close()
    assert (tmp_path / "log" / "all" / "a").is_dir()
    for step in (5, 6, 5):
        writer.add_scalar("again", float(step), step)
    (event,) = board(tmp_path / "log").Scalars("loss")
    assert (event.step, event.wall_time) == (10, 1e9)
    writer.export_scalars_to_json(tmp_path / "all.json")
    exported = json.loads((tmp_path / "all.json").read_text())
    assert [point[1:] for point in exported["again"]] == [[5, 5.0], [6, 6.0], [5, 5.0]]
    assert exported["loss"] == [[pytest.approx(1e9, abs=0.01), 10, 3.0]]
    assert exported[f"{writer.logdir}/../all/a"][0][1:] == [10, 1.0]


def test_the_global_writer_counts_steps(tmp_path: Path) -> None:
    writer = ours_x.GlobalSummaryWriter(logdir=tmp_path)
    for value in (1.0, 2.0):
        writer.add_scalar("loss", value)
    writer.close()
    assert [one.step for one in board(tmp_path).Scalars("loss")] == [0, 1]
    assert ours_x.GlobalSummaryWriter.getSummaryWriter is not None


def test_comet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LoggingError, match="nothing is sent to Comet"):
        ours_x.SummaryWriter(tmp_path, comet_config={"disabled": False})


def test_a_step_that_is_none(tmp_path: Path) -> None:
    writer = nbviz.SummaryWriter(tmp_path)
    with pytest.raises(LoggingError, match="global_step must be a whole number, got 'x'"):
        writer.add_scalar("loss", 1.0, "x")
