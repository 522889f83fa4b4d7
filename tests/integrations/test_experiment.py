"""init, log, watch and finish, as experiment trackers have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

import nbviz
from nbviz.errors import LoggingError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def nothing_stays() -> Iterator[None]:
    yield
    nbviz.finish()


def test_a_loop_written_for_a_tracker(tmp_path: Path) -> None:
    run = nbviz.init(project="digits", name="first", config={"lr": 0.1}, dir=tmp_path, tags=["a"])
    assert nbviz.config.lr == 0.1
    nbviz.config.epochs = 3
    for epoch in range(nbviz.config["epochs"]):
        nbviz.log({"train": {"loss": 1 / (epoch + 1)}, "acc": torch.tensor(0.5)})
    nbviz.finish()
    opened = nbviz.open_run(tmp_path)
    assert run.name == "digits/first"
    assert opened["train/loss"].steps.tolist() == [0, 1, 2]
    assert (opened.status, opened.hyperparameters.all["epochs"]) == ("finished", 3)
    assert run.run.status == "finished"
    with pytest.raises(LoggingError, match=r"begin one with nbviz\.init"):
        nbviz.watch(torch.nn.Linear(1, 1))


def test_what_is_not_committed_is_of_the_same_step() -> None:
    run = nbviz.init()
    nbviz.log({"a": 1.0}, commit=False)
    nbviz.log({"b": 2.0})
    nbviz.log({"a": 3.0})
    nbviz.log({"a": 4.0}, step=10)
    nbviz.log({"b": 5.0}, step=10)
    assert run.run["a"].steps.tolist() == [0, 1, 10]
    assert run.run["b"].steps.tolist() == [0, 10]


def test_images_histograms_and_texts_among_the_values() -> None:
    with nbviz.init() as run:
        nbviz.log(
            {
                "photo": nbviz.Image(np.zeros((4, 6, 3), np.uint8), caption="black"),
                "grid": [nbviz.Image(np.zeros((4, 6), np.uint8)) for _ in range(4)],
                "counted": nbviz.Histogram(np_histogram=([1, 2], [0.0, 0.5, 1.0])),
                "values": nbviz.Histogram([1.0, 2.0, 3.0], num_bins=4),
                "note": "hello",
                "loss": 0.5,
            }
        )
    media = run.run.media
    kinds = {tag: media[tag].kind for tag in media}
    assert kinds == {
        "photo": "image",
        "photo/caption": "text",
        "grid": "image",
        "counted": "histogram",
        "values": "histogram",
        "note": "text",
    }
    assert media["counted"][0].value.counts.tolist() == [1, 2]
    assert run.run["loss"].values.tolist() == [0.5]
    with pytest.raises(
        LoggingError, match=r"one more edge than counts, got shapes \(2,\) and \(2,\)"
    ):
        nbviz.Histogram(np_histogram=([1, 2], [0.0, 1.0]))


def test_a_second_init_ends_the_first_and_a_failure_is_one() -> None:
    first = nbviz.init(name="first")
    first.log({"loss": 1.0})
    with pytest.raises(ZeroDivisionError), nbviz.init(name="second") as second:
        nbviz.log({"loss": 1 / 0})
    assert (first.run.status, second.run.status) == ("finished", "failed")


def test_gradients_are_watched() -> None:
    model = torch.nn.Linear(3, 1)
    run = nbviz.init()
    nbviz.watch(model, log="all", log_freq=1)
    for _ in range(3):
        model(torch.rand(4, 3)).sum().backward()
        nbviz.log({"loss": 1.0})
    run.finish()
    assert {"gradients/weight/norm", "weights/weight/norm"} <= set(run.run)


def test_commit_is_for_runs_that_commit() -> None:
    wrong = pytest.raises(LoggingError, match=r"commit=False is for runs of nbviz\.init")
    with nbviz.Run(), wrong:
        nbviz.log({"a": 1.0}, commit=False)


def test_a_tracker_s_quickstart_and_what_its_docs_log() -> None:
    from matplotlib import pyplot as plt

    import nbviz as wandb

    assert wandb.login(key="mine", relogin=True)
    assert wandb.run is None
    options = {"settings": wandb.Settings(start_method="thread"), "mode": "offline", "id": "a"}
    run = wandb.init(project="p", config={"lr": 0.1}, **options)
    assert wandb.run is run
    assert (run.project, run.url, run.dir, run.id) == ("p", None, ".", run.run.run_id)
    plt.switch_backend("agg")
    plt.plot([1, 2])
    run.log({"loss": 0.5, "chart": plt, "logits": torch.zeros(8), "scalar": np.ones(1)})
    tone = wandb.Audio(np.zeros(100), sample_rate=8000, caption="silence")
    run.log({"tone": tone, "clip": wandb.Video(np.zeros((2, 3, 4, 4), np.uint8), fps=4)})
    run.summary["best"] = 0.25
    run.summary.update({"note": "good"})
    kinds = {tag: run.run.media[tag].kind for tag in ("chart", "logits", "tone", "clip")}
    assert list(kinds.values()) == ["figure", "histogram", "audio", "video"]
    assert (run.run["scalar"].last.value, run.run["best"].last.step) == (1.0, 1)
    summary = [run.summary.get(name) for name in ("loss", "best", "note", "none")]
    assert summary == [0.5, 0.25, "good", None]
    model = torch.nn.Linear(2, 2)
    wandb.watch(model, log_freq=10)
    wandb.unwatch(model)
    wandb.watch(model, log_freq=5)
    wandb.finish()
    assert wandb.run is None


@pytest.mark.parametrize("name", ["Artifact", "sweep", "plot", "save", "alert", "Html"])
def test_what_is_not_served_of_a_tracker_says_what_to_use(name: str) -> None:
    with pytest.raises(AttributeError, match=f"'{name}' of W&B is not served; "):
        getattr(nbviz, name)
    with pytest.raises(AttributeError, match=r"log_artifact.*trainer\.save"):
        _ = nbviz.init().log_artifact
    with pytest.raises(LoggingError, match="draw_bounding_boxes"):
        nbviz.Image(np.zeros((4, 4)), boxes={"predictions": {}})
    assert not hasattr(nbviz, "nonsense")
