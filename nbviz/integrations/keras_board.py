"""Keras' TensorBoard callback for PyTorch as its backend: without TensorFlow, live in the cell."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbviz.errors import ConfigurationError
from nbviz.integrations.in_cells import show_beside
from nbviz.integrations.peers import require
from nbviz.integrations.tensorboard import SummaryWriter
from nbviz.recording.event_files.messages import plugin_event

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

__all__ = ["TensorBoard"]

_keras: Any = require("keras", "3.0")
_Callback: Any = _keras.callbacks.Callback
_KERNEL = "layer_with_weights-0/embeddings/.ATTRIBUTES/VARIABLE_VALUE"  # as Keras has it
_PICTURED = (1, 3, 4)  # channels of an image


class TensorBoard(_Callback):
    """Writes what `keras.callbacks.TensorBoard` writes, under the same tags, and shows it live.

    Training and validation are two runs, in the folders `train` and `validation`, which the cell
    shows beside each other. Epochs are counted from 0, batches from 1.

    Args:
        log_dir: Where the event files are.
        histogram_freq: Epochs between two histograms of all weights; 0 for none.
        write_graph: Whether the model's configuration is written, from which TensorBoard draws it.
        write_images: Whether weights are written as images with their histograms.
        write_steps_per_second: Whether the speed is recorded.
        update_freq: "epoch", "batch", or every how many batches their metrics are recorded.
        profile_batch: 0; PyTorch's profiler is started by other calls.
        embeddings_freq: Epochs between two files of all weights that hold embeddings; 0 for none.
        embeddings_metadata: A file with the names of the embedding's rows, or one by layer.
        show: Whether the cell shows it.

    Raises:
        MissingDependencyError: Keras is not installed.
        ConfigurationError: `profile_batch` is not 0, or `embeddings_metadata` names layers that are
            none.
    """

    def __init__(  # noqa: PLR0917  Keras' own signature
        self,
        log_dir: str | os.PathLike[str] = "logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: int | str = "epoch",
        profile_batch: Any = 0,
        embeddings_freq: int = 0,
        embeddings_metadata: str | Mapping[str, str] | None = None,
        *,
        show: bool = True,
    ) -> None:
        super().__init__()
        if profile_batch:
            raise ConfigurationError(
                f"profile_batch must be 0 with PyTorch, got {profile_batch!r}; use torch.profiler."
            )
        self.log_dir = str(log_dir)
        self.histogram_freq, self.embeddings_freq = histogram_freq, embeddings_freq
        self.write_graph, self.write_images = write_graph, write_images
        self.write_steps_per_second = write_steps_per_second
        self.update_freq = 1 if update_freq == "batch" else update_freq
        self.embeddings_metadata = embeddings_metadata
        self._shows = show
        self._writers: dict[str, SummaryWriter] = {}
        self._batch = 0
        self._began = self._epoch_began = 0.0
        self._steps_before = 0

    def set_model(self, model: Any) -> None:
        """Take the model, and write its configuration."""
        super().set_model(model)
        if self.write_graph:
            self._write_configuration(model)
        if self.embeddings_freq:
            self._configure_embeddings(model)

    # ------------------------------------------------------------ training

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Count batches anew."""
        del logs
        self._batch = 0

    def on_train_batch_begin(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Note when it began."""
        del batch, logs
        self._batch += 1
        self._began = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Record its metrics, if it is one of those that are."""
        del batch
        every = self.update_freq
        if not isinstance(every, int) or self._batch % every:
            return
        values = {f"batch_{name}": value for name, value in (logs or {}).items()}
        if self.write_steps_per_second:
            values["batch_steps_per_second"] = 1 / (time.perf_counter() - self._began)
        self._add("train", values, self._batch)

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Note when it began."""
        del epoch, logs
        self._epoch_began, self._steps_before = time.perf_counter(), self._batch

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Record the epoch's metrics, and the weights, if it is one of those."""
        given = dict(logs or {})
        ours = {name: value for name, value in given.items() if not name.startswith("val_")}
        if ours:
            ours |= self._learning_rates()
            if self.write_steps_per_second:
                seconds = time.perf_counter() - self._epoch_began
                ours["steps_per_second"] = (self._batch - self._steps_before) / seconds
            self._add("train", {f"epoch_{name}": value for name, value in ours.items()}, epoch)
        validated = {
            f"epoch_{name.removeprefix('val_')}": value
            for name, value in given.items()
            if name.startswith("val_")
        }
        self._add("validation", validated, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._add_weights(epoch)
        if self.embeddings_freq and epoch % self.embeddings_freq == 0:
            path = Path(self.log_dir) / "train" / f"keras_embedding.ckpt-{epoch}.weights.h5"
            self.model.save_weights(path)

    def on_test_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Record a validation's metrics over the steps of the optimizer."""
        optimizer = self.model.optimizer
        if logs and optimizer is not None:
            values = {f"evaluation_{name}_vs_iterations": one for name, one in logs.items()}
            self._add("validation", values, int(optimizer.iterations))

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Have all of it written."""
        del logs
        for writer in self._writers.values():
            writer.close()

    # ------------------------------------------------------------ what is written

    def _writer(self, name: str) -> SummaryWriter:
        """Return the writer of a folder; there is none before something is written to it."""
        if name not in self._writers:
            is_first = not self._writers
            # The cell shows one view, with both runs.
            made = SummaryWriter(Path(self.log_dir) / name, show=self._shows and is_first)
            self._writers[name] = made
            if not is_first and self._shows:
                show_beside(next(iter(self._writers.values())).run, made.run)
        return self._writers[name]

    def _add(self, folder: str, values: Mapping[str, Any], step: int) -> None:
        if values:
            writer = self._writer(folder)
            for tag, value in values.items():
                writer.add_scalar(tag, value, step)

    def _learning_rates(self) -> dict[str, float]:
        optimizer = self.model.optimizer
        optimizer = getattr(optimizer, "inner_optimizer", optimizer)  # of a loss scale
        if not isinstance(optimizer, _keras.optimizers.Optimizer):
            return {}
        return {"learning_rate": float(optimizer.learning_rate)}

    def _add_weights(self, epoch: int) -> None:
        writer = self._writer("train")
        for layer in self.model.layers:
            for weight in layer.weights:
                name = weight.path.replace(":", "_")
                values = _keras.ops.convert_to_numpy(weight)
                writer.add_histogram(f"{name}/histogram", values, epoch)
                image = _as_images(values) if self.write_images else None
                if image is not None:
                    writer.add_images(f"{name}/image", image, epoch, dataformats="NHWC")

    def _write_configuration(self, model: Any) -> None:
        if type(model).__name__ not in ("Functional", "Sequential"):
            return
        writer = self._writer("train")
        writer.attend()
        try:
            text = model.to_json()
        except Exception as error:  # noqa: BLE001  of a layer of the user's own
            writer.run.note(f"the model's configuration is not written: {error}", "warning")
            return
        if writer.run.journal is not None:
            event = plugin_event(time.time(), "keras", "graph_keras_model", text.encode())
            writer.run.journal.add_event(event)

    def _configure_embeddings(self, model: Any) -> None:
        given = self.embeddings_metadata
        left = {} if given is None or isinstance(given, str) else dict(given)
        entries: list[str] = []
        for layer in model.layers:
            if isinstance(layer, _keras.layers.Embedding):
                path = given if isinstance(given, str) else left.pop(layer.name, None)
                metadata = "" if path is None else f"  metadata_path: {json.dumps(path)}\n"
                name = json.dumps(_KERNEL)
                entries.append(f"embeddings {{\n  tensor_name: {name}\n{metadata}}}\n")
        if left:
            raise ConfigurationError(
                f"embeddings_metadata names {', '.join(map(repr, left))}, which are no embedding "
                "layers of the model."
            )
        folder = Path(self.log_dir)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "projector_config.pbtxt").write_text("".join(entries))


def _as_images(values: Any) -> Any:
    """Return weights as images of shape (images, height, width, channels); None if they are none.

    Each is stretched to the range from 0 to 1.
    """
    import numpy as np

    found = np.squeeze(values)
    match found.ndim:
        case 1:
            found = found.reshape(1, -1, 1, 1)
        case 2:
            found = found.T if found.shape[0] > found.shape[1] else found
            found = found[None, :, :, None]
        case 3:
            found = np.moveaxis(found, -1, 0)[..., None]
        case _:
            pass
    if found.ndim != 4 or found.shape[-1] not in _PICTURED or not found.size:  # noqa: PLR2004
        return None
    low, high = float(found.min()), float(found.max())
    return (found - low) / ((high - low) or 1.0)
