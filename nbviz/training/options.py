"""What a training is made of: model, data and every option, checked before anything is trained."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any, Literal

from nbviz.training import checks
from nbviz.training.callbacks import check_callbacks
from nbviz.training.steps.numbers import whole_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import torch

    from nbviz.training.callbacks import Callback
    from nbviz.training.optimizing.optimizers import GivenOptimizer
    from nbviz.training.optimizing.schedule import Interval
    from nbviz.training.steps.metrics import Metric
    from nbviz.training.steps.step_results import PrepareBatch, UserStep
    from nbviz.training.steps.update import Precision


@dataclass(frozen=True, eq=False)
class TrainingOptions:
    """The model, the data, and how the one is trained on the other.

    Args:
        model: The model, compiled or not; moved to `device`. A model in eval mode is set to train
            mode when the run begins; in one in train mode, parts that you froze with `.eval()`
            stay as they are.
        train_loader: Any iterable of batches, with a length or without: a DataLoader, a list, a
            generator.
        val_loader: Batches for validation; None for no validation.
        loss_fn: Loss of (outputs, targets): a scalar tensor. Of an output with `.logits`, such as
            Hugging Face's, it is given these. None if the model is given the targets and its output
            has the `.loss`. A batch is (inputs, targets) or has names: `split_batch` tells more.
        prepare_batch: Called with each batch, already on the device, by the supervised step;
            returns (inputs, targets), where inputs is one object, a tuple of several, or a dict of
            what `forward` takes by name.
        batch_size: How many samples a batch weighs in a mean over the validation: a number, or a
            callable of the batch. By default the elements of its targets, or what a library's own
            batch object says of itself.
        optimizer: Over the model's parameters. Where `training_step` steps by itself: None, or a
            dict or list of its optimizers, whose values can then be seen and set.
        scheduler: An object with a `step` method, such as torch's.
        scheduler_interval: When it steps: after each "step" or "epoch"; "auto" by its kind: steps
            for OneCycleLR, CyclicLR and LambdaLR, epochs for others. The log says which.
        schedule_end: What happens where the run is longer than a schedule that ends, such as
            OneCycleLR's: "hold" keeps the last rate, "refuse" does not start the run.
        monitor: The tag that ReduceLROnPlateau is given, such as "accuracy/val"; by default
            `loss/val`, or `loss/train` without validation. Of a validation it is also what
            `rewind("best")` goes by.
        training_step: Called with (model, batch) in place of the supervised step; returns a scalar
            loss tensor, or a dict of scalars with "loss". Without `optimizer` it makes the whole
            step itself, and may return any scalars, or None; with it, None as the loss leaves the
            batch out of training.
        validation_step: Called with (model, batch) without gradients; returns likewise. If None,
            `training_step` with one optimizer (with gradients if it needs them), or the supervised
            step. It is tried on two samples before the first epoch.
        metrics: Names ("accuracy", "top5_accuracy", "f1", "mae", "mse") or callables of (outputs,
            targets), or a dict that names them. One that raises is reported and dropped.
        max_epochs: Passes over the data, at least 1; None for no bound.
        max_steps: Optimizer steps, at least 1; None for no bound. The epoch in which they are
            reached ends there, with its validation.
        validate_every: "epoch", or a number of steps.
        device: "auto" (CUDA, then MPS, then CPU) or a torch device.
        precision: "float32", or "bf16" or "fp16" under autocast.
        gradient_clip: Greatest norm of all gradients together, above 0; recorded as `grad_norm`.
        accumulate: Batches in one step. An epoch's last step takes what is left.
        seed: For Python, numpy and torch, set when the run first begins. These are global, and are
            not restored.
        on_nan: What happens when the loss turns NaN or infinite: "mark" says so in the log, "pause"
            and "stop" do that too; with "rewind" a trainer goes back to before the step that broke,
            says what broke, as `find_nonfinite` does, and is paused there. On a GPU it is known up
            to 0.2 s later, so that no step waits.
        on_spike: What happens when the loss is more than 10 times the median of the 100 steps
            before: "off" for nothing, else as for `on_nan`; "rewind" goes back to before that step.
        callbacks: Objects with some of the methods on_start, on_step, on_epoch, on_validation,
            on_pause and on_end, each called with (trainer, event) on the run's thread between two
            steps: there `set`, `save` and `stop` may be called. See `nbviz.callbacks` for ready
            ones. One that raises is reported and called no more; `nbviz.StopTraining` ends the run.
        threads: Intra-op threads of torch on the run's thread: a number, or "auto" to measure in
            the first steps.

    Raises:
        ConfigurationError: An argument has a value that cannot work.
    """

    model: torch.nn.Module
    train_loader: Iterable[Any]
    _: KW_ONLY
    val_loader: Iterable[Any] | None = None
    loss_fn: Callable[..., Any] | None = None
    prepare_batch: PrepareBatch | None = None
    batch_size: int | Callable[[Any], int] | None = None
    optimizer: GivenOptimizer = None
    scheduler: Any = None
    scheduler_interval: Interval = "auto"
    schedule_end: Literal["hold", "refuse"] = "hold"
    monitor: str | None = None
    training_step: UserStep | None = None
    validation_step: UserStep | None = None
    metrics: Mapping[str, str | Metric] | Iterable[str | Metric] = ()
    max_epochs: int | None = None
    max_steps: int | None = None
    validate_every: Literal["epoch"] | int = "epoch"
    device: str | torch.device = "auto"
    precision: Precision = "float32"
    gradient_clip: float | None = None
    accumulate: int = 1
    seed: int | None = None
    on_nan: Literal["mark", "pause", "stop", "rewind"] = "mark"
    on_spike: Literal["off", "mark", "pause", "stop", "rewind"] = "off"
    callbacks: Iterable[Callback] = ()
    threads: Literal["auto"] | int = "auto"

    def __post_init__(self) -> None:
        checks.check_model(self.model)
        for name in ("loss_fn", "prepare_batch", "training_step", "validation_step"):
            checks.check_callable(name, getattr(self, name))
        checks.check_text("monitor", self.monitor)
        intervals = ("auto", "step", "epoch")
        checks.check_choice("scheduler_interval", self.scheduler_interval, intervals)
        checks.check_choice("schedule_end", self.schedule_end, ("hold", "refuse"))
        if not callable(self.batch_size):
            checks.check_count("batch_size", 1 if self.batch_size is None else self.batch_size)
        checks.check_choice("precision", self.precision, ("float32", "bf16", "fp16"))
        checks.check_choice("on_nan", self.on_nan, ("mark", "pause", "stop", "rewind"))
        checks.check_choice("on_spike", self.on_spike, ("off", "mark", "pause", "stop", "rewind"))
        checks.check_count("max_epochs", 1 if self.max_epochs is None else self.max_epochs)
        checks.check_count("max_steps", 1 if self.max_steps is None else self.max_steps)
        checks.check_count("validate_every", self.validate_every, "epoch")
        checks.check_count("accumulate", self.accumulate)
        checks.check_count("threads", self.threads, "auto")
        for name in ("callbacks", "metrics"):
            object.__setattr__(self, name, checks.read_several(name, getattr(self, name)))
        check_callbacks(self.callbacks)
        checks.check_seed(self.seed)
        checks.check_positive("gradient_clip", self.gradient_clip)
        self._make_plain(
            "batch_size",
            "max_epochs",
            "max_steps",
            "validate_every",
            "accumulate",
            "threads",
            "seed",
        )
        checks.check_loader("train_loader", self.train_loader, self.max_epochs)
        if self.val_loader is not None:
            checks.check_loader("val_loader", self.val_loader, self.max_epochs)

    def _make_plain(self, *names: str) -> None:
        """Keep numpy's whole numbers as Python's: they go to files and pages."""
        for name in names:
            whole = whole_number(getattr(self, name))
            if whole is not None:
                object.__setattr__(self, name, whole)
