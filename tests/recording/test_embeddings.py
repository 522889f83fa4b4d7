"""Embeddings that are logged: checked, projected, followed over steps, and kept on disk."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import nbviz
from nbviz.errors import LoggingError
from nbviz.recording.capture.arrays import copy_array
from nbviz.recording.embeddings.projection import components_of


@pytest.fixture
def run():
    return nbviz.Run("loop", overhead_budget=1)


def cloud(points: int = 60, dims: int = 8, seed: int = 0) -> np.ndarray:
    scales = 2.0 ** -np.arange(dims)
    return np.random.default_rng(seed).standard_normal((points, dims)) * scales


@pytest.mark.parametrize("shape", [(60, 8), (6, 40), (5, 2), (4, 1), (1, 7)])
def test_components_are_those_of_the_singular_value_decomposition(shape) -> None:
    vectors = cloud(*shape).astype(np.float32)
    kept, components, variance = components_of(copy_array(vectors), 3, keep=True)
    centred = vectors - vectors.mean(0)
    left, values, _ = np.linalg.svd(centred, full_matrices=False)
    expected = np.zeros((len(vectors), 3))
    count = min(3, len(values))
    expected[:, :count] = (left * values)[:, :count]
    assert np.allclose(np.abs(components), np.abs(expected), atol=1e-4)
    total = (values**2).sum()
    shares = np.zeros(3)
    if total > 0:
        shares[:count] = (values**2 / total)[:count]
    assert np.allclose(variance, shares, atol=1e-5)
    assert np.array_equal(kept, vectors)


def test_vectors_that_are_not_finite_have_no_place_and_move_no_other(run) -> None:
    vectors = cloud()
    broken = vectors.copy()
    broken[[3, 40], 1] = np.nan, np.inf
    run.log_embedding("a", broken)
    run.log_embedding("b", np.delete(vectors, [3, 40], axis=0))
    one, other = (run.media[tag][0].value.projection for tag in "ab")
    assert one.broken == 2
    assert np.flatnonzero(np.isnan(one.positions(3)[:, 0])).tolist() == [3, 40]
    rest = np.delete(one.positions(3), [3, 40], axis=0)
    assert np.allclose(rest, other.positions(3), atol=1e-5)


def test_later_steps_are_turned_to_lie_as_the_first(run) -> None:
    vectors = cloud()
    turn, _ = np.linalg.qr(np.random.default_rng(1).standard_normal((8, 8)))
    run.log_embedding("features", vectors, step=1)
    run.log_embedding("features", -vectors @ turn + 5, step=2)
    first, second = (item.value.projection for item in run.media["features"])
    for dims in (2, 3):
        assert np.allclose(first.positions(dims), second.positions(dims), atol=1e-4)


def test_labels_and_images_of_the_step_before_stay_and_take_no_room(run) -> None:
    images = np.zeros((60, 4, 4))
    run.log_embedding("features", cloud(), labels=np.arange(60) % 4, images=images, step=1)
    run.log_embedding("features", cloud(seed=1), step=2)
    run.log_embedding("features", cloud(seed=2), labels=np.arange(60) % 4, step=3)
    run.log_embedding("features", cloud(30), step=4)
    first, second, third, fourth = (item.value for item in run.media["features"])
    assert second.columns[0] is third.columns[0] is first.columns[0]
    assert second.images is first.images
    assert second.nbytes == third.nbytes == first.nbytes - first.beside
    assert fourth.columns == ()  # these are other points
    assert fourth.images is None


def test_what_is_changed_after_the_call_is_as_it_was(run) -> None:
    vectors, labels, images = torch.ones(5, 3), torch.arange(5), torch.zeros(5, 2, 2)
    vectors[2] = 0
    run.log_embedding("features", vectors, labels=labels, images=images)
    for tensor in (vectors, labels, images):
        tensor.fill_(7)
    value = run.media["features"][0].value
    assert value.vectors[:, 0].tolist() == [1, 1, 0, 1, 1]
    assert value.columns[0].names == ("0", "1", "2", "3", "4")
    assert value.images.max() == 0


@pytest.mark.parametrize(
    ("labels", "kind", "third"),
    [
        (["cat", "dog", "cat"], "category", "cat"),
        ([4, 2, 4], "category", "4"),
        (torch.tensor([True, False, True]), "category", "True"),
        ([0.5, float("nan"), 2.25], "number", "2.25"),
        ([1, "a", None], "category", "None"),
        ([torch.tensor(1), torch.tensor(2), torch.tensor(3)], "category", "3"),
        (np.array([[1], [2], [3]]), "category", "3"),
    ],
)
def test_labels_of_any_kind(run, labels, kind, third) -> None:
    run.log_embedding("features", cloud(3), labels=labels)
    (column,) = run.media["features"][0].value.columns
    assert (column.kind, column.text(2)) == (kind, third)


def test_a_data_frame_and_a_mapping_are_columns(run) -> None:
    import pandas as pd

    frame = pd.DataFrame({"name": ["a", "b", "c"], "loss": [0.5, 1.5, 2.5]})
    run.log_embedding("frame", cloud(3), labels=frame)
    run.log_embedding("mapping", cloud(3), labels={"name": list("abc"), "loss": [0.5, 1.5, 2.5]})
    for tag in ("frame", "mapping"):
        columns = run.media[tag][0].value.columns
        assert [(one.name, one.kind, one.text(1)) for one in columns] == [
            ("name", "category", "b"),
            ("loss", "number", "1.5"),
        ]


def test_images_are_reduced_and_read_in_any_layout(run) -> None:
    planar = torch.zeros(2, 3, 64, 96)
    planar[1, 0] = 1
    run.log_embedding("planar", cloud(2), images=planar)
    made = run.media["planar"][0].value.images
    assert made.shape == (2, 21, 32, 3)
    assert made[1].reshape(-1, 3).mean(0).tolist() == [255, 0, 0]
    run.log_embedding("list", cloud(2), images=[np.full((3, 5), 200, np.uint8)] * 2)
    assert run.media["list"][0].value.images[0, 0, 0].tolist() == [200]


@pytest.mark.parametrize(
    ("vectors", "options", "said"),
    [
        (np.zeros(4), {}, r"shape \(points, dimensions\), got \(4,\)"),
        (np.zeros((0, 3)), {}, "there is nothing"),
        ("vectors", {}, "got str"),
        (np.zeros((2, 3), complex), {}, "real numbers"),
        (np.zeros((3, 3)), {"labels": ["a", "b"]}, "2 labels in 'label' for 3 points"),
        (np.zeros((3, 3)), {"labels": "abc"}, "a label for each point"),
        (np.zeros((3, 3)), {"labels": torch.zeros(3, 4)}, r"argmax\(1\)"),
        (np.zeros((3, 3)), {"labels": {str(i): [0] * 3 for i in range(60)}}, "at most 50"),
        (np.zeros((3, 3)), {"images": np.zeros((2, 4, 4))}, "2 images for 3 points"),
        (np.zeros((3, 3)), {"images": []}, "no images"),
        (np.zeros((2, 3)), {"images": [np.zeros((2, 2)), np.zeros((3, 3))]}, "different shapes"),
        (np.zeros((3, 3)), {"step": -1}, "step"),
        (np.broadcast_to(np.float32(0), (2_000_001, 1)), {}, "at most 2,000,000"),
    ],
)
def test_what_cannot_be_recorded_is_refused_at_the_call(run, vectors, options, said) -> None:
    with pytest.raises(LoggingError, match=said):
        run.log_embedding("features", vectors, **options)
    assert len(run.media) == 0


@pytest.mark.filterwarnings("error")
def test_one_point_is_a_cloud_and_no_finite_vector_is_said(run) -> None:
    run.log_embedding("one", [[1.0, 2.0]])
    assert run.media["one"][0].value.projection.positions(3).tolist() == [[0, 0, 0]]
    run.log_embedding("lost", np.full((4, 2), np.nan))
    run.log_embedding("large", np.full((4, 2), 1e300))
    run.drain_media()
    assert list(run.media) == ["one"]
    for line in [one for one in run.lines.after(0)[0] if one.level == "warning"]:
        assert "of 4 vectors none is finite as float32" in line.text
        assert "numbers beyond 3e38" in line.text
    assert "'large'" in line.text


def test_what_is_too_large_is_kept_as_its_components() -> None:
    run = nbviz.Run("small", media_budget=1_000_000, overhead_budget=1)
    vectors = cloud(1000, 200).astype(np.float32)
    run.log_embedding("features", vectors)
    value = run.media["features"][0].value
    assert (value.dims, value.vectors.shape[1], value.is_reduced) == (200, 50, True)
    assert np.allclose(
        np.linalg.norm(value.vectors[0] - value.vectors[1]),
        np.linalg.norm(vectors[0] - vectors[1]),
        rtol=1e-3,
    )


def test_the_projector_files_are_read_back_and_by_tensorboard(tmp_path) -> None:
    run = nbviz.Run("kept", dir=tmp_path, overhead_budget=1)
    labels = {"class": np.arange(60) % 3, "name": [f"sample\t{i}" for i in range(60)]}
    images = (np.arange(60 * 16) % 256).reshape(60, 4, 4).astype(np.uint8)
    run.log_embedding("a/b", cloud(), labels=labels, images=images, step=1)
    run.log_embedding("a/b", cloud(seed=1), step=20)
    large = np.random.default_rng(0).standard_normal((4000, 64)).astype(np.float32)
    run.log_embedding("large", large, step=20)
    run.finish()
    opened = nbviz.open_run(tmp_path)
    assert opened.media["a/b"].steps.tolist() == [1, 20]
    for one, other in zip(opened.media["a/b"], run.media["a/b"], strict=True):
        assert np.array_equal(one.value.vectors, other.value.vectors)
        assert np.array_equal(one.value.images[..., :1], other.value.images)
        assert [c.name for c in one.value.columns] == ["class", "name"]
        assert one.value.columns[0].kind == "category"
        assert one.value.columns[1].text(7) == "sample 7"
        for dims in (2, 3):
            positions = other.value.projection.positions(dims)
            assert np.array_equal(one.value.projection.positions(dims), positions)
    assert np.array_equal(opened.media["large"][0].value.vectors, large)
    check_in_tensorboard(tmp_path, {"a/b:00001": (60, 8), "a/b:00020": (60, 8)}, large)


def check_in_tensorboard(folder, shapes, large) -> None:
    """What TensorBoard's own projector serves of a folder."""
    from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer
    from tensorboard.plugins import base_plugin
    from tensorboard.plugins.projector import projector_plugin
    from werkzeug.test import Client

    multiplexer = plugin_event_multiplexer.EventMultiplexer().AddRunsFromDirectory(str(folder))
    multiplexer.Reload()
    provider = data_provider.MultiplexerDataProvider(multiplexer, str(folder))
    plugin = projector_plugin.ProjectorPlugin(
        base_plugin.TBContext(logdir=str(folder), multiplexer=multiplexer, data_provider=provider)
    )
    from werkzeug import wrappers

    apps = plugin.get_plugin_apps()

    def get(route: str, **fields: str):
        client = Client(apps[route], wrappers.Response)
        answer = client.get("/", query_string={"run": ".", **fields})
        assert answer.status_code == 200, answer.data
        return answer

    listed = {one["tensorName"]: one for one in get("/info").json["embeddings"]}
    assert {name: tuple(listed[name]["tensorShape"]) for name in shapes} == shapes
    served = np.frombuffer(get("/tensor", name="large:00020").data, "<f4").reshape(large.shape)
    assert np.array_equal(served, large)
    table = get("/metadata", name="a/b:00001").data.decode().split("\n")
    assert table[:2] == ["class\tname", "0\tsample 0"]
    assert get("/sprite_image", name="a/b:00001").data.startswith(b"\x89PNG")


def test_what_torch_writes_is_read(tmp_path) -> None:
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(str(tmp_path))
    vectors, images = torch.randn(7, 3), torch.rand(7, 3, 4, 4)
    names = [f"é {i}" for i in range(7)]
    writer.add_embedding(vectors, names, images, global_step=4, tag="some/where")
    writer.close()
    opened = nbviz.open_run(tmp_path)
    (item,) = opened.media["some/where"]
    assert item.step == 4
    assert np.array_equal(item.value.vectors, vectors.numpy())
    assert [item.value.columns[0].text(i) for i in range(7)] == names
    assert item.value.images.shape == (7, 4, 4, 3)


def test_a_file_outside_of_the_folder_or_damaged_is_not_read(tmp_path) -> None:
    folder = tmp_path / "run"
    run = nbviz.Run("kept", dir=folder, overhead_budget=1)
    run.log_embedding("good", cloud(), step=1)
    run.finish()
    (tmp_path / "secret.tsv").write_text("1\t2\n")
    (folder / "bad.tsv").write_text("1\t2\nx\n")
    config = folder / "projector_config.pbtxt"
    more = "".join(
        f'embeddings {{\n  tensor_name: "{name}:00002"\n  tensor_path: "{path}"\n}}\n'
        for name, path in (("away", "../secret.tsv"), ("bad", "bad.tsv"), ("gone", "gone.tsv"))
    )
    config.write_text(config.read_text() + more)
    opened = nbviz.open_run(folder)
    assert list(opened.media) == ["good"]
    said = [one.text for one in opened.lines.after(0)[0] if one.level == "warning"]
    assert [name for name in ("away", "bad", "gone") if any(name in text for text in said)] == [
        *("away", "bad", "gone")
    ]


def test_what_pages_selected_is_read_in_python(run) -> None:
    run.log_embedding("features", cloud())
    assert run.projector_selection("features") == []
    with pytest.raises(KeyError, match="embeddings: features"):
        run.projector_selection("others")


def test_labels_are_those_of_the_call() -> None:
    run = nbviz.Run()
    listed = ["a", "b", None]
    words, objects = np.array(["a", "b", "a"]), np.array(["x", 1.5, "y"], object)
    run.log_embedding("e", np.eye(3), labels={"l": listed, "w": words, "o": objects}, step=1)
    listed[:] = ["no"] * 3
    words[:] = "n"
    objects[:] = 0
    run.drain_media()
    columns = run.media["e"].at(1).value.columns
    assert [[one.names[n] for n in np.asarray(one.values)] for one in columns] == [
        ["a", "b", "None"],
        ["a", "b", "a"],
        ["x", "1.5", "y"],
    ]
