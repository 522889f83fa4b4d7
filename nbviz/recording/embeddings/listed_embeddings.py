"""The embeddings that a directory's projector files hold, read as they are listed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nbviz.errors import NbvizError
from nbviz.recording.embeddings.inputs import EmbeddingInput, EmbeddingMemories
from nbviz.recording.embeddings.projector_files import CONFIG, read_config, read_listed
from nbviz.recording.event_files.batch import MediaRecord

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nbviz.recording.embeddings.embedding import Embedding
    from nbviz.recording.embeddings.projector_files import ListedEmbedding


class ListedEmbeddings:
    """Reads what a projector's configuration lists, each entry once.

    Args:
        directory: Where it is.
        budget: Bytes of the media budget.
    """

    def __init__(self, directory: Path, budget: int) -> None:
        self._directory = directory
        self._budget = budget
        self._changed_at = 0
        self._known: set[str] = set()
        self._memories = EmbeddingMemories()
        self.problems: list[str] = []
        """Sentences about entries that cannot be read, since the last look."""

    def read(self) -> Iterator[MediaRecord]:
        """Yield what is listed and has not been read, by step."""
        config = self._directory / CONFIG
        try:
            changed_at = config.stat().st_mtime_ns
        except OSError:
            return
        if changed_at == self._changed_at:
            return
        self._changed_at = changed_at
        new = [one for one in read_config(self._directory) if one.name not in self._known]
        for listed in sorted(new, key=lambda one: one.place[1]):
            self._known.add(listed.name)
            tag, step = listed.place
            try:
                value = self._read(tag, listed)
                wall_time = (self._directory / listed.tensors).stat().st_mtime
            except (OSError, ValueError, NbvizError) as error:
                self.problems.append(
                    f"the embedding {listed.name!r} in {config.name} cannot be read: {error}"
                )
            else:
                yield MediaRecord(wall_time, step, tag, "embedding", value)

    def _read(self, tag: str, listed: ListedEmbedding) -> Embedding:
        vectors, labels, images = read_listed(self._directory, listed)
        columns = {name: _numbers(texts) for name, texts in labels.items()}
        memory = self._memories.of(tag)
        made = EmbeddingInput(
            tag, vectors, columns or None, images, memory=memory, budget=self._budget
        )
        return made.make()


def _numbers(texts: list[str]) -> object:
    """Return labels as numbers where all of them are."""
    for kind in (np.int64, np.float64):
        try:
            return np.array(texts, kind)
        except (ValueError, OverflowError):
            continue
    return texts
