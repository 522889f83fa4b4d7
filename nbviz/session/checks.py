"""What pages send, checked against the protocol: at run time its types say nothing."""

from __future__ import annotations

import math
import reprlib
import types
from typing import (
    Any,
    Literal,
    NotRequired,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from nbviz import protocol
from nbviz.errors import CommandError

_WORDS = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    type(None): "null",
}

REQUESTS: dict[str, type[Any]] = {
    get_args(get_type_hints(request)["kind"])[0]: request for request in get_args(protocol.Request)
}
"""The requests of the protocol by their kinds."""


def checked(request: dict[str, Any], kind: type[Any]) -> dict[str, Any]:
    """Return a request's fields, each of the type that the protocol gives it.

    Args:
        request: What a page sent.
        kind: One of `REQUESTS`.

    Raises:
        CommandError: A field is missing or of another type.
    """
    found: dict[str, Any] = {}
    for name, hint in get_type_hints(kind, include_extras=True).items():
        if get_origin(hint) is NotRequired:
            if name in request:
                found[name] = _value(name, request[name], get_args(hint)[0])
        else:
            found[name] = _value(name, request.get(name), hint)
    return found


def _value(name: str, value: Any, hint: Any) -> Any:
    """Return a field's value as the protocol's type; see `checked`."""
    if get_origin(hint) is dict or is_typeddict(hint):
        if isinstance(value, dict):
            given = cast("dict[Any, Any]", value)
            if is_typeddict(hint):
                return checked(given, hint)
            return {str(key): one for key, one in given.items()}
    elif get_origin(hint) is list:
        if isinstance(value, list):
            inner, items = get_args(hint)[0], cast("list[Any]", value)
            if inner in _WORDS and set(map(type, items)) <= {inner}:
                return list(items)  # of 100,000 each by itself would take 100 ms
            return [_value(f"each of {name}", one, inner) for one in items]
    elif _is_plain(value, hint):
        # JavaScript has one kind of number.
        return int(value) if hint is int else value
    shown = reprlib.repr(value)
    raise CommandError(f"{name} must be {_words(hint)}, got {shown}.")


def _is_plain(value: Any, hint: Any) -> bool:
    if get_origin(hint) in (types.UnionType, Union):
        return any(_is_plain(value, one) for one in get_args(hint))
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if hint in (int, float):
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and (hint is float or math.isfinite(value))
    return hint is Any or (hint in (str, bool, type(None)) and isinstance(value, hint))


def _words(hint: Any) -> str:
    """Return what a field must be, in words."""
    args = get_args(hint)
    if get_origin(hint) is list:
        return f"a list, each {_words(args[0])}"
    if get_origin(hint) is Literal:
        return f"one of {', '.join(map(repr, args))}"
    if get_origin(hint) in (types.UnionType, Union):
        return " or ".join(map(_words, args))
    return _WORDS.get(hint, "a mapping")
