"""Logging of what is no scalar: images, histograms, tensors and texts."""

from __future__ import annotations

import time as clock
from time import time
from typing import TYPE_CHECKING

from nbviz.errors import ConfigurationError
from nbviz.inspection.tensors.statistics import STATISTICS
from nbviz.recording.media.inbox import Waiting
from nbviz.recording.media.inputs import (
    GridInput,
    HistogramInput,
    ImageInput,
    TensorInput,
    TextInput,
)
from nbviz.recording.media.store import check_kind, check_step
from nbviz.recording.run_record import RunRecord
from nbviz.recording.scalars.inputs import read_step, read_tag
from nbviz.recording.watching.options import read_options

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import nn

    from nbviz.recording.media.inputs import ImageLayout, MediaInput
    from nbviz.recording.media.store import MediaKind, MediaStore
    from nbviz.recording.watching.watch import Watch


class MediaLog(RunRecord):
    """The part of `Run` that logs media, reads them back, and watches models.

    A call costs the caller a copy of what it gives, which may be changed afterwards; the rest is
    done by another thread. A CUDA tensor is not waited for.

    While `overhead_budget` is overdrawn, of what waits to be made only each tag's newest is kept;
    the first and the newest of a tag are always made.
    """

    _last_media: dict[str, tuple[MediaKind, int]]

    def log_image(
        self, tag: str, image: object, step: int | None = None, *, layout: ImageLayout = "auto"
    ) -> None:
        """Record an image.

        Args:
            tag: Its name, such as "samples/fixed".
            image: A torch tensor, numpy array or PIL image of shape (height, width), (channels,
                height, width) or (height, width, channels), with 1, 3 or 4 channels. Floats run
                from 0 to 1, integers from 0 to 255; what is outside is clipped and NaN is black,
                which the run's log says once. Booleans are black and white.
            step: The completed step, not before the tag's last one; an image of the same step takes
                that one's place. The newest step of the run if None.
            layout: "HWC", "CHW" or "HW"; with "auto", where both ends could be channels, they are
                the first axis of a torch tensor and the last of any other array.

        Raises:
            LoggingError: The tag, image, step or layout cannot be recorded.
        """
        self._log_media(tag, "image", step, lambda name: ImageInput(name, image, layout))

    def log_images(
        self,
        tag: str,
        images: object,
        step: int | None = None,
        *,
        layout: ImageLayout = "auto",
        columns: int | None = None,
    ) -> None:
        """Record several images as one grid.

        Args:
            tag: Its name.
            images: A batch, such as (images, channels, height, width), or a list of images, each as
                for `log_image`; their sizes may differ.
            step: As for `log_image`.
            layout: Of each image.
            columns: Images in a row; about as many as there are rows if None.

        Raises:
            LoggingError: The tag, an image, the step, layout or columns cannot be recorded.
        """
        self._log_media(tag, "image", step, lambda name: GridInput(name, images, layout, columns))

    def log_histogram(
        self, tag: str, values: object, step: int | None = None, *, bins: int = 64
    ) -> None:
        """Record how values are distributed.

        Args:
            tag: Its name.
            values: Real numbers in any shape: a torch tensor, a numpy array or a list. NaN and ±inf
                are counted apart.
            step: As for `log_image`.
            bins: Bins of equal width between the smallest and the largest finite value, 1 to 4096.

        Raises:
            LoggingError: The tag, values, step or bins cannot be recorded.
        """
        self._log_media(tag, "histogram", step, lambda name: HistogramInput(name, values, bins))

    def log_tensor(self, tag: str, values: object, step: int | None = None) -> None:
        """Record an array as it is; bfloat16 and smaller floats become float32.

        Args:
            tag: Its name.
            values: Real numbers in any shape: a torch tensor, a numpy array or a list.
            step: As for `log_image`.

        Raises:
            LoggingError: The tag, values or step cannot be recorded.
        """
        self._log_media(tag, "tensor", step, lambda name: TensorInput(name, values))

    def log_text(self, tag: str, text: str, step: int | None = None) -> None:
        """Record a text, such as a generated sample; it is shown as plain text.

        Args:
            tag: Its name.
            text: The text; of more than a million characters the end is cut and counted.
            step: As for `log_image`.

        Raises:
            LoggingError: The tag, text or step cannot be recorded.
        """
        self._log_media(tag, "text", step, lambda name: TextInput(name, text))

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

        Returns:
            Its handle: call `stop`, or use it as a context. It ends with the run.

        Raises:
            ConfigurationError: An option is out of range, no module has such a name, or a watch
                with the same tags is active.
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
        )
        from nbviz.recording.watching.watch import Watch

        if any(one.options.prefix == options.prefix for one in self.watches):
            raise ConfigurationError(
                f"{self.name!r} has a watch{f' named {name!r}' if name else ''} already; stop that "
                "one first, or give name=… to tell them apart."
            )
        watch = Watch(self, model, options)
        self.watches.append(watch)
        return watch

    @property
    def media(self) -> MediaStore:
        """The media by tag: `run.media["samples"].steps`, `run.media["samples"].at(400).value`.

        Waits for those that are on their way from a device.
        """
        self.drain_media()
        return self._media

    def _log_media(
        self, tag: str, kind: MediaKind, step: int | None, make: Callable[[str], MediaInput]
    ) -> None:
        if self._attention:
            self._attend()
        started = clock.perf_counter()
        name = read_tag(tag)
        at_step = self.newest_step() if step is None else read_step(step)
        known, newest = self._last_media.get(name, (kind, 0))
        check_kind(name, known, kind)
        check_step(name, newest, at_step)
        content = make(name)
        self._last_media[name] = (kind, at_step)
        self._media_inbox.put(Waiting(name, kind, at_step, time(), content))
        self.meter.spend(clock.perf_counter() - started)

    def _attend(self) -> None:
        raise NotImplementedError
