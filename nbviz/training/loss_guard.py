"""What is done where the loss goes wrong: turns NaN or infinite, or leaps up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbviz.errors import RunStopped
from nbviz.training.nonfinite import NonFiniteWatch
from nbviz.training.spikes import SpikeWatch

if TYPE_CHECKING:
    import torch

    from nbviz.training.commands import Control
    from nbviz.training.options import TrainingOptions
    from nbviz.training.run_log import RunLog
    from nbviz.training.spikes import Spike


class LossGuard:
    """Follows the loss of each step, and does what `on_nan` and `on_spike` ask for.

    Args:
        options: The training's.
        device: The run's.
        control: Where the run is paused.
        log: Where it is said.

    Attributes:
        met_nonfinite: Whether a loss that is NaN or infinite has ended the run.
        met_spike: The spike that has, None if none did.
    """

    def __init__(
        self, options: TrainingOptions, device: torch.device, control: Control, log: RunLog
    ) -> None:
        self.met_nonfinite = False
        self.met_spike: Spike | None = None
        self._on_nan, self._on_spike = options.on_nan, options.on_spike
        self._where = "at" if device.type == "cpu" else "at or shortly before"
        self._control = control
        self._log = log
        self._nonfinite = NonFiniteWatch(device)
        self._spikes = None if options.on_spike == "off" else SpikeWatch()

    def begin(self) -> None:
        """Note that a run begins."""
        self.met_nonfinite, self.met_spike = False, None

    def take(self, step: int, loss: Any, *, is_repeated: bool) -> None:
        """Take in the loss of a step; waits here while the run is paused.

        Args:
            step: The step, which is completed.
            loss: Its loss.
            is_repeated: Whether the step is made again, so that nothing is done.

        Raises:
            RunStopped: The loss went wrong, and the run is to end.
        """
        turned = self._nonfinite.turned(loss)
        spike = None if self._spikes is None else self._spikes.take(step, loss)
        if is_repeated:
            return
        if turned:
            self._log.loss_nonfinite(self._where, step)
            self.met_nonfinite = self._on_nan in ("stop", "rewind")
            text = f"The loss became NaN or infinite {self._where} step {step:,}."
            self._act(self._on_nan, step, text)
        if spike is not None:
            self._log.loss_spiked(spike.step, spike.loss, spike.median)
            self.met_spike = spike if self._on_spike in ("stop", "rewind") else None
            self._act(self._on_spike, step, f"The loss leapt up in step {spike.step:,}.")

    def _act(self, what: str, step: int, text: str) -> None:
        if what == "pause":
            self._control.hold(step)
        elif what in ("stop", "rewind"):
            raise RunStopped(text)

    def state_dict(self) -> dict[str, Any]:
        """Return what it has seen."""
        spikes = None if self._spikes is None else self._spikes.state_dict()
        return {**self._nonfinite.state_dict(), "spikes": spikes}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self._nonfinite.load_state_dict(state)
        if self._spikes is not None and state.get("spikes") is not None:  # earlier files have none
            self._spikes.load_state_dict(state["spikes"])
