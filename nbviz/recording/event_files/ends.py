"""The two ends of an event file, which tell much of it without what lies between them."""

from __future__ import annotations

import os
from bisect import bisect_left
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nbviz.recording.event_files.decoder import Decoder
from nbviz.recording.event_files.records import FRAME, find_headers
from nbviz.recording.event_files.scan import Part

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from nbviz.recording.event_files.batch import Batch


class Ends(NamedTuple):
    """What the ends of a file hold.

    Attributes:
        head: From its start.
        tail: Up to its end, in the order of the file; none where the head is the whole file.
    """

    head: list[Batch]
    tail: list[Batch]


def read_ends(path: Path, sample: int, most: int) -> Ends:
    """Read a file's ends.

    Args:
        path: The file.
        sample: Bytes that are read of each.
        most: Bytes that are read of its end, if the last record is longer than the sample.

    Raises:
        OSError: The file cannot be read.
    """
    decoder = Decoder()
    tail: list[Batch] = []
    with path.open("rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        head = _decode(decoder, np.frombuffer(file.read(sample), np.uint8), 0)
        while size > sample and not tail and sample <= most:
            file.seek(max(0, size - sample))
            data = np.frombuffer(file.read(sample), np.uint8)
            first = Part(data).next_good(0)
            if first is not None:
                tail = _decode(decoder, data, first)
            elif sample >= size:
                break
            sample *= 8
    return Ends(head, tail)


def read_many_ends(paths: Sequence[Path], sample: int) -> list[Ends]:
    """Read the ends of many files together; of one that cannot be read there is nothing.

    An end that begins or ends inside a longer record tells only what is beside it.

    Args:
        paths: The files.
        sample: Bytes that are read of each end.
    """
    pieces: list[bytes] = []
    for path in paths:
        head = tail = b""
        try:
            with path.open("rb", buffering=0) as file:
                size = os.fstat(file.fileno()).st_size
                head = file.read(sample)
                file.seek(max(sample, size - sample))
                tail = file.read(sample)
        except OSError:
            head = tail = b""
        pieces += (head, tail)
    data = np.frombuffer(b"".join(pieces), np.uint8)
    bounds = np.cumsum([0, *map(len, pieces)]).tolist()
    starts, lengths = find_headers(data)
    chosen = _chained(starts.tolist(), (starts + lengths + FRAME).tolist(), bounds)
    decoder = Decoder()
    batches = decoder.decode_apart(data, starts[chosen], lengths[chosen], bounds[1:-1])
    return [
        Ends([head], [tail] if piece else [])
        for head, tail, piece in zip(batches[::2], batches[1::2], pieces[1::2], strict=True)
    ]


def _chained(starts: list[int], ends: list[int], bounds: list[int]) -> list[int]:
    """Return which records follow one another, from the first in each piece that others follow."""
    chosen: list[int] = []
    for begin, end in pairwise(bounds):
        at = begin
        number = bisect_left(starts, begin)
        while number < len(starts) and starts[number] < end:
            follows = starts[number] == at
            if ends[number] <= end and (follows or _is_followed(starts, number, ends[number], end)):
                chosen.append(number)
                at = ends[number]
                number = bisect_left(starts, at, number)
            else:
                number += 1
    return chosen


def _is_followed(starts: list[int], number: int, at: int, end: int) -> bool:
    """Whether a record begins where this one ends, or the piece ends there."""
    following = bisect_left(starts, at, number)
    return at == end or (following < len(starts) and starts[following] == at)


def _decode(decoder: Decoder, data: NDArray[np.uint8], start: int) -> list[Batch]:
    part = data[start:]
    found = Part(part).scan()
    batch = decoder.decode(part, found.starts, found.lengths)
    return [batch, *batch.rest]
