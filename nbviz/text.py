r"""Text from a model, its data or a log, made safe for where it leaves nbviz.

A tag, a name or the message of an exception may hold what a reader of the output takes for more
than a character: halves of surrogate pairs, which UTF-8 does not have; NUL, ESC and other controls,
which XML forbids and a terminal obeys; and the marks that end a line for some readers and not for
others (CR, VT, FF, U+001C to U+001E, U+0085, U+2028, U+2029). nbviz keeps such text as it was
given, and cleans it at every exit:

- `clean_text` for text of several lines: lines of a log, texts, tracebacks;
- `clean_line` for what stands on one line: tags, names of runs, classes and layers;
- `csv_text` for a cell of a table;
- `encodable` for files that hold any character, such as the journal, so that it reads back as it
  was given.

Controls become their pictures (`\x1b` is ␛) and the rest is written as Python does (`\ud800`), so
that two names that differ are shown as different.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
# Controls without tab and line feed; surrogates; what turns the direction of the text around it;
# and the two characters that XML 1.0 has not.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
_UNSAFE_IN_LINE = re.compile(_UNSAFE.pattern.replace("\x08\x0b", "\x0a\x0b"))
_PICTURES = 0x2400  # the picture of NUL; those of the other controls follow
_LAST_PICTURED = 0x20
_DELETE, _PICTURE_OF_DELETE = "\x7f", "\u2421"
_EMPTY_BYTES = sys.getsizeof("")
_FORMULA = ("=", "+", "-", "@")


def text_bytes(text: str) -> int:
    """Return the bytes that the characters of a text take: one to four each, by the widest."""
    return sys.getsizeof(text) - _EMPTY_BYTES


def encodable(text: str) -> str:
    """Return text that UTF-8 can hold: halves of surrogate pairs are written out."""
    return text.encode("utf-8", "backslashreplace").decode()


def encodable_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of a table, with names and texts that a library in UTF-8 takes."""
    return {
        encodable(name): encodable(value) if isinstance(value, str) else value
        for name, value in row.items()
    }


def clean_text(text: str) -> str:
    """Return text of any number of lines, each ended by a line feed, without controls but tabs."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub(_shown, _LINE_ENDS.sub("\n", text))


def clean_line(text: str) -> str:
    """Return text as one line: what ends a line is shown as its picture, as other controls are."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE_IN_LINE.sub(_shown, text)


def shortened(text: str, most: int) -> str:
    """Return text of at most `most` characters: a longer one ends with an ellipsis."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def csv_text(text: str) -> str:
    """Return text for a cell of a CSV file, which a spreadsheet shows and does not calculate.

    The writer of the file still has to quote it.
    """
    line = clean_text(text)
    return f"'{line}" if line.lstrip().startswith(_FORMULA) else line


def _shown(found: re.Match[str]) -> str:
    character = found[0]
    if ord(character) <= _LAST_PICTURED:
        return chr(_PICTURES + ord(character))
    if character == _DELETE:
        return _PICTURE_OF_DELETE
    return f"\\u{ord(character):04x}"


def counted(count: int, one: str, many: str = "") -> str:
    """Return a number and what it counts, as in "1 record" and "2,000 records".

    Args:
        count: The number.
        one: What it counts if it is 1; a verb may follow, as in "value was".
        many: The same else; `one` with an s if it is not given.
    """
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"
