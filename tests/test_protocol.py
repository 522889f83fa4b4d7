"""The protocol: one fixture a message, with its fields, and TypeScript that is not stale."""

from __future__ import annotations

import json
import re
import subprocess
import sys
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

import pytest

from nbviz import protocol

ROOT = Path(__file__).parent.parent
FIXTURES = ROOT / "tests" / "fixtures" / "protocol"
MESSAGES = [
    value
    for value in vars(protocol).values()
    if is_typeddict(value) and "kind" in value.__annotations__ and value.__name__ != "GraphNode"
]


def kind_of(message: type) -> str:
    return get_args(get_type_hints(message)["kind"])[0]


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


@pytest.mark.parametrize("message", MESSAGES, ids=kind_of)
def test_message_has_a_fixture_of_its_type(message: type) -> None:
    fixture = json.loads((FIXTURES / f"{kind_of(message)}.json").read_text(encoding="utf-8"))
    assert fixture["message"].keys() == get_type_hints(message).keys()
    assert conforms(fixture["message"], message)


def test_every_fixture_belongs_to_a_message() -> None:
    assert {path.stem for path in FIXTURES.glob("*.json")} == set(map(kind_of, MESSAGES))


def test_every_update_is_in_the_union_and_every_request_too() -> None:
    named = {*get_args(protocol.Update), *get_args(protocol.Request), *get_args(protocol.Message)}
    assert named == set(MESSAGES)


def test_the_typescript_is_what_the_generator_writes() -> None:
    generated = ROOT / "js" / "src" / "protocol.gen.ts"
    before = generated.read_text(encoding="utf-8")
    subprocess.run([sys.executable, ROOT / "js" / "generate_protocol.py"], check=True)
    assert generated.read_text(encoding="utf-8") == before
    names = set(re.findall(r"^export interface (\w+)", before, re.MULTILINE))
    assert {message.__name__ for message in MESSAGES} <= names
