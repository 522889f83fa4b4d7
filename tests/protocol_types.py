"""Messages compared with the protocol's types, and its examples."""

from __future__ import annotations

import json
import types
from pathlib import Path
from typing import (
    Any,
    Literal,
    NotRequired,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

FIXTURES = Path(__file__).parent / "fixtures" / "protocol"


def kind_of(message: type) -> str:
    """The `kind` of a message."""
    return get_args(get_type_hints(message)["kind"])[0]


def fixture(message: type) -> dict[str, Any]:
    """The example of a message."""
    text = (FIXTURES / f"{kind_of(message)}.json").read_text(encoding="utf-8")
    return json.loads(text)["message"]


def conforms(value: Any, hint: Any) -> bool:  # noqa: PLR0911  a case for each form of type
    """Whether a JSON value has the type of a field."""
    if is_typeddict(hint):
        hints = get_type_hints(hint)
        marked = get_type_hints(hint, include_extras=True)
        needed = {k for k, h in marked.items() if get_origin(h) is not NotRequired}
        is_complete = needed <= value.keys() <= hints.keys()
        return is_complete and all(conforms(value[k], hints[k]) for k in value)
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return value in args
    if origin in (types.UnionType, Union):
        return any(conforms(value, arg) for arg in args if arg is not type(None)) or (
            value is None and type(None) in args
        )
    if origin is list:
        return isinstance(value, list) and all(conforms(item, args[0]) for item in value)
    if origin is tuple:
        return len(value) == len(args) and all(map(conforms, value, args))
    if origin is dict or hint is Any:
        return True
    if hint is float:
        return isinstance(value, int | float)
    return type(value) is hint
