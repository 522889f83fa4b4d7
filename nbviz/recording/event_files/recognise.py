"""What a file is that is named as an event file and is none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from nbviz.recording.event_files.records import HEADER, length_at
from nbviz.recording.event_files.scan import Part

if TYPE_CHECKING:
    from pathlib import Path

_LOOKED_AT = 1 << 18  # bytes from the start
_SIGNATURES = (
    (b"\x1f\x8b", "it is compressed by gzip; unpack it first (gunzip)"),
    (b"PK\x03\x04", "it is a zip archive; unpack it first"),
    (b"BZh", "it is compressed by bzip2; unpack it first"),
    (b"\xfd7zXZ\x00", "it is compressed by xz; unpack it first"),
    (b"\x28\xb5\x2f\xfd", "it is compressed by zstd; unpack it first"),
    (b"version https://git-lfs", "it is a pointer of Git LFS, not the file (git lfs pull)"),
)
_HTML = re.compile(rb"\s*(<!doctype html|<html|<head|<\?xml)", re.IGNORECASE)
_TAR = (257, b"ustar")
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a]")
_REPLACEMENT = "\ufffd".encode()
_FEW = 3  # marks of a conversion that may be there by chance


def recognise(path: Path, *, is_unread: bool) -> str | None:
    """Return what a file is that is no event file, or was damaged as a whole, and what to do.

    None if it is an event file as far as its start tells, or holds too little to tell.

    Args:
        path: The file.
        is_unread: Whether no record of it could be read.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(_LOOKED_AT)
    found = _alien(start) or _converted(start)
    if found is None and is_unread and _begins_with_no_record(start):
        found = "no record is in it; it is of another kind, or damaged as a whole"
    return found


def _alien(start: bytes) -> str | None:
    if not _begins_with_no_record(start):
        return None
    what = next((what for signature, what in _SIGNATURES if start.startswith(signature)), None)
    if what is None and start[_TAR[0] :].startswith(_TAR[1]):
        what = "it is a tar archive; unpack it first"
    elif what is None and _HTML.match(start):
        what = "it is an HTML page, such as one that asks for a login; download the file again"
    elif what is None and not start.strip(b"\0"):
        what = "it begins with zeros, as after a crash or an unfinished copy"
    elif what is None and not _CONTROLS.search(start):
        what = "it is a text"
    return what


def _begins_with_no_record(start: bytes) -> bool:
    return len(start) >= HEADER and length_at(np.frombuffer(start, np.uint8), 0) is None


def _converted(start: bytes) -> str | None:
    """What a copy that took the file for text has left of it."""
    ends = start.count(b"\r\n")
    if ends >= _FEW and ends == start.count(b"\n"):
        was = start.replace(b"\r\n", b"\n")
        if _is_sound(was) and not _is_sound(start):
            return (
                "line ends were put into it (LF became CR LF), as by FTP in text mode or Git's "
                "autocrlf; copy it again as a binary file"
            )
    if start.count(_REPLACEMENT) >= _FEW and not _is_sound(start):
        return "it was copied as if it were text in UTF-8, which cannot be undone; copy it again"
    return None


def _is_sound(content: bytes) -> bool:
    found = Part(np.frombuffer(content, np.uint8)).scan()
    return found.end > 0 and not found.skipped and not found.is_lost
