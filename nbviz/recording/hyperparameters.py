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
    """

    def __init__(self) -> None:
        self.known: dict[str, Parameter] = {}
        self.config: dict[str, Parameter] = {}
        self.all: dict[str, Parameter] = {}

    def add_known(self, values: Mapping[str, Any]) -> None:
        """Take in what nbviz has found out."""
        self._replace({**self.known, **read_config(values)}, self.config)

    def add_config(self, values: Mapping[str, Any]) -> None:
        """Take in what a user gives; a name that is there takes the new value.

        Raises:
            ConfigurationError: It is no mapping, or has too many values.
        """
        self._replace(self.known, {**self.config, **read_config(values)})

    def add_foreign(self, values: Mapping[str, Parameter]) -> None:
        """Take in what another writer's file says; what is known from nbviz's own stays."""
        new = {name: value for name, value in values.items() if name not in self.all}
        if new:
            self._replace(self.known, {**self.config, **new})

    def to_text(self) -> str:
        """Return them as the text that a journal keeps."""
        return json.dumps({"known": self.known, "config": self.config})

    def read_text(self, text: str) -> None:
        """Take in what `to_text` wrote; anything else changes nothing."""
        try:
            found: Any = json.loads(text)
            known, config = read_config(found["known"]), read_config(found["config"])
        except (ValueError, TypeError, KeyError, RecursionError):
            return
        self._replace({**self.known, **known}, {**self.config, **config})

    def _replace(self, known: dict[str, Parameter], config: dict[str, Parameter]) -> None:
        if len(config) > MOST_PARAMETERS:
            raise ConfigurationError(
                f"config may have {MOST_PARAMETERS} values, got {len(config):,}; log long ones "
                "with run.log_text."
            )
        self.known, self.config = known, config
        self.all = {**known, **config}


def read_config(values: object) -> dict[str, Parameter]:
    """Return a configuration by name: nested mappings joined by dots, other objects as text.

    Raises:
        ConfigurationError: It is no mapping.
    """
    if not isinstance(values, Mapping):
        raise ConfigurationError(
            f"config must be a mapping such as {{'lr': 0.1}}, got {type(values).__name__}; of an "
            "argparse namespace give vars(args), of a dataclass dataclasses.asdict(config)."
        )
    found: dict[str, Parameter] = {}
    _flatten(cast("Mapping[object, Any]", values), "", found, 0)
    return found


def _flatten(
    values: Mapping[object, Any], prefix: str, found: dict[str, Parameter], depth: int
) -> None:
    for key, value in values.items():
        name = f"{prefix}{text_of(key)}"[:MOST_TEXT]
        if isinstance(value, Mapping) and depth < _DEEPEST:
            _flatten(cast("Mapping[object, Any]", value), f"{name}.", found, depth + 1)
        else:
            found[name] = _read(value)


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
