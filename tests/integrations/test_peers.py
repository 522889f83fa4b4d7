"""Peers that are missing, or too old, are named with the command that installs them."""

from __future__ import annotations

import importlib
import importlib.metadata
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
