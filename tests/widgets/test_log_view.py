"""`%nbviz --logdir runs`: trees of event files of any writer, as they grow."""

from __future__ import annotations

import importlib
import time
from typing import TYPE_CHECKING, Any

import pytest
import tensorboardX
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from torch.utils.tensorboard import SummaryWriter

import nbviz
from nbviz.errors import ConfigurationError, MissingDependencyError
from nbviz.recording.journal.remote_files import RemoteFiles
from nbviz.widgets.log_options import read_options
from nbviz.widgets.log_view import LogView, show_log_view

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def write(folder: Path, value: float, writer: Any = SummaryWriter) -> None:
    with writer(str(folder)) as one:
        one.add_scalar("loss", value, 1)


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 180
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


# ---------------------------------------------------------------- options


def test_tensorboards_options_are_accepted_and_what_has_no_use_is_named() -> None:
    options = read_options("--logdir runs --port=6006 --bind_all --reload_interval 30")
    assert options.directories == [("", "runs")]
    assert options.reload_seconds == 30
    assert options.unused == ["--port", "--bind_all"]
    assert read_options("'my runs' --panels curves,runs").directories == [("", "my runs")]
    assert read_options("-l runs").directories == [("", "runs")]
    spec = read_options("--logdir_spec base:old,new")
    assert spec.directories == [("base", "old"), ("", "new")]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--logdri runs", r"no option --logdri; did you mean --logdir\?"),
        ("runs --reload_intervall=3", r"did you mean --reload_interval\?"),
        ("runs --zzz", "has no option --zzz; it has --logdir"),
        ("--logdir", "--logdir needs a value"),
        ("--logdir --port 3", "--logdir needs a value"),
        ("", r"needs a directory of event files, such as %nbviz --logdir runs\."),
        ("runs --reload_interval soon", "must be seconds, at least 0; got 'soon'"),
    ],
)
def test_a_line_that_cannot_be_understood_says_what_to_write(line: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        read_options(line)


# ---------------------------------------------------------------- the view


def test_runs_of_any_writer_are_shown_and_those_that_begin_later_are_added(
    tmp_path: Path,
) -> None:
    write(tmp_path / "a", 1.0)
    write(tmp_path / "b" / "c", 2.0, tensorboardX.SummaryWriter)
    view = LogView([("", str(tmp_path))], reload_seconds=0.02)
    assert [run.name for run in view.runs] == ["a", "b/c"]
    with nbviz.Run("later", dir=tmp_path / "d") as run:
        run.log({"loss": 3.0}, 1)
    wait_for(lambda: len(view.runs) == 3)
    view.runs[2].refresh()  # it may have been found before its first point
    assert view.runs[2]["loss"].values.tolist() == [3.0]
    assert [row["run"] for row in view.table()] == ["a", "b/c", "d"]
    view.close()


def test_a_directory_without_runs_waits_for_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    view = show_log_view(f"--logdir {tmp_path} --port 6006 --reload_interval 0")
    said = capsys.readouterr().out
    assert "--port is not used: no server runs." in said
    assert "no event files" in said
    assert view.runs == ()
    write(tmp_path / "a", 1.0)
    wait_for(lambda: len(view.runs) == 1)
    view.close()


def test_several_directories_tell_their_runs_apart(tmp_path: Path) -> None:
    write(tmp_path / "old" / "a", 1.0)
    write(tmp_path / "new" / "a", 2.0)
    write(tmp_path / "new", 3.0)
    view = LogView([("base", str(tmp_path / "old")), ("ours", str(tmp_path / "new"))])
    assert [run.name for run in view.runs] == ["base/a", "ours", "ours/a"]
    view.close()


def test_a_process_that_begins_beside_another_is_a_run_of_its_own(tmp_path: Path) -> None:
    from nbviz.recording.journal.run_tree import RunTree

    tree = RunTree(tmp_path)
    with nbviz.Run("first", dir=tmp_path / "a") as first:
        first.log({"loss": 1.0}, 1)
        first.journal.flush()
        assert [run.name for run in tree.new_runs()] == ["a"]
        with nbviz.Run("second", dir=tmp_path / "a") as second:
            second.log({"loss": 2.0}, 1)
        first.log({"loss": 3.0}, 2)
    (other,) = tree.new_runs()
    assert other.name == "a (second)"
    assert other["loss"].values.tolist() == [2.0]
    assert tree.new_runs() == []


# ---------------------------------------------------------------- other file systems


def test_a_path_of_another_file_system_is_followed_as_it_grows() -> None:
    fsspec: Any = importlib.import_module("fsspec")
    files = fsspec.filesystem("memory")
    records = _records([1.0, 2.0])
    files.pipe("/bucket/runs/a/events.out.tfevents.1.host.1", records[0])
    view = LogView([("", "memory://bucket/runs")], reload_seconds=0.02)
    assert [run.name for run in view.runs] == ["a"]
    files.pipe("/bucket/runs/a/events.out.tfevents.1.host.1", b"".join(records))
    files.pipe("/bucket/runs/b/events.out.tfevents.2.host.2", records[0])

    def is_there() -> bool:
        for run in view.runs:
            run.drain()
        return len(view.runs) == 2 and len(view.runs[0]["loss"]) == 2

    wait_for(is_there)
    assert view.runs[0]["loss"].values.tolist() == [1.0, 2.0]
    view.close()


def _records(values: list[float]) -> list[bytes]:
    import numpy as np

    from nbviz.recording.event_files.messages import scalar_records

    return [
        scalar_records(np.array([1.0 + step]), np.array([step]), ["loss"], [np.array([value])])
        for step, value in enumerate(values, 1)
    ]


def test_without_fsspec_and_for_unknown_systems_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(ConfigurationError, match="'nosuch://a'"):
        RemoteFiles("nosuch://a")
    monkeypatch.setitem(__import__("sys").modules, "fsspec.core", None)
    with pytest.raises(MissingDependencyError, match="pip install fsspec"):
        RemoteFiles("s3://bucket/runs")


# ---------------------------------------------------------------- the magic


def test_the_magic_stands_beside_tensorboards(tmp_path: Path) -> None:
    write(tmp_path / "a", 1.0)
    shell = InteractiveShell()
    shell.run_line_magic("load_ext", "tensorboard")
    theirs = shell.find_line_magic("tensorboard")
    shell.run_line_magic("load_ext", "nbviz")
    assert shell.find_line_magic("tensorboard") is theirs
    view = shell.run_line_magic("nbviz", f"--logdir {tmp_path}")
    assert [run.name for run in view.runs] == ["a"]
    view.close()
    with pytest.raises(UsageError, match="does not exist"):
        shell.run_line_magic("nbviz", "--logdir no_such")
    shell.run_line_magic("unload_ext", "nbviz")
    assert shell.find_line_magic("nbviz") is None
    assert shell.find_line_magic("tensorboard") is theirs
