"""init, log, watch and finish, as experiment trackers have them."""

from __future__ import annotations

import datetime as dt
from argparse import Namespace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

import nbviz
from nbviz.errors import ConfigurationError, LoggingError
from nbviz.integrations.tracked_overlays import CATEGORIES
from nbviz.recording.media.audio import wave_of
from nbviz.recording.media.captions import captions_of

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


def test_a_run_is_named_while_it_goes_on(tmp_path: Path) -> None:
    import nbviz as wandb

    run = wandb.init(project="digits", dir=tmp_path)
    wandb.log({"loss": 1.0})
    wandb.run.name = f"lr-{0.1}"
    wandb.run.save()
    assert run.name == "digits/lr-0.1"
    run.name += "-again"
    assert wandb.run.tags == ()
    wandb.finish()
    assert nbviz.open_run(tmp_path).name == "digits/lr-0.1-again"
    with pytest.raises(ConfigurationError, match="name"):
        run.name = ""


def test_what_a_run_is_made_with_comes_from_argparse_too() -> None:
    import nbviz as wandb

    with wandb.init(config=Namespace(lr=0.1)) as run:
        wandb.config.update(Namespace(width=8))
        assert run.run.config == {"lr": 0.1, "width": 8}
        with pytest.raises(ConfigurationError, match="must be a mapping"):
            wandb.config.update(3)
        with pytest.raises(LoggingError, match=r"nbviz\.run\.summary\['best'\]"):
            wandb.summary["best"] = 1
        with pytest.raises(LoggingError, match=r"nbviz\.run\.summary\['best'\]"):
            _ = wandb.summary["best"]
    with pytest.raises(ConfigurationError, match="must be a mapping"):
        wandb.init(config=3)


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


def captions(run: nbviz.Run, tag: str) -> list[str]:
    return [one.text for one in captions_of(run.media[tag][-1].value.data)[0]]


def test_images_of_a_tracker_keep_their_captions() -> None:
    import nbviz as wandb

    said = [f"pred {number}" for number in range(3)]
    with wandb.init() as run:
        many = [wandb.Image(np.zeros((4, 6, 3), np.uint8), caption=one) for one in said]
        run.log({"many": many, "one": many[1], "none": wandb.Image(torch.rand(3, 4, 6))})
    assert captions(run.run, "many") == said
    assert captions(run.run, "one") == said[1:2]
    assert set(run.run.media) == {"many", "one", "none"}


def test_boxes_and_masks_of_a_tracker_are_drawn() -> None:
    import nbviz as wandb

    image = np.full((40, 60, 3), 255, np.uint8)
    names = {0: "sky", 1: "cat", 2: "dog"}
    mask = np.zeros((40, 60), np.uint8)
    mask[:10, :10], mask[30:, 50:] = 1, 3
    corners = {"minX": 0.5, "maxX": 1.0, "minY": 0.25, "maxY": 0.75}
    middle = {"middle": [15, 20], "width": 20, "height": 30}
    boxes = [
        {"position": corners, "class_id": 2, "box_caption": "dog (0.9)", "scores": {"acc": 0.9}},
        {"position": middle, "domain": "pixel", "class_id": 1},
    ]
    given = {
        "masks": {
            "predictions": {"mask_data": mask, "class_labels": {1: "cat"}},
            "ground_truth": {"mask_data": torch.zeros(40, 60, dtype=torch.int64)},
        },
        "boxes": {"predictions": {"box_data": boxes, "class_labels": names}},
    }
    drawn = wandb.Image(image, caption="a photo", **given)
    predicted, true = drawn.overlays["predictions"], drawn.overlays["ground_truth"]
    cat, third, dog = ((CATEGORIES[i].tolist()) for i in (0, 2, 1))
    assert predicted[2, 2].tolist() == [(255 + value) // 2 for value in cat]
    assert predicted[38, 52].tolist() == [(255 + value) // 2 for value in third]
    assert predicted[30, 45].tolist() == dog  # the lower edge of the first, and of the second
    assert predicted[35, 15].tolist() == cat
    assert predicted[38, 30].tolist() == [255, 255, 255]
    assert np.array_equal(true, image)
    with wandb.init() as run:
        run.log({"seen": drawn})
        run.log({"several": [drawn, wandb.Image(image)]})
    assert captions(run.run, "seen") == ["a photo (predictions)", "a photo (ground_truth)"]
    assert captions(run.run, "several") == [*captions(run.run, "seen"), ""]
    for wrong in (
        {"boxes": {"predictions": {"boxes": []}}},
        {"masks": {"predictions": mask}},
        {"masks": {"predictions": {"mask_data": mask[:5]}}},
    ):
        with pytest.raises(LoggingError, match="'predictions'"):
            wandb.Image(image, **wrong)


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


def test_charts_of_a_tracker_s_tables() -> None:
    import nbviz as wandb

    rows = [[0, 1.0, "a"], [1, 3.0, "a"], [0, 2.0, "b"], [1, 5.0, "b"]]
    table = wandb.Table(columns=["x", "y", "name"], data=rows)
    charts = {
        "line": wandb.plot.line(table, "x", "y", title="A line"),
        "lines": wandb.plot.line(table, "x", "y", stroke="name"),
        "points": wandb.plot.scatter(table, "x", "y"),
        "bars": wandb.plot.bar(table, "name", "y", split_table=True),
        "histogram": wandb.plot.histogram(table, "y"),
        "series": wandb.plot.line_series([0, 1], [[1, 2], [3, 4]], keys=["p", "q"], xname="epoch"),
    }
    axes = {name: chart.figure().axes[0] for name, chart in charts.items()}
    drawn = [(one.get_label(), one.get_xydata().tolist()) for one in axes["lines"].lines]
    assert drawn == [("a", [[0, 1], [1, 3]]), ("b", [[0, 2], [1, 5]])]
    assert (axes["line"].get_title(), axes["line"].get_xlabel()) == ("A line", "x")
    assert axes["points"].collections[0].get_offsets().tolist() == [row[:2] for row in rows]
    assert [bar.get_width() for bar in axes["bars"].patches] == [1, 3, 2, 5]
    assert sum(bar.get_height() for bar in axes["histogram"].patches) == 4
    assert [one.get_ydata().tolist() for one in axes["series"].lines] == [[1, 2], [3, 4]]
    with wandb.init() as run:
        wandb.log({**charts, "loss": 1.0})
    assert {run.run.media[name].kind for name in charts} == {"figure"}
    with pytest.raises(LoggingError, match=r"no column 'z'; it has x, y, name\."):
        wandb.plot.line(table, "x", "z")
    with pytest.raises(LoggingError, match="as many xs and keys as ys, got 1 and 2 for 2"):
        wandb.plot.line_series([[0, 1]], [[1, 2], [3, 4]])
    with pytest.raises(AttributeError, match=r"'plot\.plot_table' of W&B is not served: .*figure"):
        _ = wandb.plot.plot_table


def test_confusion_and_curves_of_a_tracker_are_those_of_the_panels() -> None:
    import nbviz as wandb

    true, scores = [0, 1, 1, 0], np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.7, 0.3]])
    charts = {
        "named": wandb.plot.confusion_matrix(probs=scores, y_true=true, class_names=["cat", "dog"]),
        "found": wandb.plot.confusion_matrix(y_true=["b", "a", "b"], preds=["b", "b", "a"]),
        "pr": wandb.plot.pr_curve(true, torch.from_numpy(scores), labels=["cat", "dog"]),
        "roc": wandb.plot.roc_curve(true, scores, classes_to_plot=[1]),
        "one": wandb.plot.roc_curve(true, scores[:, 1]),
    }
    with wandb.init() as run:
        wandb.log(charts)
    kept = {name: run.run.media[name][0].value for name in charts}
    assert kept["named"].matrix.tolist() == [[2, 0], [1, 1]]
    assert (*kept["named"].classes, *kept["found"].classes) == ("cat", "dog", "a", "b")
    assert kept["found"].matrix.tolist() == [[0, 1], [1, 1]]
    names = {name: [one.name for one in kept[name].curves] for name in ("pr", "roc", "one")}
    assert names == {"pr": ["cat", "dog"], "roc": [""], "one": [""]}  # one needs no name
    assert kept["one"].curves[0].roc_auc == kept["roc"].curves[0].roc_auc == 1.0
    confusion, curve = wandb.plot.confusion_matrix, wandb.plot.pr_curve
    for call, said in (
        (lambda: confusion(y_true=true), "probs or preds, one of both"),
        (lambda: confusion(y_true=true, preds=[0]), r"got shapes \(1,\) for \(4,\)"),
        (lambda: confusion(y_true=[2], preds=[0], class_names=["a"]), r"0 to 0, got \[0, 2\]"),
        (lambda: curve(true), "take y_true and y_probas"),
        (lambda: curve([0, 1, 2], scores[:3]), r"3 samples of 3 classes, got \(3, 2\)"),
        (lambda: curve(true, scores, classes_to_plot=[7]), r"none of the classes \[7\]"),
    ):
        with pytest.raises(LoggingError, match=said):
            call()


def test_tables_clouds_files_and_lists_of_a_tracker(tmp_path: Path) -> None:
    from matplotlib.figure import Figure
    from PIL import Image

    import nbviz as wandb

    Image.new("RGB", (3, 2), (255, 0, 0)).save(tmp_path / "red.png")
    table = wandb.Table(data=[[1, 2, 3]])
    table.add_column("picture", [wandb.Image(tmp_path / "red.png")])
    assert table.columns == ["Input", "Output", "Expected", "picture"]
    assert [row[:3] for _, row in table.iterrows()] == [[1, 2, 3]]
    figure = Figure()
    figure.subplots().plot([1, 2])
    tone = wandb.Audio(np.zeros(10), 8000)
    run = wandb.init(tags=["a"], group="g")
    assert (run.tags, run.group, run.notes) == (("a",), "g", None)
    run.tags += ("b",)
    assert run.tags == ("a", "b")
    wandb.define_metric("loss", step_metric="epoch", summary="min")
    values = {
        "table": table,
        "file": wandb.Image(str(tmp_path / "red.png")),
        "figure": wandb.Image(figure),
        "cloud": wandb.Object3D(np.array([[0, 0, 0, 1], [1, 1, 1, 2]])),
        "tones": [tone, tone],
    }
    wandb.log(values)
    wandb.finish()
    media = run.run.media
    kinds = [media[tag].kind for tag in (*list(values)[:4], "tones/0", "tones/1")]
    assert kinds == ["table", "image", "figure", "mesh", "audio", "audio"]
    assert media["file"][0].value.width == 3
    assert media["cloud"][0].value.colors.tolist() == [[57, 106, 177], [218, 124, 48]]
    for call, said in (
        (lambda: table.add_data(1), r"has 4 cells \(Input, Output, Expected, picture\), got 1"),
        (lambda: table.add_column("more", [1, 2]), "has 1 cells, got 2 for 'more'"),
        (lambda: wandb.Image(tmp_path / "none.png"), r"cannot read the file .*none\.png"),
        (lambda: wandb.Audio("none.wav"), r"cannot read the file 'none\.wav'"),
        (lambda: wandb.Html(tmp_path / "none.html"), r"cannot read the file .*none\.html"),
        (lambda: wandb.Object3D(np.zeros((2, 5))), r"got \(2, 5\)"),
    ):
        with pytest.raises(LoggingError, match=said):
            call()


@pytest.mark.parametrize("name", ["sweep", "agent", "Api", "use_artifact", "restore"])
def test_what_is_not_served_of_a_tracker_says_what_to_use(name: str) -> None:
    with pytest.raises(AttributeError, match=f"'{name}' of W&B is not served; "):
        getattr(nbviz, name)
    with pytest.raises(AttributeError, match=r"use_artifact.*read files"):
        _ = nbviz.init().use_artifact
    assert not hasattr(nbviz, "nonsense")


def said_in(run: nbviz.Run, level: str) -> list[str]:
    return [line.text for line in run.lines.since(0) if line.level == level]


def test_no_value_of_a_tracker_s_ends_a_training_and_the_others_are_kept() -> None:
    import nbviz as wandb

    as_numbers = {
        "bool": (True, 1.0),
        "numpy": (np.float32(2.5), 2.5),
        "one": (np.array([[1.5]]), 1.5),
        "tensor": (torch.tensor([3.0], requires_grad=True), 3.0),
        "short": (torch.tensor(0.5, dtype=torch.bfloat16), 0.5),
    }
    as_texts = {
        "mixed": ([1, "a", None], "[1, 'a', None]"),
        "names": (np.array(["a", "b"]), "['a', 'b']"),
        "objects": (np.array([None, "b"], object), "[None, 'b']"),
        "day": (dt.date(2020, 1, 2), "2020-01-02"),
        "path": (PurePosixPath("a/b"), "a/b"),
        "set": ({3}, "{3}"),
        "bytes": (b"ab", "b'ab'"),
        "ragged": ([[1], [1, 2]], "[[1], [1, 2]]"),
    }
    as_histograms = {
        "list": ([1, 2, 2], 3),
        "tensors": ([torch.tensor(1.0), torch.tensor(2.0)], 2),
        "flags": (np.array([True, False]), 2),
        "rows": ([[1.0, 2.0], [3.0, 4.0]], 4),
    }
    left_out = {"none": None, "nothing": [], "empty": np.array([]), "no tags": {}}
    refused = {"complex": 1j, "object": object(), "huge": 10**400}
    given = {
        name: value
        for kind in (as_numbers, as_texts, as_histograms)
        for name, (value, _) in kind.items()
    }
    run = wandb.init()
    for name, value in (given | left_out | refused).items():
        wandb.log({name: value, f"{name}/beside": 1.0})
    wandb.log({"classes": {0: 0.25, 1: 0.75}, "z": 1.0, "y": object(), "x": 2j})
    wandb.finish()
    held, media = run.run, run.run.media
    for name, (_, number) in as_numbers.items():
        assert held[name].values.tolist() == [number]
    for name, (_, text) in as_texts.items():
        assert media[name][0].value == text
    for name, (_, count) in as_histograms.items():
        assert media[name][0].value.count == count
    for name in given | left_out | refused:
        assert held[f"{name}/beside"].values.tolist() == [1.0]
    assert set(media) == {*as_texts, *as_histograms}
    assert held["classes/1"].values.tolist() == [0.75]
    said = said_in(held, "warning")
    for name in (*refused, "y", "x"):
        assert sum(f"'{name}'" in text for text in said) == 1
    assert len(said) == len(refused) + 2


def test_a_step_of_a_tracker_may_be_a_tensor_and_a_wrong_one_changes_nothing() -> None:
    import nbviz as wandb

    run = wandb.init()
    wandb.log({"x": 1.0}, step=torch.tensor(4))
    for wrong in (1.5, "a", -1):
        with pytest.raises(LoggingError, match="step must be a whole number"):
            wandb.log({"x": 2.0}, step=wrong)
    with pytest.raises(LoggingError, match="log takes a mapping"):
        wandb.log(3)
    wandb.log({"x": 3.0})
    # As W&B has it, a step that was given is not over.
    assert run.run["x"].steps.tolist() == [4, 4]
    assert run.run["x"].values.tolist() == [1.0, 3.0]


def test_what_a_tracker_would_send_away_is_said_and_ends_no_training(tmp_path: Path) -> None:
    import nbviz as wandb

    wandb.setup()
    run = wandb.init(id=wandb.util.generate_id(), config={"lr": 0.1})
    artifact = wandb.Artifact("net", type="model", metadata={"epochs": 3})
    artifact.add_file(str(tmp_path / "net.pt"))
    with artifact.new_file("notes.txt") as file:
        file.write("one")
    assert wandb.log_artifact(artifact).wait() is run.log_artifact(artifact) is artifact
    assert wandb.save(str(tmp_path / "net.pt")) == []
    run.save()
    run.log_code(".")
    run.log_model(tmp_path / "net.pt", name="net")
    run.log({"molecule": wandb.Molecule("caffeine.pdb"), "scene": wandb.Object3D("scene.glb")})
    said = said_in(run.run, "warning")
    calls = ("log_artifact", "save", "log_code", "log_model", "Molecule")
    names = (*(f"'{name}' of W&B" for name in calls), "'scene'")
    for name in names:
        assert sum(name in text for text in said) == 1, (name, said)
    assert len(said) == len(names)
    wandb.alert("Low accuracy", "it fell", level=wandb.AlertLevel.WARN)
    wandb.termlog("a line")
    assert said_in(run.run, "warning")[-1] == "Low accuracy: it fell"
    assert said_in(run.run, "print") == ["a line"]
    with pytest.raises(AttributeError, match="'files' of an Artifact of W&B is not served"):
        artifact.files()
    run.config.setdefaults({"lr": 1.0, "width": 8})
    assert run.config.as_dict() == run.run.config == {"lr": 0.1, "width": 8}
    assert (run.offline, run.disabled, run.resumed) == (True, False, False)
    run.join()
    assert wandb.run is None
    with pytest.raises(LoggingError, match="there is no run"):
        wandb.alert("too late")


def test_html_is_shown_as_its_text_and_sounds_are_read_from_files(tmp_path: Path) -> None:
    import nbviz as wandb

    (tmp_path / "page.html").write_text("<p>from a file")
    (tmp_path / "tone.wav").write_bytes(wave_of(np.full((8, 1), 7, np.int16), 8000).data)
    page = "<style>p{}</style><h1>Title &amp; more</h1><script>alert(1)</script><td>a<td>b<br>c"
    run = wandb.init()
    points = np.zeros((3, 3))
    run.log(
        {
            "page": wandb.Html(page),
            "file": wandb.Html(tmp_path / "page.html"),
            "tone": wandb.Audio(str(tmp_path / "tone.wav"), caption="seven"),
            "scene": wandb.Object3D({"type": "lidar/beta", "points": points, "boxes": []}),
        }
    )
    media = run.run.media
    assert media["page"][0].value == "Title & more\n\na b\n\nc"
    assert media["file"][0].value == "from a file"
    tone = media["tone"][0].value
    assert (tone.sample_rate, tone.samples[:, 0].tolist()) == (8000, [7] * 8)
    assert media["scene"][0].value.vertices.shape == (3, 3)
    assert said_in(run.run, "warning") == [
        "not recorded: 'scene': of its scene the points are shown, not boxes."
    ]


def test_a_disabled_run_shows_and_keeps_nothing(tmp_path: Path) -> None:
    import nbviz as wandb

    with wandb.init(mode="disabled", dir=tmp_path / "kept") as run:
        wandb.log({"x": 1.0})
        assert run.disabled
        assert not run.shows_in_cells
    assert run.run.journal is None
    assert not (tmp_path / "kept").exists()
