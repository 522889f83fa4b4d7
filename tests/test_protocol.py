"""The protocol: one fixture a message, with its fields, and TypeScript that is not stale."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    get_args,
    get_type_hints,
    is_typeddict,
)

import pytest
from protocol_types import FIXTURES, conforms, fixture, kind_of

from nbviz import protocol
from nbviz.panels import PANELS

if TYPE_CHECKING:
    import types

ROOT = Path(__file__).parent.parent
GENERATED = ROOT / "js" / "src"


def messages_of(module: types.ModuleType) -> list[type]:
    """The messages that a module of the protocol defines."""
    return [
        value
        for name, value in vars(module).items()
        if is_typeddict(value)
        and (value.__module__, value.__name__) == (module.__name__, name)
        and "kind" in value.__annotations__
        and name != "GraphNode"
    ]


MESSAGES = [message for module in (*protocol.MODULES, protocol) for message in messages_of(module)]


@pytest.mark.parametrize("message", MESSAGES, ids=kind_of)
def test_message_has_a_fixture_of_its_type(message: type) -> None:
    example = fixture(message)
    assert example.keys() == get_type_hints(message).keys()
    assert conforms(example, message)


def test_every_fixture_belongs_to_a_message() -> None:
    assert {path.stem for path in FIXTURES.glob("*.json")} == set(map(kind_of, MESSAGES))


def test_every_update_is_in_the_union_and_every_request_too() -> None:
    named = {*get_args(protocol.Update), *get_args(protocol.Request), *get_args(protocol.Message)}
    assert named == set(MESSAGES)


def test_every_answer_belongs_to_a_request_that_waits_for_it() -> None:
    asked = [m for m in get_args(protocol.Request) if "request_id" in get_type_hints(m)]
    assert set(protocol.ANSWERS) == set(asked)
    for updates in protocol.ANSWERS.values():
        for update in updates:
            assert update in get_args(protocol.Update)
            assert {"client_id", "request_id"} <= get_type_hints(update).keys()


def test_the_typescript_is_what_the_generator_writes(tmp_path) -> None:
    generator = ROOT / "js" / "generate_protocol.py"
    subprocess.run([sys.executable, generator, "--out", tmp_path], check=True)
    written = {path.relative_to(tmp_path) for path in tmp_path.rglob("*.ts")}
    kept = {path.relative_to(GENERATED) for path in GENERATED.rglob("*.gen.ts")}
    assert written == kept
    sources = {path: (tmp_path / path).read_text(encoding="utf-8") for path in written}
    for path, source in sources.items():
        assert (GENERATED / path).read_text(encoding="utf-8") == source, path
    names = set(re.findall(r"^export interface (\w+)", "\n".join(sources.values()), re.MULTILINE))
    assert {message.__name__ for message in MESSAGES} <= names


def test_the_page_has_the_panels_in_their_order() -> None:
    source = (GENERATED / "panels" / "panels.gen.ts").read_text(encoding="utf-8")
    listed = re.search(r"PANELS = \[(.*)\]", source)
    assert listed
    assert listed[1].split(", ") == [panel.name for panel in PANELS]
