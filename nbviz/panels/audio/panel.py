"""Sounds: listed as they come, sent in parts when a page shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from nbviz.errors import CommandError
from nbviz.panels.items import ItemsPanel
from nbviz.protocol import audio as messages
from nbviz.recording.media.audio import wave_of
from nbviz.text import clean_line

if TYPE_CHECKING:
    from nbviz.panels.batch import Batch
    from nbviz.panels.panel import Address, Reply
    from nbviz.protocol.audio import AudioSent
    from nbviz.recording.media.audio import Audio
    from nbviz.recording.media.store import Media

_HEADER = 64  # bytes of a WAV file beside its samples, at the most
_SAMPLE_BYTES = 2


class AudioPanel(ItemsPanel["AudioSent"]):
    """Sounds, as waves or spectrograms."""

    name = "audio"
    assets = ("audio", "items", "heatmap", "timeline")
    requests = (messages.SendAudio,)
    kinds = frozenset({"audio"})
    added = "audio_added"

    def item(  # noqa: PLR0917
        self, run_id: str, media: Media, step: int, batch: Batch, address: Address, limit: int
    ) -> AudioSent:
        """Return the beginning of a sound as a file of its own, as much as there is room for."""
        audio = cast("Audio", media.at(step).value)
        if audio.nbytes > limit:
            most = (limit - _HEADER) // (_SAMPLE_BYTES * audio.channels)
            audio = wave_of(audio.samples[:most], audio.sample_rate)
        return _part(run_id, media, step, batch, address, data=audio.data)

    def item_asked(
        self,
        run_id: str,
        media: Media,
        request: messages.SendAudio,
        batch: Batch,
        reply: Reply[AudioSent],
    ) -> AudioSent:
        """Return as much of the sound as a message carries."""
        data = cast("Audio", media.at(request["step"]).value).data
        start = request["start"]
        if not 0 <= start < len(data):
            raise CommandError(f"start must be from 0 to {len(data) - 1:,}, got {start:,}.")
        return _part(
            run_id,
            media,
            request["step"],
            batch,
            reply.address,
            data=data,
            start=start,
            limit=reply.limit,
        )


def _part(
    run_id: str,
    media: Media,
    step: int,
    batch: Batch,
    address: Address,
    *,
    data: bytes,
    start: int = 0,
    limit: int | None = None,
) -> AudioSent:
    item = media.at(step)
    audio = cast("Audio", item.value)
    end = None if limit is None else start + limit
    return {
        "kind": "audio_sent",
        **address,
        "run_id": run_id,
        "tag": clean_line(media.tag),
        "step": item.step,
        "sample_rate": audio.sample_rate,
        "channels": audio.channels,
        "frames": audio.frames,
        "start": start,
        "size": len(data),
        "buffer": batch.buffer(data[start:end]),
    }
