"""Writes src/protocol/*.gen.ts from nbviz/protocol/, a module each. Standard library only."""

import importlib
import re
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

HERE = Path(__file__).parent
OUT = HERE / "src" / "protocol"
SCALARS = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null"}


def load(folder: Path) -> types.ModuleType:
    """Import the package without `nbviz` around it, so that nothing else is needed."""
    parent = types.ModuleType("nbviz")
    parent.__path__ = [str(folder.parent)]
    sys.modules["nbviz"] = parent
    return importlib.import_module("nbviz.protocol")


def typescript(hint: Any) -> str:
    """Return the TypeScript type of a Python type hint."""
    if hint in SCALARS:
        return SCALARS[hint]
    if is_typeddict(hint):
        return hint.__name__
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return " | ".join(f'"{arg}"' for arg in args)
    if origin in (types.UnionType, Union):  # the latter where a Literal may be None
        return " | ".join(map(typescript, args))
    if origin is list:
        inner = typescript(args[0])
        return f"({inner})[]" if "|" in inner else f"{inner}[]"
    if origin is tuple:
        return f"[{', '.join(map(typescript, args))}]"
    if origin is dict:
        return f"Record<{typescript(args[0])}, {typescript(args[1])}>"
    if hint is Any:
        return "unknown"
    raise TypeError(f"the protocol uses a type with no TypeScript form: {hint!r}")


def field(name: str, hint: Any) -> str:
    """Return one field of an interface."""
    if get_origin(hint) is NotRequired:
        return f"\t{name}?: {typescript(get_args(hint)[0])};"
    return f"\t{name}: {typescript(hint)};"


def definitions(scope: dict[str, Any], owner: str) -> dict[str, list[str]]:
    """Return the lines of each type that a module defines, by the type's name."""
    found: dict[str, list[str]] = {}
    for name, value in scope.items():
        if is_typeddict(value) and value.__module__ == owner:
            hints = get_type_hints(value, scope, include_extras=True)
            found[name] = [
                f"/** {' '.join((value.__doc__ or '').split())} */",
                f"export interface {name} {{",
                *(field(key, hint) for key, hint in hints.items()),
                "}",
            ]
        elif name[0].isupper() and get_origin(value) in (Literal, types.UnionType):
            found[name] = [f"export type {name} = {typescript(value)};"]
    return found


def answers(protocol: types.ModuleType) -> list[str]:
    """Return the interface that says which updates answer which request."""
    rows = {
        get_args(get_type_hints(request)["kind"])[0]: " | ".join(u.__name__ for u in updates)
        for request, updates in protocol.ANSWERS.items()
    }
    return [
        "/** Which updates answer a request, by its kind. */",
        "export interface Answers {",
        *(f"\t{kind}: {updates};" for kind, updates in rows.items()),
        "}",
    ]


def imports(lines: list[str], homes: dict[str, str], module: str) -> list[str]:
    """Return the import statements for the types of other modules that these lines name."""
    code = "\n".join(line for line in lines if not line.startswith("/**"))
    used = {name for name in homes if homes[name] != module and re.search(rf"\b{name}\b", code)}
    of = {home: {name for name in homes if homes[name] == home} for home in homes.values()}
    return [
        f'import type {{ {", ".join(sorted(used & of[home]))} }} from "./{home}.gen";'
        for home in of
        if used & of[home]
    ]


def write(name: str, parts: list[list[str]], homes: dict[str, str]) -> None:
    """Write one file."""
    lines = [line for part in parts for line in (*part, "")]
    source = f"nbviz/protocol/{'__init__' if name == 'index' else name}.py"
    head = [f"// Generated from {source} by generate_protocol.py. Do not edit."]
    head += imports(lines, homes, name)
    (OUT / f"{name}.gen.ts").write_text("\n".join([*head, "", *lines]), encoding="utf-8")


def main() -> None:
    """Write the files."""
    protocol = load(HERE.parent / "nbviz" / "protocol")
    OUT.mkdir(exist_ok=True)
    homes: dict[str, str] = {}
    for module in protocol.MODULES:
        name = module.__name__.rpartition(".")[2]
        own = {
            key: lines
            for key, lines in definitions(vars(module), module.__name__).items()
            if key not in homes
        }
        answered = {update for updates in protocol.ANSWERS.values() for update in updates}
        told = [u.__name__ for u in get_args(protocol.Update) if u not in answered]
        if union := " | ".join(update for update in told if update in own):
            own[f"{name.title()}Update"] = [
                "/** What comes unasked. */",
                f"export type {name.title()}Update = {union};",
            ]
        homes |= dict.fromkeys(own, name)
        write(name, list(own.values()), homes)
    everything = [f'export type * from "./{home}.gen";' for home in dict.fromkeys(homes.values())]
    envelopes = definitions(vars(protocol), protocol.__name__)
    write("index", [everything, *envelopes.values(), answers(protocol)], homes)


if __name__ == "__main__":
    main()
