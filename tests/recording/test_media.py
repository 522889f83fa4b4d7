"""Images, histograms, tensors and texts: what was logged is there, thinned to the budget."""

from __future__ import annotations

import io
import sys

import numpy as np
import PIL.Image
import processes
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from nbviz import Run
from nbviz.errors import ConfigurationError, LoggingError
from nbviz.inspection.tensors.histograms import make_histogram
from nbviz.recording.media.inbox import MediaInbox, Waiting
from nbviz.recording.media.inputs import TensorInput, TextInput
from nbviz.recording.media.png import decode_image, encode_png
from nbviz.recording.media.store import MOST_ITEMS, TAG_BYTES, Image, MediaStore
from nbviz.recording.overhead import OverheadBudget


def pixels_of(run: Run, tag: str = "x") -> np.ndarray:
    value = run.media[tag][-1].value
    assert isinstance(value, Image)
    assert (value.height, value.width) == value.pixels.shape[:2]
    return value.pixels


@settings(deadline=None, max_examples=50)
@given(
    arrays.arrays(
        np.uint8,
        st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 2, 3, 4])),
    )
)
def test_png_holds_every_pixel(pixels: np.ndarray) -> None:
    data = encode_png(pixels)
    np.testing.assert_array_equal(decode_image(data), pixels)
    with PIL.Image.open(io.BytesIO(data)) as image:  # as any other program reads it
        image.verify()
    again = np.asarray(PIL.Image.open(io.BytesIO(data)))
    np.testing.assert_array_equal(again.reshape(pixels.shape), pixels)


def test_images_of_other_writers_are_read() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    for form in ("PNG", "GIF", "WEBP"):
        file = io.BytesIO()
        PIL.Image.fromarray(pixels).save(
            file, form, **({"lossless": True} if form == "WEBP" else {})
        )
        read = decode_image(file.getvalue())
        assert read.shape == pixels.shape
        if form != "GIF":
            np.testing.assert_array_equal(read, pixels)


COLOR = np.random.default_rng(1).integers(0, 256, (6, 8, 3), np.uint8)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (COLOR, COLOR),
        (torch.from_numpy(COLOR), COLOR),
        (torch.from_numpy(COLOR).permute(2, 0, 1), COLOR),
        (COLOR.transpose(2, 0, 1), COLOR),
        (COLOR[..., 0], COLOR[..., :1]),
        (COLOR[::2, ::-1], COLOR[::2, ::-1]),
        (COLOR.astype(np.int64) + 1000 * (COLOR > 250), np.where(COLOR > 250, 255, COLOR)),
        (COLOR / 255, COLOR),
        (torch.from_numpy(COLOR / 255).float().requires_grad_(), COLOR),
        (torch.from_numpy(COLOR / np.float64(255)).half(), COLOR),
        (PIL.Image.fromarray(COLOR), COLOR),
        (PIL.Image.fromarray(COLOR[..., 0]), COLOR[..., :1]),
        (COLOR > 99, np.where(COLOR > 99, 255, 0)),
        (COLOR.tolist(), COLOR),
    ],
)
def test_an_image_of_any_kind(image: object, expected: np.ndarray) -> None:
    run = Run()
    run.log_image("x", image, 1)
    np.testing.assert_array_equal(pixels_of(run), expected)


def test_where_the_channels_are() -> None:
    run = Run()
    square = np.random.default_rng(2).integers(0, 256, (3, 5, 3), np.uint8)
    run.log_image("x", square, 1)
    np.testing.assert_array_equal(pixels_of(run), square)
    run.log_image("x", torch.from_numpy(square), 2)
    np.testing.assert_array_equal(pixels_of(run), square.transpose(1, 2, 0))
    run.log_image("x", torch.from_numpy(square), 3, layout="HWC")
    np.testing.assert_array_equal(pixels_of(run), square)
    run.log_image("x", square, 4, layout="CHW")
    np.testing.assert_array_equal(pixels_of(run), square.transpose(1, 2, 0))


def test_nan_is_black_and_what_is_outside_is_clipped() -> None:
    run = Run()
    image = np.array([[np.nan, -1.0, 0.5], [np.inf, -np.inf, 2.0]])
    for step in (1, 2):
        run.log_image("x", image, step)
    assert pixels_of(run)[..., 0].tolist() == [[0, 0, 128], [255, 0, 255]]
    said = [line.text for line in run.lines.since(0) if line.level == "warning"]
    assert len(said) == 1
    assert said[0].startswith(
        "the image 'x' at step 1 has 1 NaN, shown as black, and 4 values outside of 0 to 1"
    )


def test_what_is_changed_after_the_call_stays_as_it_was() -> None:
    run = Run()
    tensor, array, values = torch.zeros(1, 4, 4), np.zeros((4, 4)), torch.zeros(10)
    run.log_image("a", tensor, 1)
    run.log_image("b", array, 1)
    run.log_histogram("c", values, 1)
    run.log_tensor("d", values, 1)
    tensor.fill_(1)
    array.fill(1)
    values.fill_(1)
    assert not pixels_of(run, "a").any()
    assert not pixels_of(run, "b").any()
    assert run.media["c"][0].value.maximum == 0
    assert not run.media["d"][0].value.any()


def test_a_view_with_moved_axes_is_copied_as_it_is() -> None:
    pixels = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    run = Run()
    given = [
        torch.tensor(pixels).permute(2, 0, 1),  # channels first, of an array that has them last
        torch.tensor(pixels).permute(2, 0, 1).contiguous(),
        torch.tensor(pixels).permute(2, 0, 1)[:, ::2],
        torch.tensor(pixels / 256).to(torch.bfloat16).permute(2, 0, 1),
    ]
    for number, image in enumerate(given):
        run.log_image(f"i{number}", image, 1)
        image.zero_()
    run.drain_media()
    found = [decode_image(run.media[f"i{n}"].at(1).value.data) for n in range(4)]
    np.testing.assert_array_equal(found[0], pixels)
    np.testing.assert_array_equal(found[1], pixels)
    np.testing.assert_array_equal(found[2], pixels[::2])
    np.testing.assert_allclose(found[3], pixels, atol=1.5)


def test_a_grid() -> None:
    run = Run()
    batch = torch.arange(5, dtype=torch.uint8).reshape(5, 1, 1, 1).expand(5, 3, 4, 6) + 1
    run.log_images("x", batch, 1)
    grid = pixels_of(run)
    assert grid.shape == (2 * 6 - 2, 3 * 8 - 2, 3)
    assert grid[0, ::8, 0].tolist() == [1, 2, 3]
    assert grid[6, ::8, 0].tolist() == [4, 5, 0]
    assert not grid[4:6].any()
    run.log_images("y", [COLOR, COLOR[:2, :2, 0], np.dstack([COLOR, COLOR[..., :1]])], 1, columns=3)
    grid = pixels_of(run, "y")
    assert grid.shape == (6, 28, 4)
    np.testing.assert_array_equal(grid[:, :8, :3], COLOR)
    assert (grid[:, :8, 3] == 255).all()
    np.testing.assert_array_equal(grid[:2, 10:12, 0], COLOR[:2, :2, 0])
    assert (grid[:2, 10:12, 3] == 255).all()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda run: run.log_image("x", torch.rand(8, 3, 4, 4), 1), r"log a batch with log_images"),
        (lambda run: run.log_image("x", torch.rand(2, 4, 5), 1), r"1, 3 or 4 channels, got \(2, 4"),
        (lambda run: run.log_image("x", np.zeros((0, 4)), 1), r"shape \(0, 4\)"),
        (lambda run: run.log_image("x", np.zeros((4, 4), complex), 1), "of dtype complex128"),
        (lambda run: run.log_image("x", torch.zeros(4, 4, dtype=torch.cfloat), 1), "complex64"),
        (lambda run: run.log_image("x", torch.zeros(4, 4, device="meta"), 1), "meta device"),
        (lambda run: run.log_image("x", "file.png", 1), "an image, got str"),
        (lambda run: run.log_image("x", None, 1), "got NoneType"),
        (lambda run: run.log_image("x", [[1], [1, 2]], 1), "numpy"),
        (lambda run: run.log_image(3, np.zeros((4, 4)), 1), "tag must be a string"),
        (lambda run: run.log_image(" ", np.zeros((4, 4)), 1), "must not be empty"),
        (lambda run: run.log_image("x", np.zeros((4, 4)), -1), "step must be"),
        (lambda run: run.log_image("x", np.zeros((4, 4)), 1.5), "step must be"),
        (lambda run: run.log_image("x", np.zeros((4, 4)), 1, layout="WHC"), "layout must be"),
        (lambda run: run.log_image("x", np.zeros((4, 4)), 1, layout="CHW"), "layout='CHW'"),
        (lambda run: run.log_image("x", torch.empty(1, 1).expand(9000, 9000), 1), "at most"),
        (lambda run: run.log_text("old", "a", 9), "has images already"),
        (lambda run: run.log_images("x", [], 1), "got no images"),
        (lambda run: run.log_images("x", np.zeros((4, 4)), 1), "one image with log_image"),
        (lambda run: run.log_images("x", [COLOR], 1, columns=0), "columns must be"),
        (lambda run: run.log_histogram("x", [], 1), "nothing"),
        (lambda run: run.log_histogram("x", ["a"], 1), "real numbers"),
        (lambda run: run.log_histogram("x", [1.0], 1, bins=0), "bins must be"),
        (lambda run: run.log_histogram("x", [1.0], 1, bins=True), "bins must be"),
        (lambda run: run.log_text("x", 3, 1), "needs a text, got int"),
    ],
)
def test_what_cannot_be_recorded_is_said_at_once(call, words: str) -> None:
    run = Run()
    run.log_image("old", np.zeros((4, 4)), 5)
    with pytest.raises(LoggingError, match=words):
        call(run)
    assert list(run.media) == ["old"]


def test_too_small_a_budget() -> None:
    with pytest.raises(ConfigurationError, match="media_budget must be at least 1,000,000 bytes"):
        Run(media_budget=10)


def test_the_step_is_the_newest_one_if_none_is_given() -> None:
    run = Run()
    run.log_text("t", "before")
    run.log({"loss": 1.0}, 7)
    run.log_text("t", "after seven")
    run.log({"loss": 1.0})
    run.log_text("t", "after eight")
    assert run.media["t"].steps.tolist() == [0, 7, 8]


def test_reading_back() -> None:
    run = Run()
    for step in (10, 20, 20, 30):
        run.log_text("t", f"at {step}", step)
    media = run.media["t"]
    assert (media.kind, len(media), media.steps.tolist()) == ("text", 3, [10, 20, 30])
    assert [media.at(step).step for step in (0, 10, 19, 20, 99)] == [10, 10, 10, 20, 30]
    assert [item.value for item in media] == ["at 10", "at 20", "at 30"]
    assert (np.diff(media.wall_times) >= 0).all()
    assert "t" in run.media
    with pytest.raises(KeyError, match="no media 'z' in this run; tags: t"):
        run.media["z"]


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 40), st.integers(1, 3000)),
        min_size=1,
        max_size=120,
    )
)
def test_thinning_keeps_first_and_newest_within_the_budget(
    items: list[tuple[str, int, int]],
) -> None:
    budget = 24_000  # first and newest of three tags fit
    store = MediaStore(budget)
    steps: dict[str, list[int]] = {}
    for tag, gap, size in items:
        mine = steps.setdefault(tag, [])
        step = (mine[-1] if mine else 0) + gap
        mine.append(step)
        store.add(tag, "tensor", step, 0.0, np.zeros(size, np.uint8))
        for name, all_steps in steps.items():
            kept = store[name].steps
            # Of equal steps the newest is kept, also of the first.
            assert (kept[0], kept[-1]) == (all_steps[0], all_steps[-1])
            assert (np.diff(kept) > 0).all()
            assert set(kept) <= set(all_steps)
        sizes = sum(item.nbytes for media in store.values() for item in media)
        assert store.nbytes == sizes + sum(TAG_BYTES + len(tag) for tag in store)
        assert store.nbytes <= budget or all(len(media) <= 2 for media in store.values())


def test_a_whole_run_can_be_scrubbed() -> None:
    store = MediaStore(10_000_000)
    for step in range(1, 20_001):
        store.add("dense", "tensor", step, 0.0, np.zeros(16))
        if step % 1000 == 0:
            store.add("rare", "tensor", step, 0.0, np.zeros(100_000, np.uint8))
    dense, rare = store["dense"].steps, store["rare"].steps
    assert len(dense) == MOST_ITEMS
    assert len(rare) == 20, "a tag that takes little is left whole"
    gaps = np.diff(dense)
    # Even spacing would be 20; thinning one by one leaves between the half and the double of it.
    assert gaps[:-1].min() >= 8
    assert gaps.max() <= 48
    assert store.left_out("dense").memory == 19_000


def test_a_flood_keeps_memory_bounded_and_the_newest() -> None:
    store, said = MediaStore(10_000_000), []
    inbox = MediaInbox(store, said.append, OverheadBudget(1.0), limit=10_000)
    for step in range(100):
        inbox.put(Waiting("x", "tensor", step, 0.0, TensorInput("x", np.zeros(4000, np.uint8))))
        inbox.put(Waiting("y", "text", step, 0.0, TextInput("y", str(step))))
    assert inbox._nbytes <= 10_000 + 4000
    inbox.drain(wait=True)
    assert store["x"].steps.tolist()[0] == 0
    assert store["x"].steps.tolist()[-1] == 99
    assert store["y"].steps.tolist()[-1] == 99
    left_out = store.left_out("x").time + store.left_out("y").time
    assert len(store["x"]) + len(store["y"]) + left_out == 200
    assert not said


def test_an_item_that_cannot_be_made_is_said_once() -> None:
    class Broken(TextInput):
        def make(self) -> str:
            raise ValueError("no")

    said: list[str] = []
    inbox = MediaInbox(MediaStore(1_000_000), said.append, OverheadBudget(1.0))
    for step in (1, 2):
        inbox.put(Waiting("x", "text", step, 0.0, Broken("x", "a")))
    assert inbox.drain(wait=True) == 2
    assert said == ["not recorded: 'x' at step 1: no"]


@settings(deadline=None, max_examples=100)
@given(
    arrays.arrays(
        st.sampled_from([np.float32, np.float64, np.float16]),
        st.integers(1, 200),
        elements=st.floats(width=16),
    ),
    st.integers(1, 70),
)
def test_histograms_count_every_value(values: np.ndarray, bins: int) -> None:
    histogram = make_histogram(values, bins)
    finite = values[np.isfinite(values)].astype(np.float64)
    assert histogram.counts.sum() == histogram.count == len(finite)
    assert histogram.nan == np.isnan(values).sum()
    assert histogram.inf == np.isinf(values).sum()
    assert histogram.edges.shape == (bins + 1,)
    assert (np.diff(histogram.edges) > 0).all()
    if len(finite):
        assert histogram.minimum == finite.min()
        assert histogram.maximum == finite.max()
        assert histogram.sum == pytest.approx(finite.sum(), rel=1e-5, abs=1e-2)
        assert histogram.edges[0] <= finite.min()
        assert finite.max() <= histogram.edges[-1]
        # A value on an edge may be rounded to either side of it.
        expected = np.cumsum(np.histogram(finite, histogram.edges)[0])
        near = np.isclose(finite[:, None], histogram.edges, rtol=1e-6, atol=1e-9).any(axis=1).sum()
        assert np.abs(np.cumsum(histogram.counts) - expected).max() <= near
    else:
        assert np.isnan(histogram.minimum)


@pytest.mark.parametrize("values", [[1e308, -1e308], [0.0], [1e300], [1e-320, 2e-320], [-5, -5]])
def test_histograms_of_extremes(values: list[float]) -> None:
    histogram = make_histogram(np.array(values), 4)
    assert histogram.counts.sum() == len(values)
    assert np.isfinite(histogram.edges).all()
    assert (np.diff(histogram.edges) > 0).all()


def test_a_restart_has_a_tag_of_its_own() -> None:
    run = Run(overhead_budget=1)
    for number in range(3):
        for step in (1, 5, 9):
            run.log_text("note", f"{number} at {step}", step)
    media = run.media
    assert list(media) == ["note", "note (2)", "note (3)"]
    for number, tag in enumerate(media):
        assert media[tag].steps.tolist() == [1, 5, 9]
        assert media[tag].at(5).value == f"{number} at 5"
    with pytest.raises(LoggingError, match="'note' has texts already"):
        run.log_image("note", np.zeros((4, 4)), 1)


def test_more_tags_than_the_budget_holds_keep_the_newest() -> None:
    run = Run(media_budget=1_000_000, overhead_budget=1)
    for number in range(50):
        run.log_tensor(f"t{number}", np.full(12_500, number, np.float64), 1)  # 100 kB each
    media = run.media
    assert media.nbytes <= 1_000_000
    assert list(media) == [f"t{number}" for number in range(41, 50)]
    run.log_tensor("t49", np.full(12_500, 7.0), 2)
    assert run.media["t49"].steps.tolist()[-1] == 2
    run.log_tensor("large", np.zeros(250_000), 3)  # alone more than the budget
    assert list(run.media) == ["large"]
    warnings = [line.text for line in run.lines.since(0) if line.level == "warning"]
    assert len(warnings) == 1
    assert "do not fit into the media budget of 1 MB" in warnings[0]


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is Linux's")
def test_no_memory_for_a_copy_ends_no_loop_and_is_said_once() -> None:
    code = """
        import resource, numpy as np, torch, nbviz
        run = nbviz.Run()
        images = torch.zeros(1, 1, 1, 1).expand(12, 3, 1000, 1000)  # 144 MB as a copy
        run.log_image("small", torch.zeros(4, 4), step=1)
        run.drain_media()
        used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        limits = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (used + 50_000_000, limits[1]))
        run.log_images("samples", images, step=2)
        run.log_image("sample", np.broadcast_to(np.float64(1), (3000, 4000)), step=2)
        run.log_tensor("all", images, step=2)
        run.log_image("small", torch.ones(4, 4), step=3)
        resource.setrlimit(resource.RLIMIT_AS, limits)
        said = [line.text for line in run.lines.since(0) if line.level == "warning"]
        assert len(said) == 1, said
        assert said[0].startswith("'samples' at step 2 is left out"), said
        assert list(run.media) == ["small"], list(run.media)
        assert run.media["small"].steps.tolist() == [1, 3]
        run.log_images("samples", images, step=4)
        assert run.media["samples"].steps.tolist() == [4]
    """
    processes.run(code)
