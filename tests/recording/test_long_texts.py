"""What a run keeps of the user's own text is in its budgets, or is cut."""

from __future__ import annotations

import tracemalloc

import numpy as np

import nbviz
from nbviz import Run
from nbviz.recording.recorded_run import MARK_CHARACTERS, MOST_NAME
from nbviz.recording.scalars.store import LEAST_TAGS, TAG_BYTES

BUDGET = 2_000_000


def small_run() -> Run:
    return Run(memory_budget=BUDGET, media_budget=BUDGET, overhead_budget=1.0)


def warnings_of(run: Run) -> list[str]:
    return [line.text for line in run.lines.since(0) if line.level == "warning"]


def test_the_text_of_tags_is_in_the_memory_budget() -> None:
    run = small_run()
    for number in range(500):
        run.log({f"{number}".ljust(20_000, "x"): 1.0}, step=number)
    run.drain()
    room = LEAST_TAGS * TAG_BYTES
    assert sum(map(len, run.tags)) <= room
    assert 80 <= len(run.tags) < 100
    (warning,) = warnings_of(run)
    assert "shorter ones" in warning
    assert len(warning) < 500


def test_short_tags_are_a_thousand_at_least() -> None:
    run = small_run()
    for number in range(LEAST_TAGS + 5):
        run.log({f"{number}": 1.0}, step=number)
    assert len(run) == LEAST_TAGS


def test_the_text_of_tags_is_in_the_media_budget() -> None:
    run = small_run()
    for number in range(300):
        run.log_text(f"{number}".ljust(20_000, "x"), "said", step=number)
    assert sum(map(len, run.media)) < run.media.nbytes <= BUDGET
    assert 90 <= len(run.media) < 100
    assert run.media[f"{299}".ljust(20_000, "x")][-1].value == "said"


def test_characters_count_as_wide_as_they_are() -> None:
    run = small_run()
    for step in range(30):
        run.log_text("text", "😀" * 50_000, step=step)
        run.drain_media()
    assert len(run.media["text"]) == BUDGET // 200_000 - 1
    names = [f"😀{number}".ljust(10_000, "x") for number in range(10)]
    run.log_confusion_matrix("matrix", matrix=np.eye(10), classes=names)
    assert run.media["matrix"][0].value.nbytes > 10 * 4 * 10_000


def test_a_tag_that_is_let_go_keeps_nothing() -> None:
    run = small_run()
    picture = np.random.default_rng(0).random((100, 3, 32, 32), np.float32)
    classes, scores = np.arange(100) % 3, np.full((100, 3), 1 / 3)
    tracemalloc.start()
    for number in range(40):
        run.log_predictions(f"{number}", classes, scores, inputs=picture + number, step=number)
        run.drain_media()
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert 1 < len(run.media) < 10
    assert held < 2 * BUDGET  # 12 MB with what was predicted for, of all tags
    run.log_text("0", "the tag may be of another kind now", step=41)
    assert run.media["0"].kind == "text"


def test_marks_and_names_are_cut_and_the_log_has_more(tmp_path) -> None:
    run = Run("n" * 10_000, dir=tmp_path)
    run.mark("command", 1, "m" * 10_000)
    run.finish()
    assert len(run.name) == MOST_NAME
    for one in (run, nbviz.open_run(tmp_path)):
        (mark,) = [event.text for event in one.events if event.event == "command"]
        assert len(mark) == MARK_CHARACTERS
        assert mark.endswith("…")
    assert [line.text for line in run.lines.since(0) if "mm" in line.text] == ["m" * 10_000]
    run.rename("r" * 10_000)
    assert run.name == "r" * (MOST_NAME - 1) + "…"


def test_combinations_of_many_tags_are_not_remembered_without_end() -> None:
    run = Run()
    tags = [f"t{number}" for number in range(1500)]
    for left_out in range(500):
        run.log({tag: 1.0 for tag in tags if tag != f"t{left_out}"}, step=left_out)
    inbox = run._scalars._inbox
    assert sum(map(len, inbox.tag_sets)) <= 500_000 + len(tags)
    assert run["t1499"].values.tolist() == [1.0] * 500
    assert len(run["t7"]) == 499
