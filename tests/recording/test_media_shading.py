"""Images of any kind: modes of Pillow, ranges, colours for one channel, and what is no image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
import PIL.Image
import pytest
import torch
from matplotlib.figure import Figure

import nbviz
from nbviz.errors import LoggingError
from nbviz.recording.media.png import decode_image

if TYPE_CHECKING:
    from collections.abc import Callable

RGB = PIL.Image.fromarray(np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8))
ALPHA = PIL.Image.fromarray(np.random.default_rng(1).integers(0, 256, (6, 8, 4), np.uint8))
SIXTEEN = np.arange(48, dtype=np.uint16).reshape(6, 8) * 1365


def logged(image: object, **options: Any) -> np.ndarray:
    run = nbviz.Run(overhead_budget=1)
    run.log_image("x", image, 1, **options)
    return run.media["x"][0].value.pixels


def said(image: object, **options: Any) -> str:
    run = nbviz.Run(overhead_budget=1)
    run.log_image("x", image, 1, **options)
    assert len(run.media) == 1
    return "\n".join(line.text for line in run.lines.since(0) if line.level == "warning")


# ---------------------------------------------------------------- Pillow


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK", "YCbCr", "HSV", "LAB", "P", "1", "RGBX"])
def test_modes_without_alpha_are_what_pillow_makes_of_them(mode: str) -> None:
    image = RGB.convert(mode) if mode != "1" else RGB.convert("L").point(lambda p: p > 99, "1")
    pixels = logged(image)
    assert pixels.shape[2] in (1, 3)
    expected = np.asarray(image.convert("RGB"))
    np.testing.assert_array_equal(np.broadcast_to(pixels, expected.shape), expected)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA", "RGBa", "La"])
def test_modes_with_alpha_are_what_pillow_makes_of_them(mode: str) -> None:
    image = {"PA": ALPHA.convert("P").convert("PA")}.get(mode) or (
        ALPHA.convert("LA").convert("La") if mode == "La" else ALPHA.convert(mode)
    )
    straight = image.convert("LA") if mode == "La" else image
    np.testing.assert_array_equal(logged(image), np.asarray(straight.convert("RGBA")))


def test_a_palette_with_a_transparent_color_has_alpha() -> None:
    image = RGB.convert("P")
    image.info["transparency"] = int(np.asarray(image)[0, 0])
    pixels = logged(image)
    np.testing.assert_array_equal(pixels, np.asarray(image.convert("RGBA")))
    assert pixels[0, 0, 3] == 0


@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.float32])
def test_numbers_of_pillow_are_cut_as_pillow_cuts_them(dtype: type) -> None:
    image = PIL.Image.fromarray((SIXTEEN // 100).astype(dtype))
    assert image.mode in ("I;16", "I", "F")
    np.testing.assert_array_equal(logged(image)[..., 0], np.asarray(image.convert("L")))


def test_floats_of_pillow_within_0_and_1_are_as_those_of_arrays() -> None:
    floats = np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4)
    np.testing.assert_array_equal(logged(PIL.Image.fromarray(floats)), logged(floats))
    assert logged(PIL.Image.fromarray(floats)).max() == 255
    mixed = [PIL.Image.fromarray(floats), PIL.Image.fromarray(floats)]
    run = nbviz.Run(overhead_budget=1)
    run.log_images("x", mixed, 1)
    assert run.media["x"][0].value.pixels.max() == 255


def test_a_colormap_of_matplotlib_is_as_its_name() -> None:
    matplotlib = pytest.importorskip("matplotlib")
    image = np.linspace(0, 1, 12).reshape(3, 4)
    for name in ("viridis", "plasma"):
        given = logged(image, colormap=matplotlib.colormaps[name])
        exact = matplotlib.colormaps[name](image, bytes=True)[..., :3]
        assert np.abs(given.astype(int) - exact).max() <= 3  # nbviz has 256 shades of grey
    with pytest.raises(LoggingError, match=r"type function raised ZeroDivisionError.*name"):
        logged(image, colormap=lambda _: 1 / 0)
    with pytest.raises(LoggingError, match=r"shape \(colours, 3\), got ndarray"):
        logged(image, colormap=lambda numbers: numbers[:, None])


@pytest.mark.parametrize("order", ["<u2", ">u2"])
def test_sixteen_bits_of_pillow_in_their_range(order: str) -> None:
    image = PIL.Image.frombytes(
        "I;16B" if order == ">u2" else "I;16", (8, 6), SIXTEEN.astype(order).tobytes()
    )
    pixels = logged(image, normalize=(0, 65535))[..., 0]
    np.testing.assert_array_equal(pixels, np.rint(SIXTEEN / 257).astype(np.uint8))
    assert "normalize=(0, 65535)" in said(image)


def test_classes_in_a_palette_keep_their_numbers() -> None:
    image = PIL.Image.fromarray(np.array([[0, 1, 2]], np.uint8), "L")
    classes = image.convert("P")
    colors = np.array([[0, 0, 0], [9, 8, 7], [1, 2, 3]])
    assert logged(classes, colormap=colors)[0].tolist() == colors.tolist()


def test_an_image_in_a_list_and_in_a_grid() -> None:
    run = nbviz.Run(overhead_budget=1)
    run.log_images("x", [RGB.convert("CMYK"), ALPHA.convert("LA"), RGB.convert("L")], 1, columns=3)
    pixels = run.media["x"][0].value.pixels
    assert pixels.shape == (6, 28, 4)
    np.testing.assert_array_equal(pixels[:, :8, :3], np.asarray(RGB.convert("CMYK").convert("RGB")))


# ---------------------------------------------------------------- ranges


@pytest.mark.parametrize(
    ("image", "normalize", "pixels"),
    [
        ([[-1.0, 0.0, 1.0]], (-1, 1), [0, 128, 255]),
        ([[-1.0, 0.0, 3.0]], True, [0, 64, 255]),
        ([[0, 500, 1000]], True, [0, 128, 255]),
        ([[7.0, 7.0, 7.0]], True, [0, 0, 0]),
        ([[np.nan, 2.0, 4.0]], True, [0, 0, 255]),
        ([[0.0, 127.5, 255.0]], (0, 255), [0, 128, 255]),
        ([[-9.0, 0.5, 9.0]], (0, 1), [0, 128, 255]),
    ],
)
def test_a_range_runs_from_black_to_white(
    image: list[list[float]], normalize: Any, pixels: list[int]
) -> None:
    for made in (np.array(image), torch.tensor(image)):
        assert logged(made, normalize=normalize)[0, :, 0].tolist() == pixels


def test_a_range_leaves_alpha_alone() -> None:
    image = np.zeros((1, 2, 4), np.float32)
    image[0, 1, :3], image[..., 3] = 4.0, 0.5
    assert logged(image, normalize=True)[0].tolist() == [[0, 0, 0, 128], [255, 255, 255, 128]]


@pytest.mark.parametrize(
    ("image", "advice"),
    [
        (np.array([[-1.0, 1.0]]), "normalize=(-1, 1)"),
        (np.array([[0.0, 255.0]]), "normalize=(0, 255)"),
        (SIXTEEN, "normalize=(0, 65535)"),
        (np.array([[-500.0, 500.0]]), "normalize=True"),
        (np.array([[0, 3, 7]]), 'colormap="labels"'),
    ],
)
def test_what_is_clipped_or_dark_is_told_with_what_to_do(image: np.ndarray, advice: str) -> None:
    assert advice in said(image)
    assert said(image, normalize=True) == ""


@pytest.mark.parametrize("normalize", [(1, 0), (0, 0), (0, 1, 2), "a", (0, np.inf), 3, (None, 1)])
def test_what_is_no_range_is_refused(normalize: Any) -> None:
    with pytest.raises(LoggingError, match="normalize must be"):
        nbviz.Run().log_image("x", np.zeros((2, 2)), 1, normalize=normalize)


# ---------------------------------------------------------------- colours


@pytest.mark.parametrize("name", ["viridis", "magma", "coolwarm", "gray"])
def test_our_tables_are_near_matplotlibs(name: str) -> None:
    image = np.linspace(0, 1, 256, dtype=np.float32)[None]
    theirs = mpl.colormaps[name](np.arange(256), bytes=True)[:, :3]
    assert np.abs(logged(image, colormap=name)[0].astype(int) - theirs).max() <= 8


def test_matplotlibs_tables_are_known_by_name() -> None:
    image = np.linspace(0, 1, 256, dtype=np.float32)[None]
    theirs = mpl.colormaps["cividis"](np.arange(256), bytes=True)[:, :3]
    np.testing.assert_array_equal(logged(image, colormap="cividis")[0], theirs)


def test_classes_have_colors_of_their_own() -> None:
    mask = torch.arange(256).reshape(1, 16, 16)
    pixels = logged(mask, colormap="labels").reshape(-1, 3)
    assert len(np.unique(pixels, axis=0)) == 256
    assert pixels[[0, 1, 2, 15]].tolist() == [[0, 0, 0], [128, 0, 0], [0, 128, 0], [192, 128, 128]]
    assert logged(torch.tensor([[-100, 0]]), colormap="labels")[0].tolist() == [[0, 0, 0]] * 2


def test_a_batch_of_masks_is_a_grid_in_color() -> None:
    run = nbviz.Run(overhead_budget=1)
    run.log_images("x", torch.randint(0, 5, (4, 6, 6)), 1, colormap="labels")
    assert run.media["x"][0].value.pixels.shape == (14, 14, 3)


@pytest.mark.parametrize(
    ("image", "options", "error"),
    [
        (np.zeros((4, 4, 3)), {"colormap": "viridis"}, "3 channels"),
        (np.zeros((4, 4)), {"colormap": "labels"}, "whole numbers"),
        (np.zeros((4, 4)), {"colormap": "no such"}, "no colormap"),
        (np.zeros((4, 4)), {"colormap": np.zeros((3, 2))}, "shape"),
        (np.zeros((4, 4), int), {"colormap": "labels", "normalize": True}, "no sense"),
    ],
)
def test_colors_that_cannot_be_are_refused(image: Any, options: Any, error: str) -> None:
    with pytest.raises(LoggingError, match=error):
        nbviz.Run().log_image("x", image, 1, **options)


# ---------------------------------------------------------------- what is no image


def log_image(run: nbviz.Run, value: object) -> None:
    run.log_image("x", value, 1)


def log_histogram(run: nbviz.Run, value: object) -> None:
    run.log_histogram("x", value, 1)


@pytest.mark.parametrize("log", [log_image, log_histogram])
@pytest.mark.parametrize(
    ("value", "advice"),
    [
        (Figure(), "log_figure"),
        (Figure().add_subplot(), "log_figure"),
        (torch.nested.nested_tensor([torch.zeros(2, 2), torch.zeros(3, 3)]), "unbind"),
        (np.ma.masked_less(np.zeros((2, 2)), 1), "filled"),
        (torch.masked.masked_tensor(torch.zeros(2, 2), torch.ones(2, 2).bool()), "to_tensor"),
    ],
)
def test_what_is_no_array_is_refused_with_what_to_log(
    log: Callable[[nbviz.Run, object], None], value: object, advice: str
) -> None:
    with pytest.raises(LoggingError, match=advice):
        log(nbviz.Run(), value)


def test_the_advice_for_a_figure_works() -> None:
    figure = Figure(figsize=(2, 1), dpi=50)
    run = nbviz.Run(overhead_budget=1)
    run.log_figure("x", figure, 1)
    assert run.media["x"].kind == "figure"


def test_a_nested_tensor_of_images_is_a_grid() -> None:
    images = torch.nested.nested_tensor([torch.zeros(3, 4, 5), torch.ones(3, 6, 2)])
    run = nbviz.Run(overhead_budget=1)
    run.log_images("x", images, 1)
    assert decode_image(run.media["x"][0].value.data).shape == (6, 12, 3)


# ---------------------------------------------------------------- a batch


@pytest.mark.parametrize(
    "shape", [(5, 3, 4, 6), (5, 4, 6, 3), (5, 4, 6), (5, 1, 4, 6), (5, 4, 4, 6)]
)
@pytest.mark.parametrize("options", [{}, {"normalize": (-1, 1)}, {"normalize": True}])
@pytest.mark.parametrize("odd", [None, float("nan"), 7.0])
def test_a_batch_becomes_what_its_images_become(
    shape: tuple[int, ...], options: dict[str, Any], odd: float | None
) -> None:
    batch = np.random.default_rng(0).random(shape).astype(np.float32)
    if odd is not None:
        batch[3].flat[1] = odd
    runs = [nbviz.Run(overhead_budget=1) for _ in range(2)]
    for run, images in zip(runs, (batch, list(batch)), strict=True):
        run.log_images("x", images, 1, **options)
        run.drain_media()
    whole, single = (run.media["x"][0].value.pixels for run in runs)
    np.testing.assert_array_equal(whole, single)
    first, second = ([line.text for line in run.lines.since(0)][1:] for run in runs)
    assert first == second
    assert bool(first) == (odd is not None and not (odd > 1 and options.get("normalize") is True))
