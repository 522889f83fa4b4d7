"""Events to points: by the block where they look alike, one by one where they do not."""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from nbviz.recording.event_files.arrays import read_array
from nbviz.recording.event_files.batch import Batch, MediaRecord, Pieces, Points, Text
from nbviz.recording.event_files.crc import crc32c_columns, crc32c_many, masked
from nbviz.recording.event_files.hparams import PLUGIN as HPARAMS
from nbviz.recording.event_files.hparams import read_hparams
from nbviz.recording.event_files.layout import plain_text_in, read_layout
from nbviz.recording.event_files.media_slots import (
    MESSAGES,
    PLUGINS,
    TENSORS,
    MediaPlace,
    read_media,
)
from nbviz.recording.event_files.records import FOOTER, HEADER
from nbviz.recording.event_files.wire import MessageError, read_varint
from nbviz.recording.media.store import MOST_TEXT, PlainText, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from nbviz.recording.event_files.hparams import Parameter
    from nbviz.recording.event_files.layout import Layout, Slot

_FEW = 8  # records of one length that are read one by one
_LONGEST = 1024  # bytes of an event that is read in a block
_SHORT = 65_536  # bytes of an event whose CRC is made together with others'
_ROWS = 16_384  # records in a block: its columns stay in the processor's cache
_MOST_LAYOUTS = 32  # of events of one length in a block; the others are read one by one
_CONTINUES = 0x80
_SCALARS, _TEXT = "scalars", "text"
_BINARY = re.compile("[\x00-\x08\x0e-\x1a\ufffd]")
_LATEST = 253_402_300_799.0  # the last second of the year 9999, in Unix seconds
_UNKNOWN = "of a kind that is not read"


class Decoder:
    """Reads the events of one file, part by part."""

    def __init__(self) -> None:
        self._plugins: dict[str, str] = {}
        self._clock = _Clock()

    def decode(
        self, data: NDArray[np.uint8], starts: NDArray[np.int64], lengths: NDArray[np.int64]
    ) -> Batch:
        """Return what records hold; those whose CRC or content is wrong are left out and counted.

        Args:
            data: A part of the file.
            starts: Where in it each record begins.
            lengths: Bytes of each payload.
        """
        return self._read(data, starts, lengths).finish()

    def decode_apart(
        self,
        data: NDArray[np.uint8],
        starts: NDArray[np.int64],
        lengths: NDArray[np.int64],
        cuts: Sequence[int],
    ) -> list[Batch]:
        """Return what pieces of several files hold, of each its points, texts and parameters.

        Many short pieces are read together, as a block of records takes little longer than one.

        Args:
            data: The pieces, one after the other.
            starts: As for `decode`.
            lengths: As for `decode`.
            cuts: Where in `data` all pieces but the first begin, in order.
        """
        return self._read(data, starts, lengths).finish_apart(cuts)

    def _read(
        self, data: NDArray[np.uint8], starts: NDArray[np.int64], lengths: NDArray[np.int64]
    ) -> _Part:
        part = _Part(data, self._plugins, self._clock)
        order = np.argsort(lengths, kind="stable")
        ordered = lengths[order]
        cuts = np.flatnonzero(np.diff(ordered, prepend=-1, append=-1)).tolist()
        single: list[tuple[int, int]] = []
        for begin, end in pairwise(cuts):
            length, group = int(ordered[begin]), starts[order[begin:end]]
            if len(group) < _FEW or length > _LONGEST:
                single += [(start, length) for start in group.tolist()]
                continue
            for first in range(0, len(group), _ROWS):
                part.read_block(group[first : first + _ROWS], length)
        part.read_singly(sorted(single))
        return part


class _Clock:
    """The newest wall time that is one, in Unix seconds."""

    newest = 0.0


class _Part:
    def __init__(
        self,
        data: NDArray[np.uint8],
        plugins: dict[str, str],
        clock: _Clock,
    ) -> None:
        self._data = data
        self._batch = Batch()
        self._pieces = Pieces()
        # Tensors of one element, by their tag and the plugin that their event tells.
        self._tensors: dict[tuple[str, str], list[tuple[NDArray[np.int64], Points]]] = {}
        self._restarts: list[tuple[int, int]] = []
        self._texts: list[tuple[int, Text]] = []
        self._media: list[tuple[int, MediaRecord]] = []
        self._hparams: list[tuple[int, dict[str, Parameter]]] = []
        self._writers: list[tuple[int, str]] = []
        self._plugins = plugins
        self._clock = clock
        self._first = (len(data), 0.0)

    def finish(self) -> Batch:
        batch = self._batch
        self._sort_out_tensors()
        for _, found in self._hparams:
            batch.hparams.update(found)
        batch.writer = next((writer for _, writer in self._writers), "")
        self._restarts.sort()
        cuts = [place for place, _ in self._restarts]
        batches = [batch, *(Batch(restart=step) for _, step in self._restarts)]
        for part, points in zip(batches, self._pieces.put_together(cuts), strict=True):
            part.points = points
        for place, text in sorted(self._texts):
            batches[bisect_right(cuts, place)].texts.append(text)
        for place, record in sorted(self._media, key=lambda one: one[0]):
            batches[bisect_right(cuts, place)].media.append(record)
        batch.rest = batches[1:]
        batch.first_wall_time = self._first[1] if self._first[0] < len(self._data) else None
        return batch

    def finish_apart(self, cuts: Sequence[int]) -> list[Batch]:
        self._sort_out_tensors()
        batches = [Batch(points=points) for points in self._pieces.put_together(cuts)]
        for place, text in sorted(self._texts):
            batches[bisect_right(cuts, place)].texts.append(text)
        for place, found in self._hparams:
            batches[bisect_right(cuts, place)].hparams.update(found)
        for place, writer in self._writers:
            batches[bisect_right(cuts, place)].writer = writer
        return batches

    def _sort_out_tensors(self) -> None:
        for (tag, given), pieces in self._tensors.items():
            self._take_numbers(tag, given or self._plugins.get(tag, ""), pieces)

    def _take_numbers(
        self, tag: str, plugin: str, pieces: list[tuple[NDArray[np.int64], Points]]
    ) -> None:
        """Take in tensors of one element, once it is known what they are."""
        for places, points in pieces:
            if plugin == _SCALARS:
                self._pieces.add(tag, places, points)
            elif plugin in TENSORS:
                self._media += [
                    (place, MediaRecord(wall_time, step, tag, "tensor", np.array(value)))
                    for place, step, wall_time, value in zip(
                        places.tolist(), *(column.tolist() for column in points[:3]), strict=True
                    )
                ]
            else:
                self._leave_out(plugin, len(places))

    def _leave_out(self, plugin: str, count: int = 1) -> None:
        reason = f"shown by TensorBoard's plugin {plugin!r}" if plugin else _UNKNOWN
        self._batch.left_out[reason] += count

    # ------------------------------------------------------------ one by one

    def read_singly(self, records: list[tuple[int, int]]) -> None:
        """Read records, given as start and length of the payload."""
        short = [(start, length) for start, length in records if length <= _SHORT]
        payloads = [self._payload(start, length) for start, length in short]
        crcs = dict(zip(short, masked(crc32c_many(payloads)).tolist(), strict=True))
        for start, length in records:
            payload = self._data[start + HEADER : start + HEADER + length]
            crc = crcs.get((start, length))
            if crc is None:  # too long to be copied beside others
                crc = int(masked(crc32c_columns(payload.reshape(-1, 1)))[0])
            end = start + HEADER + length
            if int.from_bytes(self._data[end : end + FOOTER].tobytes(), "little") == crc:
                self._read_event(start, payload.tobytes())
            else:
                self._batch.damaged += 1
                self._batch.bad.append(start)

    def _payload(self, start: int, length: int) -> bytes:
        return self._data[start + HEADER : start + HEADER + length].tobytes()

    def _read_event(self, start: int, event: bytes) -> None:
        try:
            layout = read_layout(event)
            step = read_varint(event, *layout.step)[0] if layout.step[1] else 0
        except MessageError:
            self._batch.damaged += 1
            return
        step -= (step >> 63) << 64
        wall_time = 0.0
        if layout.wall_time is not None:
            wall_time = self._sane_time(_number(event, layout.wall_time, "<f8"))
            self._first = min(self._first, (start, wall_time))
        if layout.writer:
            self._writers.append((start, layout.writer))
        if layout.is_start:
            self._restarts.append((start, step))
        for slot in layout.slots:
            tag = event[slice(*slot.tag)].decode(errors="replace")
            place = MediaPlace(wall_time, step, tag, slot.plugin)
            self._read_value(start + slot.tag[0], event, slot, place)

    def _read_value(self, where: int, event: bytes, slot: Slot, place: MediaPlace) -> None:
        # Only a tag's first event need say which plugin shows it.
        plugin = self._plugin(place.tag, slot)
        try:
            if slot.content in MESSAGES or (slot.is_tensor and plugin in PLUGINS):
                records = read_media(event, slot, place._replace(plugin=plugin))
                self._media += [(where, record) for record in records]
            elif slot.content in ("<f4", "<f8"):
                number = _number(event, slot.start, slot.content)
                point = _one_point(place, number, is_late=slot.is_late)
                self._add(place.tag, slot, np.array([where]), point)
            elif plugin == HPARAMS:
                self._hparams.append((where, read_hparams(event, *slot.details)))
            elif slot.content == "text" and plugin in ("", _TEXT):
                text = _text(event, ((slot.start, slot.stop), *slot.rest))
                if not plugin and not text.isprintable() and _BINARY.search(text):
                    self._leave_out(plugin)
                else:
                    if plain_text_in(event, *slot.details):
                        text = PlainText(text)
                    self._texts.append((where, Text(place.wall_time, place.step, place.tag, text)))
            elif slot.content == "array" and plugin in ("", _SCALARS):
                array = read_array(event, *slot.tensor)
                if array.size == 1:
                    number = float(array.reshape(()))
                    self._add(place.tag, slot, np.array([where]), _one_point(place, number))
                else:
                    self._leave_out(plugin)
            else:
                self._leave_out(plugin)
        except MessageError as error:
            self._batch.left_out[str(error).rstrip(".")] += 1

    def _plugin(self, tag: str, slot: Slot) -> str:
        if slot.plugin:
            self._plugins[tag] = slot.plugin
        return self._plugins.get(tag, "") if slot.is_tensor else slot.plugin

    def _add(self, tag: str, slot: Slot, places: NDArray[np.int64], points: Points) -> None:
        if slot.is_tensor:
            self._plugin(tag, slot)
            self._tensors.setdefault((tag, slot.plugin), []).append((places, points))
        else:
            self._pieces.add(tag, places, points)

    # ------------------------------------------------------------ wall times

    def _sane_time(self, wall_time: float) -> float:
        if 0 <= wall_time <= _LATEST:
            self._clock.newest = wall_time
            return wall_time
        self._batch.odd_times += 1
        return self._clock.newest

    def _sane_times(self, wall_times: NDArray[np.float64]) -> NDArray[np.float64]:
        is_odd = ~((wall_times >= 0) & (wall_times <= _LATEST))
        if is_odd.any():
            self._batch.odd_times += int(is_odd.sum())
            before = np.maximum.accumulate(np.where(is_odd, -1, np.arange(len(wall_times))))
            wall_times = np.where(before < 0, self._clock.newest, wall_times[before])
        self._clock.newest = float(wall_times[-1])
        return wall_times

    # ------------------------------------------------------------ in blocks

    def read_block(self, starts: NDArray[np.int64], length: int) -> None:
        """Read records of one length."""
        rows = np.lib.stride_tricks.sliding_window_view(self._data, length + FOOTER)
        block = rows[starts + HEADER]
        columns = np.ascontiguousarray(block[:, :length].T)
        said = np.ascontiguousarray(block[:, length:]).view("<u4").reshape(-1)
        good = masked(crc32c_columns(columns)) == said
        if not good.all():
            self._batch.damaged += int((~good).sum())
            self._batch.bad += starts[~good].tolist()
            starts, columns = starts[good], columns[:, good]
        for _ in range(_MOST_LAYOUTS):
            if len(starts) < _FEW:
                break
            read = self._read_alike(starts, columns)
            if read.all():
                return
            starts, columns = starts[~read], columns[:, ~read]
        for start, row in zip(starts.tolist(), np.ascontiguousarray(columns.T), strict=True):
            self._read_event(start, row.tobytes())

    def _read_alike(
        self, starts: NDArray[np.int64], columns: NDArray[np.uint8]
    ) -> NDArray[np.bool_]:
        """Read the events with the layout of the first one, and say which those were."""
        event = columns[:, 0].tobytes()
        read = np.zeros(len(starts), np.bool_)
        read[0] = True
        try:
            layout = read_layout(event)
        except MessageError:
            self._batch.damaged += 1
            return read
        readable = all(
            slot.content in ("<f4", "<f8") and not (slot.is_tensor and slot.plugin in PLUGINS)
            for slot in layout.slots
        )
        if not (layout.slots and readable and layout.wall_time is not None) or layout.is_start:
            self._read_event(int(starts[0]), event)
            return read
        mask = _fixed_bytes(layout, len(columns))
        differs = np.zeros(len(starts), np.uint8)
        for place in np.flatnonzero(mask):
            differs |= (columns[place] ^ columns[place, 0]) & mask[place]
        read |= differs == 0
        places, alike = starts, columns
        if not read.all():
            places, alike = starts[read], columns[:, read]
        wall_times = self._sane_times(_numbers(alike, layout.wall_time, "<f8"))
        steps = _varints(alike[slice(*layout.step)])
        self._first = min(self._first, (int(places[0]), float(wall_times[0])))
        numbers = [_numbers(alike, slot.start, slot.content) for slot in layout.slots]
        for rows in _by_tags(alike, layout):
            for slot, values in zip(layout.slots, numbers, strict=True):
                tag = alike[slice(*slot.tag), int(rows[0])].tobytes().decode(errors="replace")
                is_late = np.ones(len(rows), np.bool_) if slot.is_late else None
                points = Points(steps[rows], wall_times[rows], values[rows], is_late)
                # Values of one event have an order, too: that of their tags.
                self._add(tag, slot, places[rows] + slot.tag[0], points)
        return read


def _fixed_bytes(layout: Layout, length: int) -> NDArray[np.uint8]:
    """Bits that are the same in all events of a layout: all but wall time, step, tags, numbers."""
    mask = np.full(length, 0xFF, np.uint8)
    assert layout.wall_time is not None
    mask[layout.wall_time : layout.wall_time + 8] = 0
    mask[slice(*layout.step)] = _CONTINUES
    for slot in layout.slots:
        mask[slice(*slot.tag)] = 0
        mask[slice(*slot.near)] = 0
        mask[slot.start : slot.stop] = 0
    return mask


def _by_tags(columns: NDArray[np.uint8], layout: Layout) -> Iterator[NDArray[np.intp]]:
    """Yield the indices of events that have the same tags."""
    names = np.concatenate([columns[slice(*slot.tag)] for slot in layout.slots])
    left = np.arange(columns.shape[1], dtype=np.intp)
    if bool((names == names[:, :1]).all()):
        yield left
        return
    while len(left):
        among = names[:, left]
        hashes = crc32c_columns(among)
        order = np.argsort(hashes, kind="stable")
        cuts = np.flatnonzero(np.diff(hashes[order], prepend=-1, append=-1)).tolist()
        others: list[NDArray[np.intp]] = []
        for begin, end in pairwise(cuts):
            rows = order[begin:end]
            same = (among[:, rows] == among[:, rows[:1]]).all(axis=0)
            yield left[rows[same]]
            if not same.all():  # two tags with one CRC
                others.append(left[rows[~same]])
        left = np.sort(np.concatenate(others)) if others else left[:0]


def _numbers(columns: NDArray[np.uint8], start: int, content: str) -> NDArray[np.float64]:
    width = np.dtype(content).itemsize
    rows = np.ascontiguousarray(columns[start : start + width].T)
    return rows.view(content).reshape(-1).astype(np.float64)


def _one_point(place: MediaPlace, number: float, *, is_late: bool = False) -> Points:
    return Points(
        np.array([place.step], np.int64),
        np.array([place.wall_time]),
        np.array([number]),
        np.ones(1, np.bool_) if is_late else None,
    )


def _text(event: bytes, pieces: tuple[tuple[int, int], ...]) -> str:
    most = 4 * MOST_TEXT  # bytes of that many characters at the most
    content = b"\n".join(event[start:stop] for start, stop in pieces)
    text = shortened(content[:most].decode(errors="replace"))
    more = len(content) - most
    return text if more <= 0 else f"{text} and {more:,} more bytes"


def _number(event: bytes, start: int, content: str) -> float:
    return float(np.frombuffer(event, content, 1, start)[0])


def _varints(columns: NDArray[np.uint8]) -> NDArray[np.int64]:
    numbers = np.zeros(columns.shape[1], np.int64)
    for place, column in enumerate(columns):
        numbers |= (column & 0x7F).astype(np.int64) << 7 * place
    return numbers
