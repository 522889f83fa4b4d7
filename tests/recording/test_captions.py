"""Captions of the images in a grid: checked, kept in the picture's file, read from a journal."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pages import Page

import nbviz
from nbviz.errors import LoggingError
from nbviz.recording.media.captions import Caption, captions_of, read_captions, with_captions
from nbviz.recording.media.png import decode_image, encode_png

IMAGES = torch.rand(3, 1, 6, 5)
PAIRS = [(torch.tensor(7), np.int64(7)), ("cat", "dog"), "unknown"]
READ = [Caption("7", True), Caption("cat, not dog", False), Caption("unknown")]


def test_a_pair_is_a_prediction_and_the_truth_and_a_text_is_a_text() -> None:
    assert read_captions("x", PAIRS, 3) == READ
    assert read_captions("x", ["a\nb", "z" * 300], 2) == [Caption("a␊b"), Caption("z" * 200)]


@pytest.mark.parametrize(
    ("captions", "message"),
    [
        (["a"], "must be a list of 3, one for each image; got 1"),
        ("abc", "must be a list of 3, one for each image; got a text"),
        (3, "must be a list of 3, one for each image; got 0"),
        ([("a", "b", "c")] * 3, "a pair of prediction and truth; got 3 values"),
    ],
)
def test_captions_of_another_form_are_refused(captions: object, message: str) -> None:
    run = nbviz.Run("loop")
    with pytest.raises(LoggingError, match=message):
        run.log_images("x", IMAGES, 1, captions=captions)  # pyright: ignore[reportArgumentType]


def test_they_are_in_the_file_which_stays_the_same_picture() -> None:
    pixels = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    plain = encode_png(pixels)
    data = with_captions(plain, READ, 2)
    assert captions_of(data) == (READ, 2)
    assert captions_of(plain) == captions_of(b"") == captions_of(data[:60]) == ([], 0)
    assert decode_image(data).tolist() == pixels.tolist()
    image = pytest.importorskip("PIL.Image")
    with image.open(__import__("io").BytesIO(data)) as opened:
        assert np.asarray(opened).tolist() == pixels.tolist()


def test_a_page_is_sent_them_of_a_run_and_of_what_its_journal_holds(tmp_path) -> None:
    run = nbviz.Run("loop", dir=tmp_path)
    run.log_images("samples", IMAGES, 4, columns=2, captions=PAIRS)
    run.log_images("plain", IMAGES, 4)
    run.finish()
    for shown in (run, nbviz.open_run(tmp_path)):
        page = Page(nbviz.Dashboard(shown))
        page.ready()
        fields = {"run_id": shown.run_id, "step": 4, "after": -1, "pixels": 400}
        sent = page.ask("send_media", tag="samples", **fields)
        assert sent["columns"] == 2
        assert sent["captions"] == [{"text": one.text, "is_right": one.is_right} for one in READ]
        assert page.ask("send_media", tag="plain", **fields)["captions"] == []
