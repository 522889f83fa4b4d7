"""Predictions of samples that were logged."""

from __future__ import annotations

from typing import Literal, TypedDict

from nbviz.protocol.core import Answers, CommandDone, ItemsAdded


class PredictionsAdded(ItemsAdded):
    """Predictions that were logged."""

    kind: Literal["predictions_added"]


class SendPredictions(TypedDict):
    """Ask for the predictions of a tag at or before a step."""

    kind: Literal["send_predictions"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    step: int


class PredictionsSent(TypedDict):
    """Predictions of one step, the most confident mistakes first.

    Buffer: float64, deflated as `nbviz.panels.wire.deflated` does. Of each sample in turn its
    index; then of each its target, -1 where there is none; then of each the probability of that, in
    65535ths and -1 where it is not known; then, rank by rank, of each a class, and of each its
    probability.
    """

    kind: Literal["predictions_sent"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    step: int
    size: int  # classes
    names: list[str]  # of the classes in order; there may be fewer, or none
    samples: int  # that are sent
    omitted: int  # that had no room
    mistakes: int  # of all samples
    labelled: int  # of all samples
    ranks: int  # classes that are sent of each sample
    inputs: str  # tells what was predicted for from that of other steps; "" where it is not known
    is_training: bool  # of the data of the training that runs, which `EditData` changes
    buffer: int


class SendSamples(TypedDict):
    """Ask what samples look like, and how they fared over the steps of their tag."""

    kind: Literal["send_samples"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    step: int  # of which what was predicted for is sent
    indices: list[int]
    with_inputs: bool  # False where the page has them


class SamplesSent(TypedDict):
    """Samples of a tag. Buffer: `picture_bytes` bytes of a PNG file, then courses.

    The file holds pictures of `height` × `width` pixels row by row, `columns` of them beside each
    other. The courses are float64, deflated: the steps; then for each sample the probability of its
    true class at each of them, in 65535ths and -1 where it is not known; then for each the class
    that was predicted, -2 where it is not among the step's samples.
    """

    kind: Literal["samples_sent"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    indices: list[int]  # those that there are
    inputs: str  # as in `PredictionsSent`
    texts: list[str]  # of each sample; none where they were not asked for, or are pictures
    picture_bytes: int  # 0 where there are none
    columns: int
    height: int
    width: int
    steps: int
    buffer: int


class EditData(TypedDict):
    """Change samples of the training data, from the next epoch on."""

    kind: Literal["edit_data"]
    client_id: str
    request_id: int
    run_id: str
    tag: str
    action: Literal["drop", "relabel", "weight", "restore"]
    indices: list[int]
    value: float  # the class, or the weight; else without meaning


ANSWERS: Answers = {
    SendPredictions: (PredictionsSent,),
    SendSamples: (SamplesSent,),
    EditData: (CommandDone,),
}

Updates = PredictionsAdded | PredictionsSent | SamplesSent
"""What the kernel sends."""

Requests = SendPredictions | SendSamples | EditData
"""What pages ask."""
