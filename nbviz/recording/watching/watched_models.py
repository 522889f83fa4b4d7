"""`watch`: what a run records of a model's tensors now and then, until that is stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from nbviz.errors import ConfigurationError
from nbviz.inspection.tensors.statistics import STATISTICS
from nbviz.recording.watching.options import read_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import nn

    from nbviz.recording.watching.watch import Watch
    from nbviz.recording.watching.watched import WatchedRun


class WatchedModels:
    """A run's part that watches models.

    Attributes:
        name: The run's.
        watches: Those that are active.
    """

    name: str
    watches: list[Any]

    def watch(
        self,
        model: nn.Module,
        *,
        weights: bool = True,
        gradients: bool = True,
        activations: Sequence[str] | str | bool = (),
        updates: bool = False,
        every: float = 0.5,
        every_steps: int | None = None,
        histograms: bool = True,
        bins: int = 64,
        statistics: Sequence[str] = STATISTICS,
        name: str | None = None,
        feature_maps: Sequence[str] | str | bool = (),
        layers: Sequence[str] | str | None = None,
    ) -> Watch:
        """Record statistics and histograms of a model's tensors from now on, now and then.

        They become series such as `weights/layer1.weight/norm`, `gradients/layer1.weight/std` and
        `activations/layer1/max`, and histograms of the tags before the last slash in `media`, at
        the newest completed step. Statistics are of the finite values; `nan`, `inf` and `zeros` are
        counts. Histograms of tensors of more than 16,384 values count every n-th one.

        Under an engine (`Trainer`, `LiveTrainer`) samples are taken between two steps, where
        `.grad` holds the whole step's gradient, unscaled and clipped as the optimizer saw it. In a
        loop of your own they are taken around a forward pass of the model with gradients enabled:
        the gradient is what `.grad` holds after the backward pass that follows, so with
        `torch.amp.GradScaler` it is still scaled, and with accumulation it may be a part. Where
        `torch.compile` or a CUDA graph hides the forward pass, they are taken at a log call, and
        show what `.grad` holds then; outputs of modules inside are not seen. The compiled model
        that `torch.compile` returns can be watched as any other.

        A sample costs more the larger the model is: under `overhead_budget` it is taken less often
        than it could be. On a GPU all is reduced there, and nothing waits for it. Of tensors that
        processes share (FSDP2's DTensors) each process watches the part that it holds.

        Args:
            model: The model; it is not kept alive. A tied weight appears once.
            weights: Whether to sample the parameters.
            gradients: Whether to sample their gradients, of sparse ones too.
            activations: Names or patterns of modules whose outputs are sampled, such as ["layer1",
                "encoder.*.attention"]; True for all modules without submodules. Of an output with
                several tensors the first.
            updates: Whether to record `update_to_weight_ratio/…`: the norm of a step's change over
                that of the weight. Takes a copy of the weights for the length of a step, of at most
                16.8 million values: the layers of a larger model take turns, and of a larger layer
                every n-th value counts.
            every: The least seconds between two samples.
            every_steps: The number of steps (in a loop of your own: of training passes) between two
                samples, in place of `every`.
            histograms: Whether to record histograms.
            bins: Their bins, 1 to 512.
            statistics: Which to record, of norm, mean, std, min, max, nan, inf and zeros.
            name: Comes before the tags, to tell several models apart.
            feature_maps: Names or patterns of modules whose outputs are logged as pictures, such as
                `feature_maps/conv1`: of the batch's first sample each channel, at most 64, in its
                own range; of an output without channels its numbers.
            layers: Names or patterns of modules to which weights, gradients and updates are
                restricted, with those inside them; None for all of the model.

        Returns:
            Its handle: call `stop`, or use it as a context. It ends with the run.

        Raises:
            ConfigurationError: An option is out of range, `model` is no torch.nn.Module, no module
                has such a name, or a watch with the same tags is active.
        """
        options = read_options(
            weights=weights,
            gradients=gradients,
            activations=activations,
            updates=updates,
            every=every,
            every_steps=every_steps,
            histograms=histograms,
            bins=bins,
            statistics=statistics,
            name=name,
            feature_maps=feature_maps,
            layers=layers,
        )
        from nbviz.recording.watching.plan import plan_of
        from nbviz.recording.watching.watch import Watch
        from nbviz.training.checks import check_module

        check_module(model)
        record = cast("WatchedRun", self)
        plan = plan_of(model, options)
        if any(plan.clashes(one.plan) for one in self.watches):
            raise ConfigurationError(
                f"{self.name!r} has a watch{f' named {name!r}' if name else ''} already; stop that "
                "one first, or give name=… to tell them apart."
            )
        watch = Watch(record, model, options, plan)
        self.watches.append(watch)
        return watch
