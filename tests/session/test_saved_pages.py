import base64
import hashlib
import json
import re

import numpy as np
import pytest
import torch

import nbviz
from nbviz.errors import ConfigurationError
from nbviz.panels import PANELS
from nbviz.panels.subject import Subject
from nbviz.recording.run import Run
from nbviz.session.saved import save_html, saved_page

NASTY = "</script><script>alert(1)</script><!--"


def recorded(name: str = "digits", steps: int = 100) -> Run:
    run = Run(name)
    for step in range(1, steps + 1):
        run.log({"loss/train": 1 / step}, step=step)
    run.finish()
    return run


def subjects(*runs: Run) -> list[Subject]:
    return [Subject.of_run(run) for run in runs]


def page_of(*runs: Run, title: str | None = None) -> str:
    return saved_page(PANELS, subjects(*runs), title)


def data_of(page: str) -> dict:
    found = re.search(r'<script type="application/json" id="nbviz-page">(.*?)</script>', page)
    assert found
    return json.loads(found[1])


def test_the_page_holds_every_point() -> None:
    run = recorded()
    data = data_of(page_of(run))
    points = next(u for u in data["recorded"]["updates"] if u["kind"] == "points_appended")
    buffer = base64.b64decode(data["recorded"]["buffers"][points["buffer"]])
    steps, _, values = np.frombuffer(buffer).reshape(3, -1)
    assert np.array_equal(steps, run["loss/train"].steps)
    assert np.array_equal(values, run["loss/train"].values)


def test_only_the_page_s_own_script_may_run_and_nothing_is_fetched() -> None:
    page = page_of(recorded())
    script = re.search(r'<script type="module">(.*?)</script>', page, re.DOTALL)
    assert script
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy
    assert f"'sha256-{digest}'" in policy[1]
    assert policy[1].startswith("default-src 'none'")
    assert "connect-src" not in policy[1]
    assert "unsafe" not in policy[1].replace("style-src 'unsafe-inline'", "")


def test_nothing_that_was_logged_can_end_its_script_element() -> None:
    run = Run(NASTY)
    run.log({f"{NASTY}/train": 1.0}, step=1)
    run.print(NASTY)
    run.finish(ValueError(NASTY))
    page = page_of(run, title=NASTY)
    assert page.count("<script") == 2
    assert page.count("</script") == 2
    assert "<!--" not in page
    names = [u["name"] for u in data_of(page)["recorded"]["updates"] if u["kind"] == "run_added"]
    assert names == [NASTY]


def test_weights_are_kept_as_they_are_at_the_end() -> None:
    model = torch.nn.Linear(4, 3)
    run = Run("weights")
    run.log({"loss": 1.0}, step=1)
    run.log_weights(model, step=1)
    run.finish()
    before = run.weights.wanted
    data = data_of(page_of(run))
    updates = data["recorded"]["updates"]
    assert {u["name"] for u in updates if u["kind"] == "weights_updated"} == {"weight", "bias"}
    listed = next(u for u in updates if u["kind"] == "layers_listed")
    assert [layer["name"] for layer in listed["layers"]] == ["weight", "bias"]
    assert "weights" in data["panels"]
    assert run.weights.wanted == before


def test_pictures_of_a_large_model_are_kept_within_bounds() -> None:
    model = torch.nn.Sequential(*(torch.nn.Linear(300, 300) for _ in range(40)))
    run = Run("large")
    run.log({"loss": 1.0}, step=1)
    run.log_weights(model, step=1)
    run.finish()
    page = page_of(run)
    updates = data_of(page)["recorded"]["updates"]
    listed = next(u for u in updates if u["kind"] == "layers_listed")
    drawn = [u["name"] for u in updates if u["kind"] == "weights_updated"]
    assert sorted(layer["name"] for layer in listed["layers"]) == sorted(drawn)
    assert 20 <= len(drawn) < 80
    assert len(page) < 6_000_000


def test_panels_are_those_that_have_something_to_show() -> None:
    run = recorded()
    assert "graph" not in data_of(page_of(run))["panels"]
    graph = nbviz.trace(torch.nn.Linear(3, 2), torch.zeros(1, 3))
    subject = Subject.of_run(run, Subject.of_graph(graph).graph)
    data = data_of(saved_page(PANELS, [subject]))
    assert "graph" in data["panels"]
    (answer,) = data["recorded"]["answers"]
    assert (answer["kind"], answer["run_id"]) == ("graph_sent", run.run_id)
    assert answer["levels"] == json.loads(json.dumps(list(graph.levels())))
    added = {"kind": "graph_added", "run_id": run.run_id, "watched": []}
    assert added in data["recorded"]["updates"]


def test_a_saved_page_is_a_file_with_its_title(tmp_path) -> None:
    path = save_html(tmp_path / "page.html", PANELS, subjects(recorded("a"), recorded("b")))
    text = path.read_text(encoding="utf-8")
    assert "<title>a, b</title>" in text
    assert text.startswith("<!DOCTYPE html>")


def test_a_folder_that_is_not_there_is_named(tmp_path) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot write .*missing.*Choose another path"):
        save_html(tmp_path / "missing" / "page.html", PANELS, subjects(recorded()))


def test_no_run_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="there is no run to save"):
        page_of()


def test_media_are_kept_by_step_where_they_are_small() -> None:
    run = Run("media")
    for step in (1, 2, 3):
        run.log_text("notes", f"{NASTY} {step}", step=step)
        run.log_histogram("weights/fc", np.arange(10.0), step=step, bins=4)
    run.log_image("photo", np.zeros((4, 6, 3), np.uint8), step=3)
    run.log_image("noise", np.random.default_rng(0).integers(0, 256, (400, 400)), step=3)
    run.finish()
    page = page_of(run)
    assert page.count("</script") == 2
    data = data_of(page)
    recorded = data["recorded"]
    panels = {"media", "text", "histograms"}
    assert panels <= set(data["panels"])
    assert {*panels, "items", "heatmap", "timeline"} <= set(data["assets"])
    kept = {item["tag"]: item for item in reversed(recorded["answers"])}
    notes = [item["text"] for item in recorded["answers"] if item["tag"] == "notes"]
    assert notes == [f"{NASTY} 3", f"{NASTY} 1", f"{NASTY} 2"]
    assert [one["step"] for one in kept["weights/fc"]["histograms"]] == [1, 2, 3]
    assert base64.b64decode(recorded["buffers"][kept["photo"]["buffer"]]).startswith(b"\x89PNG")
    for kind, counts, steps in (
        ("media_added", [1, 1], [3, 3]),
        ("text_added", [3], [1, 2, 3]),
        ("histograms_added", [3], [1, 2, 3]),
    ):
        told = next(u for u in recorded["updates"] if u["kind"] == kind)
        assert [one["count"] for one in told["items"]] == counts
        listed = np.frombuffer(base64.b64decode(recorded["buffers"][told["buffer"]]))
        assert listed.tolist() == steps


def test_a_page_without_media_carries_no_code_for_them() -> None:
    data = data_of(page_of(recorded()))
    assert "media" not in data["panels"]
    # On a busy machine the run lasts long enough for a sample of it.
    assert set(data["assets"]) - {"system"} == {"curves", "lines", "files", "log"}


def steps_in(page: str, tag: str) -> list[int]:
    answers = data_of(page)["recorded"]["answers"]
    return sorted(one["step"] for one in answers if one.get("tag") == tag)


def test_weights_that_no_page_showed_are_those_of_the_states_that_a_trainer_keeps() -> None:
    torch.manual_seed(0)
    model = torch.nn.Linear(3, 2)
    trainer = nbviz.Trainer(
        model, [(torch.randn(4, 3), torch.tensor([0, 1, 0, 1]))] * 50, threads=1, device="cpu",
        loss_fn=torch.nn.CrossEntropyLoss(), ring_every=10, max_steps=45,
        optimizer=torch.optim.SGD(model.parameters(), lr=0.5),
    )  # fmt: skip
    trainer.start()
    trainer.wait(60)
    answers = data_of(page_of(trainer.run))["recorded"]["answers"]
    sent = {one["step"]: one["minimum"] for one in answers if one.get("name") == "weight"}
    assert sorted(sent) == [0, 10, 20, 30, 40, 45]
    for step, weights in trainer.ring.weights:
        assert sent[step] == pytest.approx(weights["weight"].min().item(), abs=1e-6)
    assert sent[45] == pytest.approx(model.weight.min().item(), abs=1e-6)
    old = trainer.run
    trainer.rewind(20)
    trainer.stop_and_wait()
    assert {one.get("step") for one in data_of(page_of(old))["recorded"]["answers"]} <= {45}


def test_a_page_that_replays_has_all_steps_that_fit_and_says_what_it_left_out(tmp_path) -> None:
    run = Run("replayed")
    generator = np.random.default_rng(0)
    for step in range(1, 61):
        run.log({"loss/train": 1 / step}, step=step)
        noise = generator.integers(0, 256, (48, 48, 3), dtype=np.uint8)  # 7 kB as PNG
        run.log_image("noise", noise, step=step)
        run.log_text("said", f"after step {step}", step=step)
    run.finish()
    some = page_of(run)
    assert len(steps_in(some, "noise")) == 24
    assert "Kept to save room: noise 24 of 60 steps, said 24 of 60 steps" in some
    path = run.save_html(tmp_path / "all.html", replay=True)
    every = path.read_text("utf-8")
    assert steps_in(every, "noise") == steps_in(every, "said") == list(range(1, 61))
    assert "Kept to save room" not in every
    assert re.search(r"saved as all.html: \d\.\d MB of at most 32 MB", str(run.lines.since(0)))
    most = 1_000_000
    small = run.save_html(tmp_path / "small.html", replay=True, max_bytes=most)
    assert small.stat().st_size <= most
    kept = steps_in(small.read_text("utf-8"), "noise")
    assert 24 < len(kept) < 60
    assert (kept[0], kept[-1]) == (1, 60)  # spread over all of them
    assert f"noise {len(kept)} of 60 steps" in small.read_text("utf-8")
    with pytest.raises(ConfigurationError, match=r"at least 1,000,000, got 1000\."):
        run.save_html(tmp_path / "tiny.html", replay=True, max_bytes=1000)
    large = Run("large")
    for number in range(30):
        values = generator.normal(size=4000)
        for step, value in enumerate(values.tolist(), 1):
            large.log({f"tag{number}": value}, step=step)
    large.finish()
    with pytest.raises(ConfigurationError, match=r"takes [\d,]+ bytes without any earlier step"):
        large.save_html(tmp_path / "large.html", replay=True, max_bytes=most)
