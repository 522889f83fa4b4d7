"""How a release is made: its tag, what is refused, and the workflow that publishes it."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
VERSION = json.loads((ROOT / "js" / "package.json").read_text())["version"]
WORKFLOWS = ROOT / ".github" / "workflows"


@pytest.fixture
def release(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module tools/release.py."""
    monkeypatch.syspath_prepend(ROOT / "tools")
    import release

    return release


def workflow(name: str) -> dict[str, Any]:
    content = yaml.safe_load((WORKFLOWS / name).read_text())
    return {**content, "on": content[True]}  # YAML 1.1 reads the word as a truth value


def test_another_versions_tag_is_refused_before_anything_is_built(tmp_path: Path) -> None:
    kept = tmp_path / "kept.whl"
    kept.touch()
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "release.py", "v9.9.9", "--outdir", tmp_path],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert f"the tag is 'v9.9.9', but js/package.json has version '{VERSION}'" in done.stderr
    assert kept.exists()


def test_a_version_that_the_changelog_lacks_is_refused(
    release: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "js").mkdir()
    (tmp_path / "js" / "package.json").write_text('{"version": "1.2.3"}')
    changes = tmp_path / "CHANGELOG.md"
    changes.write_text("## [Unreleased]\n")
    monkeypatch.setattr(release, "ROOT", tmp_path)
    with pytest.raises(release.ReleaseError, match=re.escape("no section '## [1.2.3]'")):
        release.check_tag("v1.2.3")
    changes.write_text("## [Unreleased]\n\n## [1.2.3] - 2026-01-02\n")
    release.check_tag("v1.2.3")


@pytest.mark.parametrize(
    ("in_wheel", "in_archive", "message"),
    [
        (None, b"built", "nbviz-1.whl lacks nbviz/static/widget.js"),
        (b"built", None, "nbviz-1.tar.gz lacks nbviz/static/widget.js"),
        (b"stale", b"built", "nbviz/static/widget.js is not the one that was built here"),
        (b"built", b"stale", "nbviz/static/widget.js is not the one that was built here"),
    ],
)
def test_archives_without_the_front_end_that_was_built_are_refused(
    archives: Any, in_wheel: bytes | None, in_archive: bytes | None, message: str
) -> None:
    check, error = archives
    with pytest.raises(error, match=re.escape(message)):
        check(in_wheel, in_archive)
    check(b"built", b"built")


@pytest.fixture
def archives(release: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that checks a wheel and an archive with these bundles, and what it raises."""
    name = "nbviz/static/widget.js"
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_bytes(b"built")
    monkeypatch.setattr(release, "ROOT", tmp_path)
    wheel, archive = tmp_path / "nbviz-1.whl", tmp_path / "nbviz-1.tar.gz"

    def check(in_wheel: bytes | None, in_archive: bytes | None) -> None:
        with zipfile.ZipFile(wheel, "w") as files:
            if in_wheel is not None:
                files.writestr(name, in_wheel)
        with tarfile.open(archive, "w:gz") as members:
            if in_archive is not None:
                member = tarfile.TarInfo(f"nbviz-1/{name}")
                member.size = len(in_archive)
                members.addfile(member, io.BytesIO(in_archive))
        release.check_contents(wheel, archive)

    return check, release.ReleaseError


def test_a_tag_publishes_what_was_checked_and_nothing_else_may() -> None:
    content = workflow("release.yml")
    assert content["on"] == {"push": {"tags": ["v*"]}}
    assert content["permissions"] == {}
    jobs = content["jobs"]
    may_publish = [name for name, job in jobs.items() if "id-token" in job["permissions"]]
    assert may_publish == ["publish"]
    assert set(jobs["publish"]["needs"]) == {"checks", "build"}
    assert jobs["checks"]["uses"] == "./.github/workflows/ci.yml"
    assert "workflow_call" in workflow("ci.yml")["on"]
    # What the build gives on is what the publishing step takes.
    uses = [step.get("uses", "").split("@")[0] for step in jobs["publish"]["steps"]]
    assert uses == ["actions/download-artifact", "pypa/gh-action-pypi-publish"]
    given = next(s for s in jobs["build"]["steps"] if "upload-artifact" in s.get("uses", ""))
    assert given["with"]["name"] == jobs["publish"]["steps"][0]["with"]["name"]
    assert 'make build TAG="$GITHUB_REF_NAME"' in [s.get("run") for s in jobs["build"]["steps"]]
    assert "secrets." not in (WORKFLOWS / "release.yml").read_text()


@pytest.mark.parametrize("name", sorted(path.name for path in WORKFLOWS.glob("*.yml")))
def test_workflows_run_commands_that_exist(name: str) -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    commands = [
        step["run"]
        for job in workflow(name)["jobs"].values()
        for step in job.get("steps", [])
        if "run" in step
    ]
    assert commands
    for command in commands:
        program, *rest = command.split()
        if program == "make":
            assert rest[0] in targets
        else:
            assert program == "git" or (ROOT / program).is_file(), command
