"""A matrix as coloured cells with names, numbers and contour lines, as shapes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from nbviz.pictures.figures.figure_picture import HEIGHT, WIDTH, draw_head
from nbviz.pictures.number_text import format_ticks, format_value, nice_ticks
from nbviz.pictures.shapes import Box, Label, Photo, Picture, Stroke, fit_text, light, text_width
from nbviz.recording.media.png import encode_png

if TYPE_CHECKING:
    from numpy.typing import NDArray

NOT_A_NUMBER = (0xE8, 0xC5, 0x47)
# As js/src/charts/heatmap/colormaps.ts has them on a light page.
_NEGATIVE, _ZERO, _POSITIVE = (0x1F, 0x4F, 0xB4), (0xFF, 0xFF, 0xFF), (0xB3, 0x26, 0x1E)
_MAGNITUDE = (_ZERO, (0x2C, 0xA3, 0xAE), (0x33, 0x2B, 0x82))
_NAME_WIDTH = 96.0
_TEXT_SIZE = 10.5
_NUMBER_FROM = 26.0  # pixels of a cell that has its number in it
_LINE_HEIGHT = 13.0
_BAR = 96.0  # pixels that the scale of colours takes at the right
_MOST_PIXELS = 200  # of the longer side
_DARK = 140  # of 255; text on darker cells is white


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """A matrix.

    Attributes:
        title: "" for none.
        shape: Of the input: rows and columns.
        values: What is drawn; float64, each cell the strongest of a block of the input.
        block: Rows and columns of the input in a cell.
        palette: Whether values around 0 are told apart by their sign.
        low: The value at the lower end of the colours.
        high: The value at the upper end.
        color: The name of the colour of the upper end; "" for the house's own.
        row_names: Of the input, or none.
        column_names: The same of columns.
        row_label: What rows are.
        column_label: What columns are.
        x: The values of the first and last column where these lie on an axis.
        y: The values of the first and last row; the first is then below.
        lines: Contours: a level, and points as column and row of the input, shape (points, 2).
        remark: Beside the title.
    """

    title: str
    shape: tuple[int, int]
    values: NDArray[np.float64] = field(repr=False)
    block: tuple[int, int]
    palette: Literal["sign", "magnitude"]
    low: float
    high: float
    color: str = ""
    row_names: tuple[str, ...] = ()
    column_names: tuple[str, ...] = ()
    row_label: str = ""
    column_label: str = ""
    x: tuple[float, float] | None = None
    y: tuple[float, float] | None = None
    lines: tuple[tuple[float, NDArray[np.float64]], ...] = ()
    remark: str = ""

    @property
    def rows(self) -> int:
        """Rows of the input."""
        return self.shape[0]

    @property
    def is_upward(self) -> bool:
        """Whether the first row is below."""
        return self.y is not None


@dataclass(frozen=True, slots=True)
class _Place:
    left: float
    top: float
    width: float
    height: float

    @property
    def bottom(self) -> float:
        return self.top + self.height

    @property
    def right(self) -> float:
        return self.left + self.width


def cells_picture(cells: Cells) -> Picture:
    """Return a matrix as shapes, 640 pixels wide."""
    rows, columns = cells.values.shape
    picture = Picture(WIDTH, HEIGHT)
    place = _place(cells, rows, columns)
    picture.height = max(HEIGHT * 0.5, place.bottom + (40 if cells.x else 14))
    picture.add(Box(0, 0, WIDTH, picture.height, "surface"))
    draw_head(picture, cells.title, cells.remark)
    pixels = _colored(cells, cells.values)
    if max(rows, columns) > _MOST_PIXELS:  # the picture is text in a notebook
        step = -(-max(rows, columns) // _MOST_PIXELS)
        pixels = pixels[::step, ::step]
    if cells.is_upward:
        pixels = pixels[::-1]
    photo = encode_png(np.ascontiguousarray(pixels))
    picture.add(Photo(place.left, place.top, place.width, place.height, photo))
    _draw_lines(picture, cells, place)
    corners = [[place.left, place.top], [place.right, place.top], [place.right, place.bottom]]
    corners += [[place.left, place.bottom], [place.left, place.top]]
    picture.add(Stroke([np.array(corners)], "border-strong"))
    if min(place.width / columns, place.height / rows) >= _NUMBER_FROM and not cells.lines:
        _draw_numbers(picture, cells, place, pixels)
    if cells.x and cells.y:
        _draw_ticks(picture, cells.shape, cells.x, cells.y, place)
    else:
        _draw_names(picture, cells, place)
    _draw_scale(picture, cells, place)
    return picture


def shares_of(cells: Cells, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return where values lie between the ends of the colours: -1 to 1, or 0 to 1; NaN stays."""
    if cells.palette == "sign":
        return np.clip(values / cells.high if cells.high > 0 else values * 0, -1.0, 1.0)
    span = cells.high * 0.5 - cells.low * 0.5
    share = (values * 0.5 - cells.low * 0.5) / span if span > 0 else values * 0
    return np.clip(share, 0.0, 1.0)


def number_in(value: float, largest: float = 0.0) -> str:
    """Return a cell's number as it is written into it, where the largest one is as large."""
    if not np.isfinite(value):
        return format_value(value)
    if abs(value) < 0.005 and largest >= 0.1:  # noqa: PLR2004
        return "0"  # by as many digits as the others have
    if value == round(value) and abs(value) < 1e6:  # noqa: PLR2004
        return f"{round(value):,}".replace("-", "−")
    if abs(value) >= 100:  # noqa: PLR2004
        return format_value(value)
    is_even = abs(value) >= 0.01 or largest >= 0.1  # noqa: PLR2004
    text = f"{value:.2f}" if is_even else f"{value:.2g}"
    return text.replace("-", "−")


def _colored(cells: Cells, values: NDArray[np.float64]) -> NDArray[np.uint8]:
    share = shares_of(cells, values)
    zero = np.array(_ZERO, np.float64)
    if cells.palette == "sign":
        positive = np.array(_rgb(cells.color) if cells.color else _POSITIVE, np.float64)
        towards = np.where(share[..., None] < 0, np.array(_NEGATIVE, np.float64), positive)
        pixels = zero + (towards - zero) * np.abs(share)[..., None]
    elif cells.color:
        pixels = zero + (np.array(_rgb(cells.color), np.float64) - zero) * share[..., None]
    else:
        pixels = np.stack(
            [
                np.interp(share, [0, 0.5, 1], [stop[channel] for stop in _MAGNITUDE])
                for channel in range(3)
            ],
            axis=-1,
        )
    pixels = np.where(np.isnan(share)[..., None], np.array(NOT_A_NUMBER, np.float64), pixels)
    return pixels.round().astype(np.uint8)


def _rgb(color: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(light(color)[1:]))


def _place(cells: Cells, rows: int, columns: int) -> _Place:
    top = 52.0 if cells.title and cells.remark else 34.0 if cells.title or cells.remark else 14.0
    if cells.x and cells.y:
        return _Place(58.0, top, WIDTH - 58.0 - _BAR, HEIGHT - top - 40)
    names = cells.row_names[:: cells.block[0]]
    widest = max((text_width(name, _TEXT_SIZE) for name in names), default=24.0)
    left = 14 + min(_NAME_WIDTH, widest + 8) + (18 if cells.row_label else 0)
    room = WIDTH - left - _BAR
    cell = min(46.0, room / columns, 520 / rows)
    # A matrix that is far from square is stretched to be readable.
    width, height = (min(room, max(cell * columns, 160)), min(520.0, max(cell * rows, 60)))
    top += _above(cells, width / columns) + (20 if cells.column_label else 6)
    return _Place(left, top, width, height)


def _above(cells: Cells, across: float) -> float:
    """Return how high the columns' names are; those that are wider than columns stand upright."""
    widest = max((text_width(one, _TEXT_SIZE) for one in _column_names(cells)), default=0.0)
    is_upright = bool(cells.column_names) and widest > across - 4
    return min(_NAME_WIDTH, widest) + 4 if is_upright else _LINE_HEIGHT


def _column_names(cells: Cells) -> tuple[str, ...]:
    names = cells.column_names or tuple(map(str, range(cells.shape[1])))
    return names[:: cells.block[1]]


def _draw_lines(picture: Picture, cells: Cells, place: _Place) -> None:
    rows, columns = cells.shape
    for _, points in cells.lines:
        x = place.left + (points[:, 0] + 0.5) / columns * place.width
        y = place.bottom - (points[:, 1] + 0.5) / rows * place.height
        picture.add(Stroke([np.column_stack([x, y])], "text", 1.1, opacity=0.75))


def _draw_numbers(picture: Picture, cells: Cells, place: _Place, pixels: NDArray[np.uint8]) -> None:
    rows, columns = cells.values.shape
    across, down = place.width / columns, place.height / rows
    largest = max(abs(cells.low), abs(cells.high))
    texts = [[number_in(float(value), largest) for value in row] for row in cells.values]
    widest = max(text_width(text, _TEXT_SIZE) for row in texts for text in row)
    size = min(_TEXT_SIZE, _TEXT_SIZE * (across - 4) / max(1, widest))
    if size < 7:  # noqa: PLR2004
        return
    for row in range(rows):
        for column in range(columns):
            value, text = float(cells.values[row, column]), texts[row][column]
            if np.isnan(value):
                continue
            red, green, blue = pixels[row, column].tolist()
            is_dark = 0.299 * red + 0.587 * green + 0.114 * blue < _DARK
            ink = "fixed-ffffff" if is_dark else "fixed-14171c"
            x, y = place.left + (column + 0.5) * across, place.top + (row + 0.5) * down
            picture.add(Label(x, y + 4, text, ink, size, "middle"))


def _draw_names(picture: Picture, cells: Cells, place: _Place) -> None:
    rows, columns = cells.values.shape
    names = cells.row_names or tuple(map(str, range(cells.shape[0])))
    every = max(1, int(np.ceil(_LINE_HEIGHT * rows / place.height)))
    for row in range(0, rows, every):
        text = fit_text(names[row * cells.block[0]], _TEXT_SIZE, _NAME_WIDTH)
        y = place.top + (row + 0.5) / rows * place.height + 3.5
        picture.add(Label(place.left - 5, y, text, "text-soft", _TEXT_SIZE, "end"))
    shown = _column_names(cells)
    across = place.width / columns
    above = _above(cells, across)
    is_upright = above > _LINE_HEIGHT
    widest = max(text_width(name, _TEXT_SIZE) for name in shown) + 6
    every = max(1, int(np.ceil((_LINE_HEIGHT if is_upright else widest) / across)))
    for column in range(0, columns, every):
        x = place.left + (column + 0.5) / columns * place.width
        if is_upright:
            text = fit_text(shown[column], _TEXT_SIZE, _NAME_WIDTH)
            at = x + 3.5, place.top - 5
            picture.add(Label(*at, text, "text-soft", _TEXT_SIZE, is_upward=True))
        else:
            at = x, place.top - 6
            picture.add(Label(*at, shown[column], "text-soft", _TEXT_SIZE, "middle"))
    if cells.column_label:
        text = fit_text(f"{cells.column_label} →", 11, place.width)
        picture.add(Label(place.left, place.top - above - 7, text, "text-soft", 11))
    if cells.row_label:
        text = fit_text(f"↓ {cells.row_label}", 11, place.left - 8)
        picture.add(Label(8, place.top - 6, text, "text-soft", 11))


def _draw_ticks(
    picture: Picture,
    shape: tuple[int, int],
    x: tuple[float, float],
    y: tuple[float, float],
    place: _Place,
) -> None:
    ticks = nice_ticks(min(x), max(x), max(2, round(place.width / 72)))
    for at, text in zip(ticks, format_ticks(ticks), strict=True):
        share = _in_middles(at, x, shape[1])
        left = place.left + share * place.width
        picture.add(Label(left, place.bottom + 16, text, "text-soft", _TEXT_SIZE, "middle"))
    ticks = nice_ticks(min(y), max(y), max(2, round(place.height / 34)))
    for at, text in zip(ticks, format_ticks(ticks), strict=True):
        share = _in_middles(at, y, shape[0])
        top = place.bottom - share * place.height
        picture.add(Label(place.left - 7, top + 3.5, text, "text-soft", _TEXT_SIZE, "end"))


def _in_middles(at: float, ends: tuple[float, float], count: int) -> float:
    """Return the share of a side at which a value lies; the ends are the middles of cells."""
    share = (at - ends[0]) / (ends[1] - ends[0]) if ends[1] != ends[0] else 0.5
    return (share * (count - 1) + 0.5) / count


def _draw_scale(picture: Picture, cells: Cells, place: _Place) -> None:
    height = min(place.height, 160.0)
    low = -cells.high if cells.palette == "sign" else cells.low
    values = np.linspace(cells.high, low, 64)[:, None]
    left = place.right + 18
    png = encode_png(np.ascontiguousarray(_colored(cells, values)))
    picture.add(Photo(left, place.top, 12, height, png))
    for share, value in ((0.0, cells.high), (0.5, (cells.high + low) / 2), (1.0, low)):
        text = fit_text(format_value(value), _TEXT_SIZE, _BAR - 36)
        y = place.top + share * height + (9 if share == 0 else 0 if share == 1 else 4)
        picture.add(Label(left + 17, y, text, "text-soft", _TEXT_SIZE))
