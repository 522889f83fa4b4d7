"""tools/checks.py: what it leaves out is there to be left out, and is run elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module tools/checks.py."""
    monkeypatch.syspath_prepend(ROOT / "tools")
    import checks

    return checks


def test_what_colabs_environment_leaves_out_exists_and_runs_in_the_main_one(checks: Any) -> None:
    assert [path for path in checks.NOT_IN_COLAB if not (ROOT / path).exists()] == []
    commands = {check.name: check.command for check in checks.CHECKS}
    left_out = {part for part in commands["unit"] if part.startswith("--ignore=")}
    assert left_out == {f"--ignore={folder}" for folder in checks.APART}
    left_out = {f"--ignore={path}" for path in checks.NOT_IN_COLAB}
    assert set(commands["colab"]) >= left_out
    assert set(commands["colab-training"]) >= left_out
    elsewhere = {part for part in commands["colab"] if part.startswith("--ignore=")} - left_out
    in_training = {f"--ignore={path}" for path in commands["colab-training"]}
    assert elsewhere - {f"--ignore={folder}" for folder in checks.APART} <= in_training


def test_every_notebook_runs_in_one_of_the_environments(checks: Any) -> None:
    commands = {check.name: check.command for check in checks.CHECKS}
    for left_out in checks.NOTEBOOKS.values():
        assert (left_out in commands["unit"]) != (left_out in commands["colab"])


def test_every_test_is_in_a_check(checks: Any) -> None:
    apart = {part for check in checks.CHECKS for part in check.command if part in checks.APART}
    assert apart == set(checks.APART)
    assert "tests" in checks.UNIT
