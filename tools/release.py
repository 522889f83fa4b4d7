"""Builds what a release gives away, the wheel and the source archive, and checks both.

`python tools/release.py` builds and checks; `python tools/release.py v1.2.3` first makes sure that
this is the version's tag and that the changelog has the version.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

from environments import ROOT

BUNDLE = "nbviz/static/widget.js"


class ReleaseError(Exception):
    """What must be put right before a release."""


def version() -> str:
    """Return the version that js/package.json has, which is Python's too."""
    return json.loads((ROOT / "js" / "package.json").read_text(encoding="utf-8"))["version"]


def check_tag(tag: str) -> None:
    """Make sure that a tag is the version's, and that the changelog says what is new.

    Raises:
        ReleaseError: It is not so.
    """
    if tag != f"v{version()}":
        raise ReleaseError(
            f"the tag is {tag!r}, but js/package.json has version {version()!r}; "
            f"tag v{version()}, or change the version first."
        )
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    if f"## [{version()}]" not in changes:
        raise ReleaseError(f"CHANGELOG.md has no section '## [{version()}]'.")


def build(folder: Path) -> tuple[Path, Path]:
    """Build the source archive into `folder`, and from it the wheel; return wheel and archive.

    Raises:
        ReleaseError: It cannot be built.
    """
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT]
    if subprocess.run(command, check=False).returncode != 0:
        raise ReleaseError("`python -m build` failed; its output is above.")
    wheel = folder / f"nbviz-{version()}-py3-none-any.whl"
    archive = folder / f"nbviz-{version()}.tar.gz"
    if sorted(folder.iterdir()) != sorted([wheel, archive]):
        found = ", ".join(path.name for path in sorted(folder.iterdir()))
        raise ReleaseError(f"expected {wheel.name} and {archive.name} alone, found {found}.")
    return wheel, archive


def check_contents(wheel: Path, archive: Path) -> None:
    """Make sure that both hold every module and the front end that was built here.

    Raises:
        ReleaseError: Something is missing or is not what was built.
    """
    built = {path.relative_to(ROOT).as_posix() for path in (ROOT / "nbviz" / "static").iterdir()}
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "nbviz").rglob("*.py")}
    if BUNDLE not in built:
        raise ReleaseError(f"{BUNDLE} is missing; build it with: make build")
    with zipfile.ZipFile(wheel) as files, tarfile.open(archive) as members:
        top = archive.name.removesuffix(".tar.gz")
        names = {
            wheel: set(files.namelist()),
            archive: {name.removeprefix(f"{top}/") for name in members.getnames()},
        }
        for path, found in names.items():
            if missing := sorted((built | modules) - found):
                raise ReleaseError(f"{path.name} lacks {', '.join(missing)}.")
        for name in built:
            here = (ROOT / name).read_bytes()
            member = members.extractfile(f"{top}/{name}")
            if member is None or not here == files.read(name) == member.read():
                raise ReleaseError(f"{name} is not the one that was built here.")


def main(arguments: list[str]) -> None:
    """Check, build, check.

    Raises:
        ReleaseError: Something must be put right first.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tag", nargs="?", help="the release's tag, such as v1.2.3")
    parser.add_argument("--outdir", type=Path, default=ROOT / "dist", help="emptied first")
    options = parser.parse_args(arguments)
    if options.tag:
        check_tag(options.tag)
    shutil.rmtree(options.outdir, ignore_errors=True)
    options.outdir.mkdir(parents=True)
    wheel, archive = build(options.outdir)
    check_contents(wheel, archive)
    for path in (wheel, archive):
        print(f"{path.name} {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except ReleaseError as error:
        sys.exit(f"release: {error}")
