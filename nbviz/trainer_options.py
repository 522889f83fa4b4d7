"""What a trainer takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any, Literal

from nbviz.errors import ConfigurationError, repr_of
from nbviz.recording.overhead import DEFAULT_SHARE
from nbviz.text import counted
from nbviz.training.checks import check_choice, check_count
from nbviz.training.options import TrainingOptions
from nbviz.training.steps.numbers import whole_number

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, eq=False)
class TrainerOptions(TrainingOptions):
    """What a trainer takes: a training, and how it is recorded.

    Args:
        name: What the run is called.
        dir: Where the run's journal is kept, as for `nbviz.Run`; None keeps none.
        watch: True to record statistics and histograms of weights and gradients, or a mapping of
            options for `Run.watch`, such as {"activations": ["layer1"], "every": 2}.
        overhead_budget: The share of the time that nbviz may take, as for `nbviz.Run`.
        config: Hyper-parameters of your own beside those that nbviz knows, as for `nbviz.Run`.
        checkpoint_every: A number of steps, or "epoch": so often the state is kept in `dir`, in the
            folder `checkpoints`, and when the run ends; `Trainer.load` goes on from there. None
            for never.
        keep: How many of these files stay; older ones are removed.
        reset_memory: Bytes that the state of before the first step may take in memory, which
            `reset` goes back to; 0 for none.
        ring: Whether states are kept in memory while the run trains, for `rewind`; "off" is False.
        ring_every: Steps between two of them; "auto" makes them as often as 0.5 % of the training
            thread's time allows.
        ring_memory: Bytes that they may take; None for a quarter of the free memory, at most 2 GB.
        ring_disk: Bytes that states may take in `dir`, too, in its folder `ring`, from where a
            trainer of another kernel can go back to them; 0 for none, None for a quarter of what is
            free there, at most 1 GB. The oldest, of earlier runs first, make room for new ones.

    Raises:
        ConfigurationError: An argument has a value that cannot work.
    """

    _: KW_ONLY
    name: str | None = None
    dir: str | Path | None = None
    watch: bool | Mapping[str, Any] = False
    overhead_budget: float = DEFAULT_SHARE
    config: Mapping[str, Any] | None = None
    checkpoint_every: Literal["epoch"] | int | None = None
    keep: int = 3
    reset_memory: int = 500_000_000
    ring: bool | Literal["on", "off"] = True
    ring_every: Literal["auto"] | int = "auto"
    ring_memory: int | None = None
    ring_disk: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.checkpoint_every is not None:
            check_count("checkpoint_every", self.checkpoint_every, "epoch")
            if self.dir is None:
                raise ConfigurationError(
                    "checkpoint_every needs dir=…, in which the files are kept; or call "
                    "trainer.save(path) yourself."
                )
        check_count("keep", self.keep)
        watch: Any = self.watch
        if not isinstance(watch, bool | Mapping):
            raise ConfigurationError(
                "watch must be True, or a mapping of what Run.watch takes, such as {'every': 2}; "
                f"got {repr_of(self.watch)}."
            )
        if not isinstance(self.ring, bool):
            check_choice("ring", self.ring, ("on", "off"))
        check_count("ring_every", self.ring_every, "auto")
        check_count("ring_memory", 1 if self.ring_memory is None else self.ring_memory)
        for name in ("reset_memory", "ring_disk"):
            value = getattr(self, name)
            is_none = value is None and name == "ring_disk"
            if not is_none and whole_number(value) != 0:
                check_count(name, value)
        self._make_plain("checkpoint_every", "keep", "ring_every", "ring_memory", "ring_disk")
        self._make_plain("reset_memory")


def length_text(options: TrainerOptions) -> str:
    """Return what a start adds after the end, such as "40 epochs"; "" where that has no end."""
    if options.max_steps is not None:
        return counted(options.max_steps, "step")
    if options.max_epochs is not None:
        return counted(options.max_epochs, "epoch")
    return ""
