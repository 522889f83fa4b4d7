"""Meshes that are logged: checked, sent in parts, and kept in TensorBoard's form."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pages import Page

import nbviz
from nbviz.errors import LoggingError
from nbviz.panels import mesh as mesh_panel
from nbviz.panels.subject import Subject
from nbviz.session.saved import record
from nbviz.session.transport import FRAME_BYTES

SQUARE = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
FACES = [[0, 1, 2], [0, 2, 3]]


@pytest.fixture
def run():
    return nbviz.Run("loop", overhead_budget=1)


def test_a_batch_of_one_and_a_mesh_are_the_same(run) -> None:
    colors = np.array([[255, 0, 0]] * 4)
    run.log_mesh("plain", SQUARE, faces=FACES, colors=colors)
    batch = torch.tensor(SQUARE)[None]
    run.log_mesh("batch", batch, faces=torch.tensor(FACES)[None], colors=colors[None] / 255)
    plain, other = (run.media[tag][0].value for tag in ("plain", "batch"))
    for name in ("vertices", "faces", "colors"):
        assert np.array_equal(getattr(plain, name), getattr(other, name))


@pytest.mark.parametrize(
    ("vertices", "options", "said"),
    [
        (np.zeros((4, 2)), {}, r"shape \(n, 3\)"),
        (np.zeros((2, 4, 3)), {}, "2 meshes"),
        (np.zeros((0, 3)), {}, "there is nothing"),
        (SQUARE, {"colors": np.zeros((3, 3))}, "3 colors for 4 vertices"),
        (SQUARE, {"faces": np.zeros((2, 4), int)}, "faces of shape"),
        ("square", {}, "got str"),
    ],
)
def test_what_is_no_mesh_is_refused_at_the_call(run, vertices, options, said) -> None:
    with pytest.raises(LoggingError, match=said):
        run.log_mesh("shape", vertices, **options)


@pytest.mark.parametrize(
    ("vertices", "faces", "said"),
    [
        (SQUARE, [[0, 1, 4]], "a face names the vertex 4; there are 4, from 0"),
        (SQUARE, [[0, 1, -1]], "a face names the vertex -1"),
        (SQUARE, [[0, 1, 1.5]], "whole numbers"),
        (SQUARE * np.nan, None, "no vertex is finite"),
        (SQUARE * 1e300 + 1e299, None, "numbers beyond 3e38"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_what_only_its_values_show_is_said_in_the_log(run, vertices, faces, said) -> None:
    run.log_mesh("shape", vertices, faces=faces)
    run.drain_media()
    (line,) = [one for one in run.lines.after(0)[0] if one.level == "warning"]
    assert said in line.text
    assert "shape" not in run.media


def test_a_mesh_comes_in_parts_and_is_put_together(run) -> None:
    random = np.random.default_rng(0)
    vertices = random.standard_normal((60_000, 3))
    faces = random.integers(0, 60_000, (90_000, 3))
    colors = random.integers(0, 256, (60_000, 3))
    run.log_mesh("shape", vertices, faces=faces, colors=colors, step=4)
    run.drain_media()
    page = Page(nbviz.Dashboard(run))
    page.ready()
    data, answers = b"", 0
    while True:
        asked = {"run_id": run.run_id, "tag": "shape", "step": 9, "start": len(data)}
        answer = page.ask("send_mesh", **asked)
        assert len(answer["data"]) <= FRAME_BYTES
        data += answer["data"]
        answers += 1
        if len(data) == answer["size"]:
            break
    assert answers > 1
    places = np.frombuffer(data[: 60_000 * 6], "<u2").reshape(-1, 3)
    found = np.array(answer["middle"]) + (places / 65534 - 0.5) * answer["span"]
    assert np.abs(found - vertices).max() < answer["span"] / 60_000
    assert np.array_equal(np.frombuffer(data[60_000 * 6 : 60_000 * 9], np.uint8), colors.ravel())
    assert np.array_equal(np.frombuffer(data[60_000 * 9 :], "<u4"), faces.ravel())


def test_a_saved_page_has_small_meshes_and_samples_of_clouds(run) -> None:
    run.log_mesh("square", SQUARE, faces=FACES, step=1)
    run.log_mesh("cloud", np.random.default_rng(0).standard_normal((100_000, 3)), step=1)
    run.drain_media()
    saved = record([mesh_panel.PANEL], [Subject.of_run(run)])
    counts = {
        one["tag"]: (one["vertices"] < one["vertices_logged"], one["faces"])
        for one in saved.answers
    }
    assert counts == {"square": (False, 2), "cloud": (True, 0)}


def test_the_journal_is_read_back_and_by_tensorboard(tmp_path) -> None:
    run = nbviz.Run("kept", dir=tmp_path, overhead_budget=1)
    colors = np.array([[1.0, 0, 0]] * 4)
    run.log_mesh("a/square", SQUARE, faces=FACES, colors=colors, step=3)
    run.log_mesh("cloud", SQUARE * 2, step=5)
    run.finish()
    opened = nbviz.open_run(tmp_path)
    for tag, step in (("a/square", 3), ("cloud", 5)):
        (one,), (other,) = opened.media[tag], run.media[tag]
        assert one.step == step
        for name in ("vertices", "faces", "colors"):
            assert np.array_equal(getattr(one.value, name), getattr(other.value, name)), name
    from tensorboard.backend.event_processing.plugin_event_accumulator import EventAccumulator
    from tensorboard.plugins.mesh import metadata
    from tensorboard.util import tensor_util

    accumulator = EventAccumulator(str(tmp_path), tensor_size_guidance={"mesh": 0})
    accumulator.Reload()
    content = accumulator.PluginTagToContent("mesh")
    assert set(content) == {
        *("a/square_VERTEX", "a/square_FACE", "a/square_COLOR", "cloud_VERTEX"),
    }
    said = metadata.parse_plugin_metadata(content["a/square_VERTEX"])
    assert (said.name, list(said.shape)) == ("a/square", [1, 4, 3])
    parts = [said.VERTEX, said.FACE, said.COLOR]
    assert said.components == metadata.get_components_bitmask(parts)
    (event,) = accumulator.Tensors("a/square_FACE")
    assert np.array_equal(tensor_util.make_ndarray(event.tensor_proto)[0], FACES)


def test_what_torch_writes_is_read(tmp_path) -> None:
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(str(tmp_path))
    vertices, faces = torch.tensor(SQUARE)[None].float(), torch.tensor(FACES)[None]
    colors = torch.full((1, 4, 3), 200, dtype=torch.int)
    for step in (1, 2):  # only a tag's first event says which plugin shows it
        writer.add_mesh("shape", vertices * step, colors, faces, global_step=step)
    writer.close()
    opened = nbviz.open_run(tmp_path)
    assert opened.media["shape"].steps.tolist() == [1, 2]
    mesh = opened.media["shape"][1].value
    assert np.array_equal(mesh.vertices, SQUARE * 2)
    assert np.array_equal(mesh.faces, FACES)
    assert np.unique(mesh.colors).tolist() == [200]
