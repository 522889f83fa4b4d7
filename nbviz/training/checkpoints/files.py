"""Checkpoints as files: written whole or not at all, read without running what is in them."""

from __future__ import annotations

import contextlib
import glob
import os
import pickle
import platform
import socket
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import psutil
import torch

from nbviz.errors import CheckpointError, describe
from nbviz.training.checkpoints.parts import Checkpoint
from nbviz.training.checkpoints.trees import from_plain, to_plain

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT = "nbviz.checkpoint"
VERSION = 1
_PARTIAL = ".partial"


def write_checkpoint(
    path: str | Path, checkpoint: Checkpoint, extra: Mapping[str, Any] | None = None
) -> Path:
    """Write a checkpoint; a file that is there is replaced once the new one is on the disk.

    The file is torch's own format: `torch.load(path, weights_only=True)["model"]` is the model's
    state dict.

    Args:
        path: Where to.
        checkpoint: What.
        extra: What else belongs to it, by name, such as the curves.

    Returns:
        The path.

    Raises:
        CheckpointError: It holds what cannot be written, or the file cannot be.
    """
    checkpoint.wait()
    path = Path(path).absolute()
    content: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "step": checkpoint.step,
        "epoch": checkpoint.epoch,
        "made_by": environment(),
        "parts": {name: to_plain(part, name) for name, part in checkpoint.parts.items()},
        "extra": to_plain(dict(extra or {}), "extra"),
    }
    content["model"] = content["parts"]["model"]["tensors"]
    partial = path.with_name(f".{path.name}.{socket.gethostname()}-{os.getpid()}{_PARTIAL}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(path)
        with partial.open("wb") as file:
            torch.save(content, file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        _sync_directory(path.parent)
    except (OSError, RuntimeError) as error:  # torch's writer raises the latter on a full disk
        with contextlib.suppress(OSError):
            partial.unlink()
        raise CheckpointError(
            f"the checkpoint {str(path)!r} could not be written ({describe(error)}); what was "
            "there before is as it was. Make room, or give a path that can be written to."
        ) from error
    return path


def read_checkpoint(path: str | Path) -> tuple[Checkpoint, dict[str, Any], dict[str, Any]]:
    """Read a checkpoint.

    Returns:
        The checkpoint; what `write_checkpoint` was given as `extra`; and in which environment it
        was made, as `environment` describes it.

    Raises:
        CheckpointError: There is no such file, it is not a checkpoint, is cut or damaged, or was
            written by a newer nbviz.
    """
    path = Path(path).absolute()
    loaded = _load(path)
    content = cast("dict[str, Any]", loaded if isinstance(loaded, dict) else {})
    if content.get("format") != FORMAT:
        raise CheckpointError(
            f"{str(path)!r} is a file of torch.save, but no checkpoint of nbviz: it was not "
            "written by trainer.save(). Load it with torch.load and model.load_state_dict."
        )
    version: Any = content.get("version")
    if version != VERSION:
        raise CheckpointError(
            f"{str(path)!r} was written by a newer nbviz (format {version}, and this one reads "
            f"{VERSION}). Update nbviz: pip install -U nbviz."
        )
    try:
        checkpoint = Checkpoint(
            int(content["step"]), int(content["epoch"]), from_plain(content["parts"])
        )
        return checkpoint, from_plain(content["extra"]), dict(content["made_by"])
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"{str(path)!r} is damaged: {describe(error)}. Give another checkpoint."
        ) from error


def environment() -> dict[str, Any]:
    """Return what the last bits of a result depend on, beside the state."""
    return {
        "nbviz": _version(),
        "torch": str(torch.__version__),
        "machine": platform.machine(),
        "processor": _processor(),
        "cpus": os.cpu_count() or 0,
    }


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("nbviz")
    except PackageNotFoundError:  # imported from a checkout that is not installed
        return "unknown"


def describe_differences(made_by: Mapping[str, Any]) -> str | None:
    """Return a sentence on why results may differ in their last bits here; None if they do not."""
    now = environment()
    names = {"torch": "torch", "machine": "machine", "processor": "processor", "cpus": "cores:"}
    other = [
        f"{named} {made_by.get(key)} (here {now[key]})"
        for key, named in names.items()
        if made_by.get(key) != now[key]
    ]
    if not other:
        return None
    return (
        f"the checkpoint was made with {', '.join(other)}: the run goes on from the same state, "
        "but its numbers may differ in their last bits from those that it would have had there."
    )


def _load(path: Path) -> Any:
    named = repr(str(path))
    try:
        if not zipfile.is_zipfile(path):
            size = path.stat().st_size  # raises where there is none
            raise CheckpointError(
                f"{named} is no checkpoint, or it is cut ({size:,} bytes): such a file is written "
                "by trainer.save(). Give another one."
            )
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()  # torch's own reader leaves the checksums out
        if damaged is not None:
            raise CheckpointError(
                f"{named} is damaged: the checksum of {damaged} is wrong. Give another checkpoint."
            )
        return torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise CheckpointError(f"{named} does not exist; give a file of trainer.save().") from None
    except OSError as error:
        raise CheckpointError(f"{named} cannot be read: {error.strerror or error}.") from error
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{named} holds objects whose reading could run code, so it is not read; a checkpoint "
            "of trainer.save() has none."
        ) from error
    except (RuntimeError, zipfile.BadZipFile, EOFError, ValueError) as error:
        raise CheckpointError(
            f"{named} is no checkpoint, or it is damaged ({describe(error)}). Give another one."
        ) from error


def _remove_leftovers(path: Path) -> None:
    """Remove what processes of this machine that are gone were writing when they ended."""
    prefix = f".{path.name}.{socket.gethostname()}-"
    for found in path.parent.glob(f"{glob.escape(prefix)}*{_PARTIAL}"):
        number = found.name[len(prefix) : -len(_PARTIAL)]
        if number.isascii() and number.isdigit() and not _is_running(int(number)):
            with contextlib.suppress(OSError):
                found.unlink()


def _is_running(process: int) -> bool:
    return psutil.pid_exists(process)


def _sync_directory(path: Path) -> None:
    if os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError:  # a file system that has nothing to sync
        pass
    finally:
        os.close(descriptor)


def _processor() -> str:
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor()
