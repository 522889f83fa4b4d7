"""What a model answers to a drawing: between two steps of its training, or by a copy of it."""

from __future__ import annotations

import copy
import math
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from nbviz.errors import describe
from nbviz.playground.rebound import rebound
from nbviz.recording.media.confusion import MOST_CLASSES
from nbviz.training.background import done_before_exit
from nbviz.training.between_steps import between_steps
from nbviz.training.random_numbers.seeds import preserved_random_state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from nbviz.trainer import Trainer

SLOW_SECONDS = 0.05
"""Longer steps are not waited for: a copy of the weights answers."""

REPEAT_SECONDS = 1.0  # between two answers to the same drawing while the model trains
_COST_SHARE = 0.02  # of the time, for repeated answers
_IDLE_SECONDS = 0.25
_LEAST_SECONDS = 0.04  # between two answers
_SUM_REACH = 1e-3


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model says of an image.

    Attributes:
        scores: As probabilities of the classes; float64, shape (classes,).
        step: The completed steps of the weights that answered; None without a trainer.
        is_copy: Whether a copy of the weights answered, while a step was being made.
        activations: What the chosen layers gave, by name; float64.
        error: What went wrong; then there are no scores.
    """

    scores: NDArray[np.float64]
    step: int | None = None
    is_copy: bool = False
    activations: dict[str, NDArray[np.float64]] = field(
        default_factory=dict[str, "NDArray[np.float64]"]
    )
    error: str = ""


class Answers:
    """Asks a model on a thread of its own; the newest image wins.

    Args:
        predict: Takes float32 of shape (1, 1, height, width), gives (classes,) or (1, classes).
        trainer: Trains the model that `predict` calls, if one does.
        tell: Called with each answer and its image, on that thread.
        layers: The names of modules whose outputs are wanted.
    """

    def __init__(
        self,
        predict: Callable[[torch.Tensor], Any],
        trainer: Trainer | None,
        tell: Callable[[Answer, NDArray[np.float32]], object],
        layers: Iterable[str] = (),
    ) -> None:
        self._predict = predict
        self._trainer = trainer
        self._tell = tell
        self._layers = tuple(layers)
        self._model: torch.nn.Module | None = None
        if trainer is not None:
            self._model = trainer.model
        elif isinstance(predict, torch.nn.Module):
            self._model = predict
        self._changed = threading.Condition()
        self._image: NDArray[np.float32] | None = None
        self._is_new = self._is_over = self._is_working = False
        self._copy: torch.nn.Module | None = None
        self._copy_step: int | None = None
        self._cost = 0.0
        self._thread: threading.Thread | None = None
        self.ask(None)

    @property
    def model(self) -> torch.nn.Module | None:
        """The model whose runs stand while it answers."""
        return self._model

    def ask(self, image: NDArray[np.float32] | None) -> None:
        """Have an image answered; None for nothing."""
        with self._changed:
            self._image, self._is_new, self._is_over = image, True, False
            self._changed.notify_all()
            if not self._is_working:
                self._is_working = True
                self._thread = threading.Thread(target=self._work, name="nbviz-pad", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """End the thread, until something is asked again."""
        with self._changed:
            self._is_over = True
            self._changed.notify_all()

    # ------------------------------------------------------------ on the thread

    def _work(self) -> None:
        answered_at = float("-inf")
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._is_new or self._is_over, _IDLE_SECONDS)
                if self._is_over:
                    self._is_working = False
                    self._copy = self._copy_step = None
                    return
                pause = max(REPEAT_SECONDS, self._cost / _COST_SHARE)
                is_due = self._trains() and time.monotonic() - answered_at >= pause
                if not self._is_new and not is_due:
                    continue
                image, self._is_new = self._image, False
            if image is None:
                if self._copy is None and self._is_slow():
                    with done_before_exit():
                        self._renew_copy()  # so that the first stroke need not wait for a step
                answered_at = time.monotonic()
                continue
            with done_before_exit():
                for answer in self._answers(image):
                    self._tell(answer, image)
            answered_at = time.monotonic()
            self._is_over_after(_LEAST_SECONDS)

    def _is_over_after(self, seconds: float) -> bool:
        """Wait, so that a page is not sent more than it can draw."""
        with self._changed:
            return self._changed.wait_for(lambda: self._is_over, seconds)

    def _trains(self) -> bool:
        return self._trainer is not None and self._trainer.is_active

    def _answers(self, image: NDArray[np.float32]) -> Iterable[Answer]:
        """Answer by the copy that there is, if a step is long, and then by newer weights."""
        if self._is_slow() and self._copy is not None:
            yield self._ask_copy(image)
        if self._is_slow() and self._renew_copy():
            yield self._ask_copy(image)
        else:
            yield self._ask_model(image)

    def _is_slow(self) -> bool:
        if self._trainer is None or not self._trains():
            return False
        if self._trainer.status == "paused":
            return False
        run = self._trainer.run
        speed = run.progress.steps_per_second
        seconds = 1 / speed if speed else run.meter.step_seconds(time.monotonic())
        return seconds > SLOW_SECONDS

    def _renew_copy(self) -> bool:
        """Copy the weights between two steps; returns whether `predict` can be asked of a copy."""
        model = self._model
        if model is None or rebound(self._predict, model, model) is None:
            return False
        with between_steps(model, inside=True):
            step = self._step()
            if self._copy is not None and step == self._copy_step:
                return True
            try:
                if self._copy is None:
                    self._copy = copy.deepcopy(model).eval()
                else:
                    with torch.no_grad():
                        self._copy.load_state_dict(model.state_dict())
            except Exception:  # noqa: BLE001  a model may refuse to be copied
                self._copy = None
                return False
            self._copy_step = step
        return True

    def _ask_copy(self, image: NDArray[np.float32]) -> Answer:
        assert self._copy is not None
        predict = rebound(self._predict, self._model, self._copy)
        return self._ask(predict, self._copy, image, self._copy_step, is_copy=True)

    def _ask_model(self, image: NDArray[np.float32]) -> Answer:
        model = self._model
        with ExitStack() as standing:
            if model is not None:
                # Inside a step, too, where someone goes through it: that is not ended by a drawing.
                standing.enter_context(between_steps(model, inside=True))
                standing.enter_context(preserved_random_state(_device_of(model)))
            flags = (
                {} if model is None else {one: one.training for one in type(model).modules(model)}
            )
            try:
                if model is not None:
                    model.eval()
                return self._ask(self._predict, model, image, self._step(), is_copy=False)
            finally:
                for module, is_training in flags.items():
                    module.training = is_training

    def _step(self) -> int | None:
        """Return after how many updates the weights are."""
        trainer = self._trainer
        if trainer is None:
            return None
        phase = trainer.control.inside
        return phase.step if phase is not None and phase.is_updated else trainer.engine.step

    def _ask(
        self,
        predict: Any,
        model: torch.nn.Module | None,
        image: NDArray[np.float32],
        step: int | None,
        *,
        is_copy: bool,
    ) -> Answer:
        started = time.perf_counter()
        kept: dict[str, NDArray[np.float64]] = {}
        hooks: list[Any] = []
        try:
            if model is not None:
                hooks = [_keep_output(model, name, kept) for name in self._layers]
            given = torch.from_numpy(np.array(image, np.float32))[None, None]
            if model is not None:
                given = given.to(_device_of(model))
            with torch.no_grad():
                scores = probabilities(predict(given))
            return Answer(scores, step, is_copy, kept)
        # Whatever the user's function raises is shown; SystemExit would end the thread unsaid.
        except (Exception, SystemExit) as error:  # noqa: BLE001
            return Answer(np.empty(0), step, is_copy, error=describe(error))
        finally:
            for hook in hooks:
                hook.remove()
            self._cost = time.perf_counter() - started


def probabilities(scores: Any) -> NDArray[np.float64]:
    """Return scores as probabilities: those that are none yet by softmax.

    Raises:
        ValueError: They are not the scores of one image.
    """
    try:
        tensor = torch.as_tensor(scores)
    except (TypeError, ValueError, RuntimeError):
        raise ValueError(
            f"predict must give scores as a tensor or an array, got {type(scores).__name__}."
        ) from None
    if tensor.is_complex() or tensor.is_meta:
        kind = "on the meta device" if tensor.is_meta else str(tensor.dtype)
        raise ValueError(f"predict must give real scores, got a tensor {kind}.")
    shape = tuple(tensor.shape)
    if math.prod(shape) > MOST_CLASSES:
        raise ValueError(
            f"predict gave scores of shape {shape}; of at most {MOST_CLASSES:,} classes."
        )
    # Half-precision shares add up to 1 no closer than their numbers are.
    reach = max(_SUM_REACH, torch.finfo(tensor.dtype).eps if tensor.is_floating_point() else 0.0)
    tensor = tensor.detach().to_dense().double().cpu()
    if tensor.ndim == 2 and shape[0] == 1:  # noqa: PLR2004
        tensor = tensor[0]
    if tensor.ndim != 1 or len(tensor) == 0:
        raise ValueError(
            f"predict must give scores of shape (classes,) or (1, classes), got {shape}."
        )
    if not torch.isfinite(tensor).all():
        raise ValueError("predict gave scores that are not finite.")
    is_share = bool((tensor >= 0).all()) and abs(float(tensor.sum()) - 1) < reach
    if not is_share:
        tensor = tensor.softmax(0) if len(tensor) > 1 else tensor.sigmoid()
    return tensor.numpy()


def _device_of(model: torch.nn.Module) -> torch.device:
    parameter = next(type(model).parameters(model), None)
    return torch.device("cpu") if parameter is None else parameter.device


def _keep_output(model: torch.nn.Module, name: str, kept: dict[str, NDArray[np.float64]]) -> Any:
    def keep(_module: object, _inputs: object, output: Any) -> None:
        if isinstance(output, torch.Tensor) and name not in kept:
            kept[name] = output[0].detach().double().cpu().numpy()

    return model.get_submodule(name).register_forward_hook(keep)
