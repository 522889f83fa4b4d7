"""Peers that are missing, or too old, are named with the command that installs them."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import re
import subprocess
import sys

import pytest

from nbviz.errors import ConfigurationError, MissingDependencyError
from nbviz.integrations.peers import require

PEERS = {
    "accelerate": "accelerate",
    "fastai": "fastai",
    "huggingface": "transformers",
    "ignite": "pytorch-ignite",
    "keras": "keras",
    "lightning": "lightning",
    "skorch": "skorch",
    "tqdm": "tqdm",
}


@pytest.fixture
def without_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules of ours that are imported anew, and the peers' that they look for."""
    for name in PEERS:
        whole = f"nbviz.integrations.{name}"
        for known in [one for one in sys.modules if one == whole or one.startswith(f"{whole}.")]:
            monkeypatch.delitem(sys.modules, known)
    for name in ("lightning.pytorch", "pytorch_lightning"):
        monkeypatch.delitem(sys.modules, name, raising=False)


@pytest.mark.usefixtures("without_ours")
@pytest.mark.parametrize("name", PEERS)
def test_a_missing_peer_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(package: str) -> str:
        raise importlib.metadata.PackageNotFoundError(package)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    with pytest.raises(MissingDependencyError, match=f"pip install {PEERS[name]}"):
        importlib.import_module(f"nbviz.integrations.{name}")


@pytest.mark.usefixtures("without_ours")
@pytest.mark.parametrize("name", PEERS)
def test_a_peer_that_is_too_old_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "version", lambda _: "0.1rc1")
    with pytest.raises(ConfigurationError, match=rf'pip install "{PEERS[name]}>=\d'):
        importlib.import_module(f"nbviz.integrations.{name}")


def test_versions_are_compared_as_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "version", lambda _: "0.10.0.dev1")
    assert require("any", "0.9", "json") is importlib.import_module("json")
    monkeypatch.setattr(importlib.metadata, "version", lambda _: "3")
    assert require("any", "2.7", "json") is importlib.import_module("json")


def test_a_peer_that_cannot_be_imported_is_named_with_its_reason() -> None:
    # In a process of its own: what of keras is imported until then stays.
    code = "import sys; sys.modules['tensorflow'] = None; import nbviz.integrations.keras"
    found = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "KERAS_BACKEND": "tensorflow"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    last = found.stderr.strip().splitlines()[-1]
    assert re.search(r'ConfigurationError: keras .* cannot be imported .*tensorflow.*"torch"', last)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("huggingface", "TensorBoardCallback"),
        ("ignite", "ProgressBar"),
        ("lightning", "WandbLogger"),
        ("tensorboardX", "FileWriter"),
    ],
)
def test_a_name_of_a_peers_that_is_not_served_says_what_to_use(module: str, name: str) -> None:
    ours = importlib.import_module(f"nbviz.integrations.{module}")
    with pytest.raises(ConfigurationError, match=rf"{module}\.{name} is not served; .*"):
        getattr(ours, name)
    with pytest.raises(AttributeError, match="no attribute 'Unknown'"):
        _ = ours.Unknown
