"""Writes the page's copies of what Python says once. Standard library only.

src/protocol/*.gen.ts come from nbviz/protocol/, a module each; src/panels/panels.gen.ts, the list
of panels, from nbviz/panels/. With `--out DIRECTORY` they are written there instead of into src/.
"""

import argparse
import ast
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
PACKAGE = HERE.parent / "nbviz"
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
        if name in ("Updates", "Requests"):  # which the package joins
            continue
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


def write(folder: Path, name: str, parts: list[list[str]], homes: dict[str, str]) -> None:
    """Write one file of the protocol."""
    lines = [line for part in parts for line in (*part, "")]
    source = f"nbviz/protocol/{'__init__' if name == 'index' else name}.py"
    head = [f"// Generated from {source} by generate_protocol.py. Do not edit."]
    head += imports(lines, homes, name)
    (folder / f"{name}.gen.ts").write_text("\n".join([*head, "", *lines]), encoding="utf-8")


def write_protocol(folder: Path) -> None:
    """Write a file for each module of the protocol, and one for all of them."""
    protocol = load(PACKAGE / "protocol")
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
        write(folder, name, list(own.values()), homes)
    everything = [f'export type * from "./{home}.gen";' for home in dict.fromkeys(homes.values())]
    envelopes = definitions(vars(protocol), protocol.__name__)
    write(folder, "index", [everything, *envelopes.values(), answers(protocol)], homes)


def panel_names(source: str) -> list[str]:
    """Return the names in `PANELS`, which are read and not imported: torch need not be there."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "PANELS":
            assert isinstance(node.value, ast.Tuple)
            return [ast.unparse(one).removesuffix(".PANEL") for one in node.value.elts]
    raise ValueError("nbviz/panels/__init__.py has no PANELS: …")


def write_panels(folder: Path) -> None:
    """Write the list of panels; each has a folder there, whose index exports `panel`."""
    names = panel_names((PACKAGE / "panels" / "__init__.py").read_text(encoding="utf-8"))
    lines = [
        "// Generated from nbviz/panels/__init__.py by generate_protocol.py. Do not edit.",
        *(f'import {{ panel as {name} }} from "./{name}";' for name in names),
        "",
        f"export const PANELS = [{', '.join(names)}] as const;",
    ]
    (folder / "panels.gen.ts").write_text("\n".join([*lines, ""]), encoding="utf-8")


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE / "src", help="in place of src/")
    out: Path = parser.parse_args().out
    for folder in ("protocol", "panels"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    write_protocol(out / "protocol")
    write_panels(out / "panels")


if __name__ == "__main__":
    main()
