"""Lists that pages send: each item is of the protocol's type, however many there are."""

from __future__ import annotations

import pytest

from nbviz.errors import CommandError
from nbviz.session.checks import REQUESTS, checked

SENT = {"kind": "send_range", "client_id": "a", "request_id": 1, "run_id": "r"}
RANGE = {**SENT, "first_step": 0, "last_step": 9, "points": 100}


def test_a_list_of_one_type_is_taken_as_a_copy() -> None:
    series = list(range(1000))
    found = checked({**RANGE, "series": series}, REQUESTS["send_range"])
    assert found["series"] == series
    assert found["series"] is not series
    assert checked({**RANGE, "series": []}, REQUESTS["send_range"])["series"] == []


def test_javascript_has_one_kind_of_number() -> None:
    found = checked({**RANGE, "series": [1, 2.0]}, REQUESTS["send_range"])
    assert [(type(one), one) for one in found["series"]] == [(int, 1), (int, 2)]


@pytest.mark.parametrize("wrong", [True, None, "1", float("nan"), float("inf"), [1], {}])
def test_one_item_of_another_type_is_named(wrong: object) -> None:
    with pytest.raises(CommandError, match="each of series must be a whole number, got"):
        checked({**RANGE, "series": [1] * 1000 + [wrong]}, REQUESTS["send_range"])


def test_a_list_of_texts_holds_no_numbers() -> None:
    request = {"kind": "send_graph", "client_id": "a", "request_id": 1, "run_id": "r"}
    with pytest.raises(CommandError, match="each of scopes must be a text, got 1"):
        checked({**request, "scopes": ["", "a", 1]}, REQUESTS["send_graph"])
