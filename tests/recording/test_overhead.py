"""The budget of nbviz's own time: fills with time, is overdrawn, never silences for long."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbviz import Run
from nbviz.recording.overhead import PATIENCE_SECONDS, OverheadBudget


def test_it_fills_with_time_and_is_spent() -> None:
    at = [0.0]
    budget = OverheadBudget(0.01, now=lambda: at[0])
    assert budget.allows()
    budget.spend(0.6)  # half a second more than was saved
    assert not budget.allows(at[0])
    at[0] = 49.0
    assert not budget.allows(at[0])
    at[0] = 51.0
    assert budget.allows(at[0])
    at[0] = 1e6  # it does not save for ever
    budget.spend(0.2)
    assert not budget.allows(at[0])


def test_one_sample_in_half_a_minute_in_any_case() -> None:
    at = [0.0]
    budget = OverheadBudget(0.01, now=lambda: at[0])
    budget.spend(1000)
    assert not budget.allows(0.0)
    at[0] = PATIENCE_SECONDS
    assert budget.allows(0.0)
    assert budget.allows(float("-inf")), "the first one"


@settings(deadline=None)
@given(st.floats(0.001, 0.5), st.floats(0.0001, 0.1))
def test_what_asks_first_keeps_to_the_share(share: float, cost: float) -> None:
    at, spent = [0.0], 0.0
    budget = OverheadBudget(share, now=lambda: at[0])
    for _ in range(2000):
        at[0] += 0.01
        if budget.allows():
            budget.spend(cost)
            spent += cost
    assert spent <= share * at[0] + 0.1 + cost


def test_no_budget_leaves_nothing_out() -> None:
    budget = OverheadBudget(1)
    budget.spend(1e9)
    assert budget.allows(0.0)


def test_scalars_are_kept_and_media_thinned_where_it_is_overdrawn() -> None:
    run = Run()
    run.log_text("note", "0", 0)
    run.drain_media()
    run.overhead.spend(1e6)
    run.overhead.spend_on_media(1e6)
    for step in range(1, 200):
        run.log({"loss": float(step)}, step)
        run.log_text("note", str(step), step)
    assert len(run["loss"]) == 199
    kept = run.media["note"].steps.tolist()
    assert (kept[0], kept[-1]) == (0, 199)
    assert len(kept) < 20
    assert run.kept_media.left_out("note").time == 200 - len(kept)


def test_what_is_logged_comes_before_what_is_sampled() -> None:
    at = [0.0]
    budget = OverheadBudget(0.01, now=lambda: at[0])
    budget.spend(1000)  # scalars and a watch took more than there is
    assert budget.allows_media(at[0])
    assert not budget.allows(at[0])
    made = 0
    for _ in range(10_000):  # 100 s
        at[0] += 0.01
        if budget.allows_media():
            budget.spend_on_media(0.001)
            made += 1
    assert made == pytest.approx(530, abs=5), "half of one per cent of the time, and what was saved"


def test_what_media_cost_is_counted() -> None:
    run = Run()
    run.log({"loss": 1.0}, 1)
    before = run.meter._own_seconds
    run.log_image("x", np.zeros((500, 500, 3)), 1)
    assert run.meter._own_seconds > before
    assert run.media["x"].steps.tolist() == [1]


@pytest.mark.parametrize("share", [0, -1, 1.01, float("nan"), None])
def test_a_share_that_cannot_work(share: object) -> None:
    with pytest.raises(ValueError, match="overhead_budget must be above 0"):
        OverheadBudget(share)
