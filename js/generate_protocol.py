"""Writes src/protocol.gen.ts from nbviz/protocol.py. Standard library only."""

import importlib.util
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
SCALARS = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null"}


def load(path: Path) -> types.ModuleType:
    """Import one file without its package, so that torch is not needed."""
    spec = importlib.util.spec_from_file_location("protocol", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
    raise TypeError(f"protocol.py uses a type with no TypeScript form: {hint!r}")


def field(name: str, hint: Any) -> str:
    """Return one field of an interface."""
    if get_origin(hint) is NotRequired:
        return f"\t{name}?: {typescript(get_args(hint)[0])};"
    return f"\t{name}: {typescript(hint)};"


def main() -> None:
    """Write the file."""
    protocol = load(HERE.parent / "nbviz" / "protocol.py")
    scope = vars(protocol)
    out = ["// Generated from nbviz/protocol.py by generate_protocol.py. Do not edit.", ""]
    for name, value in list(scope.items()):
        if is_typeddict(value):
            out += [
                f"/** {' '.join((value.__doc__ or '').split())} */",
                f"export interface {name} {{",
            ]
            hints = get_type_hints(value, scope, include_extras=True)
            out += [field(key, hint) for key, hint in hints.items()]
            out += ["}", ""]
        elif get_origin(value) in (Literal, types.UnionType):
            out += [f"export type {name} = {typescript(value)};", ""]
        elif name == "PROTOCOL_VERSION":
            out += [f"export const {name} = {value};", ""]
    (HERE / "src" / "protocol.gen.ts").write_text("\n".join(out), encoding="utf-8")


if __name__ == "__main__":
    main()
