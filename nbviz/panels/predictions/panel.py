"""Predictions: the most confident mistakes first; what samples look like is sent when shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from nbviz.errors import CommandError, NbvizError
from nbviz.panels.batch import Batch
from nbviz.panels.items import ItemsPanel
from nbviz.panels.listing import class_names, evenly, find_media
from nbviz.panels.panel import NO_ADDRESS
from nbviz.panels.wire import deflated
from nbviz.protocol import predictions as messages
from nbviz.recording.media.png import encode_png
from nbviz.text import clean_line, clean_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbviz.panels.batch import SavedBatch
    from nbviz.panels.panel import Address, Reply
    from nbviz.protocol.predictions import PredictionsSent, SamplesSent
    from nbviz.recording.media.store import Media
    from nbviz.recording.predictions.predictions import Predictions
    from nbviz.recording.recorded_run import RecordedRun
    from nbviz.training.edited_data import TrainingData

MOST_ASKED = 256
"""Samples of one request, and those that a page without a kernel can show of a tag."""

_MOST_STEPS = 200  # of a course
_MOST_SAVED_BYTES = 2_000_000  # of the samples of a tag
_LEAST_GAIN = 0.9
_WHOLE = 65_535
_ABSENT = -2


class PredictionsPanel(ItemsPanel["PredictionsSent"]):
    """Predictions against what is true."""

    name = "predictions"
    assets = ("predictions", "items", "timeline")
    requests = (messages.SendPredictions, messages.SendSamples, messages.EditData)
    slow = frozenset({"send_predictions", "send_samples", "edit_data"})
    kinds = frozenset({"predictions"})
    added = "predictions_added"

    def item(  # noqa: PLR0917
        self, run_id: str, media: Media, step: int, batch: Batch, address: Address, limit: int
    ) -> PredictionsSent:
        """Return the predictions of a tag at or before a step; the first ones if all are later."""
        item = media.at(step)
        value = cast("Predictions", item.value)
        names = class_names(value.classes, value.size, limit)
        count, data = _packed(value, limit - sum(map(len, names)))
        return {
            "kind": "predictions_sent",
            **address,
            "run_id": run_id,
            "tag": clean_line(media.tag),
            "step": item.step,
            "size": value.size,
            "names": names,
            "samples": count,
            "omitted": len(value.indices) - count,
            "mistakes": int(value.is_mistake.sum()),
            "labelled": int((value.targets >= 0).sum()),
            "ranks": value.ranked.shape[1],
            "inputs": "" if value.inputs is None else value.inputs.key,
            "is_training": False,
            "buffer": batch.buffer(data),
        }

    def answer(self, part: RecordedRun, request: Any, reply: Reply[Any]) -> None:
        """Send the predictions of a step or what samples look like, or change the training data."""
        batch = Batch()
        media = find_media(part, request["tag"], self.kinds)
        if request["kind"] == "edit_data":
            _edit(part, media.tag, request)
            reply.send({"kind": "command_done", **reply.address})
            return
        if request["kind"] == "send_predictions":
            step = request["step"]
            sent = self.item(part.run_id, media, step, batch, reply.address, reply.limit)
            sent["is_training"] = _data_of(part, media.tag) is not None
            reply.send(sent, batch)
            return
        asked = np.array(request["indices"][:MOST_ASKED], np.int64)
        answer = samples_sent(
            part.run_id,
            media,
            request["step"],
            asked,
            batch,
            reply.address,
            reply.limit,
            with_inputs=request["with_inputs"],
        )
        reply.send(answer, batch)

    def saved(self, part: RecordedRun, batch: SavedBatch, limit: float) -> bool:
        """Add the items, and what those samples look like that were mistaken last."""
        has_items = super().saved(part, batch, limit)
        most = int(min(limit, _MOST_SAVED_BYTES))
        for tag in part.kept_media:
            media = part.kept_media[tag]
            if media.kind != "predictions":
                continue
            newest = media[-1]
            value = cast("Predictions", newest.value)
            own = Batch()
            worst = value.indices[value.order()[:MOST_ASKED]]
            try:
                answer: Any = samples_sent(
                    part.run_id, media, newest.step, worst, own, NO_ADDRESS, most
                )
            except NbvizError:
                continue
            answer["buffer"] = batch.buffer(own.buffers[0])
            batch.answers.append(answer)
        return has_items


def samples_sent(  # noqa: PLR0917
    run_id: str,
    media: Media,
    step: int,
    indices: NDArray[np.int64],
    batch: Batch,
    address: Address,
    limit: int,
    *,
    with_inputs: bool = True,
) -> SamplesSent:
    """Return what samples look like and how they fared.

    Args:
        run_id: The run's.
        media: The tag's items.
        step: At or before it what was predicted for is taken.
        indices: The samples'; those that there are not at the step are left out.
        batch: Takes the answer's buffer.
        address: Whose request it answers.
        limit: Bytes that it may take; of what does not fit the last samples are left out.
        with_inputs: Whether pictures and texts are sent, too.
    """
    item = media.at(step)
    value = cast("Predictions", item.value)
    rows = value.rows_of(indices)
    indices, rows = indices[rows >= 0], rows[rows >= 0]
    inputs = value.inputs if with_inputs else None
    while True:
        picture, columns, height, width = b"", 0, 0, 0
        texts: list[str] = []
        if inputs is not None and inputs.pictures is not None and len(rows):
            picture, columns = _sheet(inputs.pictures[rows])
            height, width = inputs.pictures.shape[1:3]
        elif inputs is not None and inputs.texts:
            places: list[int] = rows.tolist()
            texts = [clean_text(inputs.texts[row]) for row in places]
        steps, courses = _courses(media, indices)
        size = len(picture) + len(courses) + sum(2 * len(text.encode()) for text in texts)
        if size <= limit or len(rows) <= 1:
            break
        kept = max(1, int(len(rows) * limit / size * _LEAST_GAIN))
        indices, rows = indices[:kept], rows[:kept]
    return {
        "kind": "samples_sent",
        **address,
        "run_id": run_id,
        "tag": clean_line(media.tag),
        "indices": indices.tolist(),
        "inputs": "" if value.inputs is None else value.inputs.key,
        "texts": texts,
        "picture_bytes": len(picture),
        "columns": columns,
        "height": height,
        "width": width,
        "steps": steps,
        "buffer": batch.buffer(picture + courses),
    }


def _data_of(run: RecordedRun, tag: str) -> TrainingData | None:
    """Return the training data that the samples of a tag are of; None if they are not.

    As with scalars the tag says it: `predictions/train`.
    """
    return getattr(run.steering, "data", None) if tag.endswith("/train") else None


def _edit(run: RecordedRun, tag: str, request: messages.EditData) -> None:
    data = _data_of(run, tag)
    if data is None:
        raise CommandError(
            f"the samples of {tag!r} are not known to be those of a training that runs here: log "
            'them with their indices in its data set, under a tag that ends with "/train".'
        )
    action, indices, value = request["action"], request["indices"], request["value"]
    if action == "drop":
        data.drop(indices)
    elif action == "relabel":
        data.relabel(indices, int(value))
    elif action == "weight":
        data.weight(indices, value)
    else:
        data.restore(indices)


def _packed(value: Predictions, limit: int) -> tuple[int, bytes]:
    """Return how many samples are sent, and the bytes: the worst, if not all have room."""
    order = value.order()
    count = len(order)
    while True:
        rows = order[:count]
        parts = [value.indices[rows], value.targets[rows], _whole(value.own[rows])]
        for rank in range(value.ranked.shape[1]):
            parts += [value.ranked[rows, rank], _whole(value.shares[rows, rank])]
        data = deflated(np.concatenate([part.astype(np.float64) for part in parts]))
        if len(data) <= limit or count <= 1:
            return count, data
        count = max(1, int(count * limit / len(data) * _LEAST_GAIN))


def _whole(shares: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return probabilities in whole 65535ths, which deflate well; -1 for NaN."""
    return np.nan_to_num(np.round(shares.astype(np.float64) * _WHOLE), nan=-1.0)


def _courses(media: Media, indices: NDArray[np.int64]) -> tuple[int, bytes]:
    """Return how many steps the courses of samples have, and the courses."""
    items = evenly(list(media), _MOST_STEPS)
    own: list[NDArray[np.float64]] = []
    predicted: list[NDArray[np.float64]] = []
    for item in items:
        value = cast("Predictions", item.value)
        rows = value.rows_of(indices)
        is_there = rows >= 0
        own.append(np.where(is_there, _whole(value.own)[rows], -1.0))
        predicted.append(np.where(is_there, value.predicted[rows], _ABSENT).astype(np.float64))
    steps = np.array([item.step for item in items], np.float64)
    parts = [steps, np.stack(own, 1).reshape(-1), np.stack(predicted, 1).reshape(-1)]
    return len(items), deflated(np.concatenate(parts))


def _sheet(pictures: NDArray[np.uint8]) -> tuple[bytes, int]:
    """Return pictures as one PNG file, row by row, and how many are beside each other."""
    count, height, width, channels = pictures.shape
    columns = int(np.ceil(np.sqrt(count)))
    rows = -(-count // columns)
    canvas = np.zeros((rows * columns, height, width, channels), np.uint8)
    canvas[:count] = pictures
    grid = canvas.reshape(rows, columns, height, width, channels).transpose(0, 2, 1, 3, 4)
    sheet = np.ascontiguousarray(grid).reshape(rows * height, columns * width, channels)
    return encode_png(sheet), columns
