"""What a run was made with: a user's own configuration, and what nbviz knows by itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from nbviz.errors import ConfigurationError, attribute_of, text_of
from nbviz.text import shortened

if TYPE_CHECKING:
    from nbviz.recording.event_files.hparams import Parameter

CONFIG_TAG = "nbviz/config"
"""Of the text of a journal that holds them exactly; TensorBoard's plugin knows no whole numbers."""

MOST_PARAMETERS = 500
MOST_TEXT = 200  # characters of one value


class Hyperparameters:
    """The hyper-parameters of a run, by name: numbers, strings, booleans and None.

    Attributes:
        known: What nbviz knows: optimizer, lr, batch size and the like; replaced as a whole.
        config: What the user gave, nested mappings joined by dots; replaced as a whole.
        all: Both; where they share a name, the user's. Another object after each change.
        lists: Lists of `config`, whose texts it has: other tools keep them as such.
    """

    def __init__(self) -> None:
        self.known: dict[str, Parameter] = {}
        self.config: dict[str, Parameter] = {}
        self.all: dict[str, Parameter] = {}
        self.lists: dict[str, list[Any]] = {}

    def add_known(self, values: Mapping[str, Any]) -> None:
        """Take in what nbviz has found out."""
        self._replace({**self.known, **read_config(values)}, self.config)

    def add_config(self, values: Mapping[str, Any]) -> None:
        """Take in what a user gives; a name that is there takes the new value.

        Raises:
            ConfigurationError: It is no mapping, or has too many values.
        """
        lists: dict[str, list[Any]] = {}
        given = read_config(values, lists)
        self._replace(self.known, {**self.config, **given})
        kept = {name: of for name, of in self.lists.items() if name not in given}
        self.lists = {**kept, **lists}

    def add_foreign(self, values: Mapping[str, Parameter]) -> None:
        """Take in what another writer's file says; what is known from nbviz's own stays."""
        new = {name: value for name, value in values.items() if name not in self.all}
        if new:
            self._replace(self.known, {**self.config, **new})

    def to_text(self) -> str:
        """Return them as the text that a journal keeps."""
        kept: dict[str, Any] = {"known": self.known, "config": self.config}
        return json.dumps(kept | {"lists": self.lists} if self.lists else kept)

    def read_text(self, text: str) -> None:
        """Take in what `to_text` wrote; anything else changes nothing."""
        try:
            found: Any = json.loads(text)
            known, config = read_config(found["known"]), read_config(found["config"])
        except (ValueError, TypeError, KeyError, RecursionError):
            return
        self._replace({**self.known, **known}, {**self.config, **config})
        self.lists = {name: of for name, of in self.lists.items() if name not in config}
        lists: Any = found.get("lists")
        if isinstance(lists, dict):
            of_names = cast("dict[str, Any]", lists).items()
            self.lists |= {name: of for name, of in of_names if isinstance(of, list)}

    def to_plain(self) -> dict[str, Any]:
        """Return all as JSON has it: lists as lists."""
        return {**self.all, **{n: of for n, of in self.lists.items() if n in self.config}}

    def _replace(self, known: dict[str, Parameter], config: dict[str, Parameter]) -> None:
        if len(config) > MOST_PARAMETERS:
            raise ConfigurationError(
                f"config may have {MOST_PARAMETERS} values, got {len(config):,}; log long ones "
                "with run.log_text."
            )
        self.known, self.config = known, config
        self.all = {**known, **config}


def read_config(values: object, lists: dict[str, list[Any]] | None = None) -> dict[str, Parameter]:
    """Return a configuration by name: nested mappings joined by dots, other objects as text.

    Args:
        values: The configuration.
        lists: Gets its lists of numbers, texts, booleans and None, where they are short.

    Raises:
        ConfigurationError: It is no mapping.
    """
    if not isinstance(values, Mapping):
        raise ConfigurationError(
            f"config must be a mapping such as {{'lr': 0.1}}, got {type(values).__name__}; of an "
            "argparse namespace give vars(args), of a dataclass dataclasses.asdict(config)."
        )
    found: dict[str, Parameter] = {}
    _flatten(cast("Mapping[object, Any]", values), "", found, {} if lists is None else lists, 0)
    return found


def _flatten(
    values: Mapping[object, Any],
    prefix: str,
    found: dict[str, Parameter],
    lists: dict[str, list[Any]],
    depth: int,
) -> None:
    for key, value in values.items():
        name = f"{prefix}{text_of(key)}"[:MOST_TEXT]
        if isinstance(value, Mapping) and depth < _DEEPEST:
            _flatten(cast("Mapping[object, Any]", value), f"{name}.", found, lists, depth + 1)
            continue
        found[name] = text = _read(value)
        if isinstance(value, list | tuple) and len(str(text)) < MOST_TEXT and _is_plain(value):
            lists[name] = json.loads(json.dumps(value))


def _is_plain(value: Any, depth: int = 0) -> bool:
    if isinstance(value, list | tuple):
        inner = cast("list[Any]", value)
        return depth < _DEEPEST and all(_is_plain(one, depth + 1) for one in inner)
    return value is None or value.__class__ in (bool, int, float, str)


_DEEPEST = 8  # mappings in mappings: one may hold itself
_LARGEST = 1 << 1000  # numbers from here on, which no float holds, are kept as their text


def _read(value: Any) -> Parameter:
    try:
        return _parameter(value)
    except Exception:  # noqa: BLE001  the value's own code
        return shortened(text_of(value), MOST_TEXT)


def _parameter(value: Any) -> Parameter:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, float):
        return float(value)
    if isinstance(value, int) and abs(int(value)) < _LARGEST:
        return int(value)
    if not isinstance(value, str) and attribute_of(value, "shape", None) == ():
        try:
            number: Any = cast("Any", value).item()  # of numpy and torch
        except Exception:  # noqa: BLE001  a value that cannot be had is shown as its text
            number = None
        if isinstance(number, bool | float) or (isinstance(number, int) and number < _LARGEST):
            return number
    text = value if isinstance(value, str) else text_of(value)
    return shortened(text, MOST_TEXT)
