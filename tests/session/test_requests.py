"""A request that comes again, as pages ask where no answer comes, is carried out once."""

from __future__ import annotations

import torch
from pages import Page
from torch import nn, optim

import nbviz


def page_of(model: nn.Module) -> Page:
    trainer = nbviz.LiveTrainer(
        model,
        [0] * 100,
        training_step=lambda model, batch: model(torch.ones(1, 2)).square().sum(),
        optimizer=optim.SGD(model.parameters(), 0.1),
        max_epochs=None,
        max_steps=100,
        device="cpu",
    )
    page = Page(trainer)
    page.ready()
    return page


def answers_to(page: Page, number: int) -> list[str]:
    said = [update for message in page.messages for update in message["updates"]]
    return [update["kind"] for update in said if update.get("request_id") == number]


def test_steps_are_made_once_however_often_they_are_asked_for() -> None:
    page = page_of(nn.Linear(2, 1))
    trainer = page.dashboard
    step = {"run_id": trainer.run.run_id, "name": "step", "arguments": {"n": 3}}
    for _ in range(3):
        page.send("control", request_id=7, **step)
    page.wait_for(lambda: page.newest("run_changed")["status"] == "paused")
    assert trainer.step_number == 3
    assert answers_to(page, 7) == ["command_done"] * 3
    page.send("control", request_id=8, **step)
    page.wait_for(lambda: page.newest("run_changed")["step"] == 6)
    trainer.stop()
    trainer.wait(180)
    trainer.close()


def test_many_questions_do_not_have_a_command_forgotten() -> None:
    page = page_of(nn.Linear(2, 1))
    trainer = page.dashboard
    run_id = trainer.run.run_id
    step = {"run_id": run_id, "name": "step", "arguments": {"n": 3}}
    page.send("control", request_id=1, **step)
    page.wait_for(lambda: page.newest("run_changed")["step"] == 3)
    looked_at = {"run_id": run_id, "panel": "curves", "view": 1, "keys": []}
    for number in range(2, 600):  # as by a slider that is dragged while a cell runs
        page.send("set_wanted", request_id=number, **looked_at)
    page.send("control", request_id=1, **step)
    page.send("control", request_id=600, **step)
    page.wait_for(lambda: page.newest("run_changed")["step"] >= 6)
    page.wait_for(lambda: page.newest("run_changed")["status"] == "paused")
    assert trainer.step_number == 6
    assert answers_to(page, 1) == ["command_done"] * 2
    trainer.stop()
    trainer.wait(180)
    trainer.close()


def test_what_failed_fails_again_in_the_same_words() -> None:
    page = page_of(nn.Linear(2, 1))
    given = {"run_id": page.dashboard.run.run_id, "name": "set", "arguments": {"none": 1.0}}
    for _ in range(2):
        page.send("control", request_id=1, **given)
    said = [one["updates"][0]["error"] for one in page.messages if one["kind"] == "reply"]
    assert len(said) == 2
    assert said[0] == said[1]
    page.dashboard.close()


def test_what_is_not_answered_yet_is_answered_once_and_else_each_time() -> None:
    page = page_of(nn.Linear(2, 1))
    trainer = page.dashboard
    for _ in range(3):  # there is no graph before the first step
        page.send("send_graph", request_id=5, run_id=trainer.run.run_id, scopes=[""])
    assert answers_to(page, 5) == []
    trainer.start()
    page.wait_for(lambda: 5 in page.answers)
    trainer.wait(180)
    assert answers_to(page, 5) == ["graph_sent"]
    page.send("send_graph", request_id=5, run_id=trainer.run.run_id, scopes=[""])
    page.wait_for(lambda: answers_to(page, 5) == ["graph_sent"] * 2)
    trainer.close()
