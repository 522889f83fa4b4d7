"""Calls as a type checker sees them: pyright reports what should be an error and is none."""

# pyright: strict, reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from typing import assert_type

import torch

import nbviz


def typed(model: torch.nn.Module, loader: list[torch.Tensor]) -> None:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    live = nbviz.LiveTrainer(
        model=model,
        train_loader=loader,
        loss_fn=torch.nn.functional.mse_loss,
        optimizer=optimizer,
        metrics=["accuracy", torch.nn.functional.l1_loss],
        max_epochs=3,
        dir="runs",
        panels=["curves"],
    )
    assert_type(live, nbviz.LiveTrainer)
    assert_type(live.run, nbviz.Run)
    nbviz.Trainer(model, loader, epochs=3)  # pyright: ignore[reportCallIssue]
    nbviz.Trainer(model, loader, max_epochs="3")  # pyright: ignore[reportArgumentType]
    nbviz.Trainer(model, loader, panels=["curves"])  # pyright: ignore[reportCallIssue]
    nbviz.LiveTrainer(model, loader, validate_every="step")  # pyright: ignore[reportArgumentType]
    nbviz.LiveTrainer(model)  # pyright: ignore[reportCallIssue]


def typed_load(model: torch.nn.Module, loader: list[torch.Tensor]) -> None:
    assert_type(nbviz.LiveTrainer.load("mine.pt", model, loader, seed=3), nbviz.LiveTrainer)
    assert_type(nbviz.Trainer.load("mine.pt", model, loader, seed=3), nbviz.Trainer)
    nbviz.Trainer.load("mine.pt", model, loader, epochs=3)  # pyright: ignore[reportCallIssue]
    nbviz.Trainer.load("mine.pt", model, loader, panels=["log"])  # pyright: ignore[reportCallIssue]
    nbviz.LiveTrainer.load("mine.pt")  # pyright: ignore[reportCallIssue]
