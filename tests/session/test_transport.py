"""The transport against a page that acknowledges, is slow, is gone, comes back or pulls."""

from __future__ import annotations

import math

import pytest

from nbviz.panels.batch import Batch
from nbviz.session.pace import FEWEST_FRAMES, MOST_FRAMES, RAREST_FRAMES, SHARE, Pace
from nbviz.session.transport import (
    ABANDONED_SECONDS,
    FIRST_POINT_SECONDS,
    OFFERED_SECONDS,
    PULL_FRAME_BYTES,
    SILENCE_SECONDS,
    UNPAINTED_BYTES,
    WINDOW_SECONDS,
    Transport,
)


class Counter:
    """A feed that has logged `made` points; a cursor is a list holding how many were sent."""

    def __init__(self) -> None:
        self.made = 0
        self.is_active = True
        self.is_empty = False
        self.rooms: list[float] = []
        self.frame_bytes = 0
        self.again_in = math.inf

    def cursor(self):
        return [0]

    def is_stale(self, cursor):
        return False

    def read(self, *, may_wait=True):
        pass

    def snapshot(self, cursor, *, upto=None, limit=0):
        cursor[0] = self.made if upto is None else upto[0]
        return batch_of({"kind": "all", "upto": cursor[0]})

    def collect(self, cursor, limit, room):
        start, cursor[0] = cursor[0], self.made
        self.rooms.append(room)
        batch = batch_of(*[{"kind": "new", "range": (start, self.made)}] * (self.made > start))
        batch.buffer(bytes(self.frame_bytes))
        batch.look_again_in(self.again_in)
        return batch


def batch_of(*updates) -> Batch:
    batch = Batch()
    for update in updates:
        batch.add(update)
    return batch


class Page:
    """Applies messages as the page does: in sequence, or it notices the gap."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.points = 0
        self.sequence = -1
        self.gaps = 0

    def receive(self, message) -> None:
        if message["client_id"] not in ("", self.name):
            return
        if message["kind"] == "snapshot":
            self.sequence = message["sequence"]
            self.points = message["updates"][0]["upto"]
        elif message["kind"] == "frame" and self.sequence >= 0:
            if message["sequence"] <= self.sequence:
                return
            if message["sequence"] != self.sequence + 1:
                self.gaps += 1
                return
            self.sequence = message["sequence"]
            for update in message["updates"]:
                assert update["range"][0] == self.points
                self.points = update["range"][1]


class Rig:
    def __init__(self, **options) -> None:
        self.now = 100.0
        self.feed = Counter()
        self.sent: list[tuple[float, dict]] = []
        self.pages: list[Page] = []
        self.lose = False
        self.transport = Transport(
            self.feed, self._send, clock=lambda: self.now, **{"frames_per_second": 20, **options}
        )

    def _send(self, content, buffers) -> None:
        self.sent.append((self.now, content))
        if not self.lose:
            for page in self.pages:
                page.receive(content)

    def page(self, name: str) -> Page:
        page = Page(name)
        self.pages.append(page)
        self.transport.open(name)
        return page

    def run(self, seconds: float, *, acknowledging=(), every: float = 0.2, step: float = 0.01):
        """Let time pass: a point is logged each 10 ms, and pages acknowledge."""
        end = self.now + seconds
        due, acknowledged_at = self.now, self.now
        while self.now < end:
            self.now += step
            self.feed.made += 1
            if self.now - acknowledged_at >= every:
                acknowledged_at = self.now
                for page in acknowledging:
                    self.transport.acknowledge(page.name, page.sequence)
            if self.now >= due:
                wait = self.transport.tick()
                due = self.now + (wait or 0.0)

    def frames(self, since: float) -> list[dict]:
        return [m for at, m in self.sent if at > since and m["kind"] == "frame"]


def test_an_attentive_page_gets_every_point_at_the_rate_asked() -> None:
    rig = Rig()
    page = rig.page("a")
    rig.run(5, acknowledging=[page])
    assert page.gaps == 0
    assert rig.feed.made - page.points <= 10
    assert 80 <= len(rig.frames(100)) <= 101


def test_pictures_have_room_only_while_pages_paint_what_they_were_sent() -> None:
    rig = Rig()
    rig.feed.frame_bytes = 300_000
    fast, slow = rig.page("a"), rig.page("b")
    rig.run(2, acknowledging=[fast, slow], every=0.05)
    assert rig.feed.rooms[0] == UNPAINTED_BYTES
    assert min(rig.feed.rooms) >= UNPAINTED_BYTES - 2 * 300_000
    rig.feed.rooms.clear()
    rig.run(0.5, acknowledging=[fast], every=0.05)  # the slower of the two says what has room
    assert rig.feed.rooms[-1] <= UNPAINTED_BYTES - 8 * 300_000
    rig.run(SILENCE_SECONDS + 1, acknowledging=[fast], every=0.05)  # it is not waited for
    assert rig.feed.rooms[-1] >= UNPAINTED_BYTES - 2 * 300_000
    rig.run(SILENCE_SECONDS + 1)
    assert rig.feed.rooms[-1] == 0
    rig.transport.acknowledge("a", fast.sequence)
    rig.run(0.2, acknowledging=[fast], every=0.05)
    assert rig.feed.rooms[-1] >= UNPAINTED_BYTES - 2 * 300_000


def test_a_page_that_pulls_has_room_in_each_frame() -> None:
    rig = Rig(pulls=True)
    rig.feed.frame_bytes = 300_000
    rig.page("a")
    for _ in range(5):
        rig.transport.pull("a")
    assert rig.feed.rooms == [PULL_FRAME_BYTES] * 5


def test_what_is_due_sooner_has_the_next_frame_sent_sooner() -> None:
    rig = Rig(frames_per_second=None)
    for _ in range(50):
        rig.transport.pace.spent(1.0)  # so much that the fewest frames leave
    page = rig.page("a")
    counts: list[int] = []
    for again_in in (math.inf, 0.05, math.inf):
        rig.feed.again_in = again_in
        rig.run(0.3, acknowledging=[page])  # the frame that is due by what was said before
        since = rig.now
        rig.run(2, acknowledging=[page])
        counts.append(len(rig.frames(since)))
    assert counts == pytest.approx([2 * RAREST_FRAMES, 40, 2 * RAREST_FRAMES], abs=2)
    fixed = Rig(frames_per_second=4)
    page = fixed.page("a")
    fixed.feed.again_in = 0.05
    fixed.run(2, acknowledging=[page])  # more than were asked for never leave
    assert 8 <= len(fixed.frames(100)) <= 9


def test_no_page_no_frames() -> None:
    rig = Rig()
    assert rig.transport.tick() is None
    rig.run(1)
    assert rig.sent == []


def test_a_page_that_stops_acknowledging_is_served_rarely_and_loses_nothing() -> None:
    rig = Rig()
    page = rig.page("a")
    rig.run(1, acknowledging=[page])
    since = rig.now
    rig.run(10)
    assert len(rig.frames(since + SILENCE_SECONDS)) <= 2 * 9 + 1
    rig.transport.acknowledge("a", page.sequence)
    rig.run(1, acknowledging=[page])
    assert page.gaps == 0
    assert rig.feed.made - page.points <= 10


def test_an_abandoned_page_gets_next_to_nothing() -> None:
    rig = Rig()
    rig.page("a")
    rig.run(ABANDONED_SECONDS + 2, step=0.05)
    since = rig.now
    rig.run(100, step=0.05)
    assert 5 <= len(rig.frames(since)) <= 11


def test_a_page_that_is_gone_is_forgotten_and_one_that_comes_back_gets_all() -> None:
    gone: list[str] = []
    rig = Rig(gone=gone.append)
    stays, leaves = rig.page("a"), rig.page("b")
    rig.run(20, acknowledging=[stays])
    assert gone == ["b"]
    rig.feed.is_active = False
    rig.now += 1
    rig.transport.tick()
    rig.transport.acknowledge("a", rig.transport.sequence)
    rig.now += 1
    assert rig.transport.tick() is None
    rig.feed.made += 7
    rig.transport.acknowledge("b", leaves.sequence)
    assert leaves.points == rig.feed.made


def test_at_most_a_window_of_frames_is_unacknowledged() -> None:
    rig = Rig(frames_per_second=60)
    page = rig.page("a")
    rig.run(2.8, acknowledging=[page], every=1.4)
    assert 2 * 40 < len(rig.frames(100)) <= 2 * round(60 * WINDOW_SECONDS)


def test_what_is_logged_slower_than_frames_leaves_with_the_next_frame() -> None:
    rig = Rig()
    rig.page("a")
    rig.feed.made += 1
    rig.transport.tick()
    rig.now += 0.1
    wait = rig.transport.tick()  # nothing is new, and the page has not acknowledged yet
    assert wait is not None
    assert wait <= 1 / 20


def test_a_lost_frame_is_noticed_after_the_run_has_ended() -> None:
    rig = Rig()
    page = rig.page("a")
    rig.run(1, acknowledging=[page])
    rig.lose = True
    rig.feed.made += 1
    rig.now += 0.1
    rig.transport.tick()
    rig.lose, rig.feed.is_active = False, False
    lost = rig.feed.made
    for _ in range(400):
        rig.now += 0.01
        rig.transport.tick()
        if page.gaps:
            break
    assert page.gaps == 1
    assert page.points < lost
    rig.transport.open("a")
    assert page.points == lost


def test_the_thread_may_sleep_once_everything_is_acknowledged_and_no_run_is_active() -> None:
    rig = Rig()
    page = rig.page("a")
    rig.run(1, acknowledging=[page])
    rig.feed.is_active = False
    rig.now += 0.1
    rig.transport.tick()
    rig.transport.acknowledge("a", rig.transport.sequence)
    rig.now += 0.1
    assert rig.transport.tick() is None


def test_a_second_page_opens_without_disturbing_the_first() -> None:
    rig = Rig()
    first = rig.page("a")
    rig.run(1, acknowledging=[first])
    second = rig.page("b")
    assert second.points == rig.feed.made
    rig.run(1, acknowledging=[first, second])
    assert (first.gaps, second.gaps) == (0, 0)
    assert first.points == second.points


def test_ready_that_was_queued_behind_a_cell_is_not_answered_after_a_later_one() -> None:
    rig = Rig()
    page = Page("a")
    rig.pages.append(page)
    snapshots = lambda: [m for _, m in rig.sent if m["kind"] == "snapshot"]  # noqa: E731
    rig.transport.open("a", 3, 1)
    rig.feed.made = 5
    for attempt in (1, 2, 3):  # at the cell's end
        rig.transport.open("a", attempt, 1)
    assert len(snapshots()) == 1
    rig.transport.open("a", 4, 4)  # a frame was missing
    assert len(snapshots()) == 2
    assert page.points == 5


def test_ready_said_often_to_a_busy_kernel_is_answered_once_and_again_if_that_is_lost() -> None:
    rig = Rig()
    for attempt in (1, 2, 3):
        rig.transport.open("a", attempt, 1)
    assert [m["kind"] for _, m in rig.sent] == ["snapshot"]
    rig.now += 1.5
    rig.transport.open("a", 4, 1)
    assert [m["kind"] for _, m in rig.sent] == ["snapshot", "snapshot"]


def test_a_closed_second_page_does_not_hold_up_the_first() -> None:
    rig = Rig()
    first = rig.page("a")
    rig.page("b")
    rig.run(1.5, acknowledging=[first])
    since = rig.now
    rig.run(2, acknowledging=[first])
    assert len(rig.frames(since)) >= 30


def test_a_pulling_page_gets_frames_only_when_it_asks() -> None:
    rig = Rig(pulls=True)
    page = rig.page("a")
    rig.run(2)
    assert rig.frames(100) == []
    rig.transport.pull("a")
    assert page.points == rig.feed.made
    rig.transport.answer("a", [{"kind": "late"}], inside_request=False)
    assert rig.sent[-1][1]["kind"] == "frame"
    rig.transport.pull("a")
    assert [m["kind"] for _, m in rig.sent[-2:]] == ["reply", "frame"]


def test_two_pulling_pages_have_their_own_place() -> None:
    rig = Rig(pulls=True)
    first, second = rig.page("a"), rig.page("b")
    rig.run(1)
    rig.transport.pull("a")
    rig.run(1)
    rig.transport.pull("b")
    rig.transport.pull("a")
    assert first.points == second.points == rig.feed.made
    assert (first.gaps, second.gaps) == (0, 0)


def test_pulling_again_after_the_kernel_forgot_the_page_sends_a_snapshot() -> None:
    rig = Rig(pulls=True)
    page = rig.page("a")
    rig.now += ABANDONED_SECONDS + 1
    rig.transport.tick()
    rig.feed.made += 5
    rig.transport.pull("a")
    assert rig.sent[-1][1]["kind"] == "snapshot"
    assert page.points == rig.feed.made


@pytest.mark.parametrize("sequence", [-5, 10**9])
def test_a_nonsense_acknowledgement_is_harmless(sequence: int) -> None:
    rig = Rig()
    page = rig.page("a")
    rig.transport.acknowledge("a", sequence)
    rig.transport.acknowledge("unknown", 3)
    rig.run(1, acknowledging=[page])
    assert page.gaps == 0


def test_frames_that_cost_more_leave_more_rarely_within_bounds() -> None:
    pace = Pace(None)
    assert pace.interval == 1 / MOST_FRAMES
    for _ in range(100):
        pace.spent(0.0005)
    assert pace.interval == pytest.approx(0.0005 / SHARE, rel=0.01)
    for _ in range(100):
        pace.spent(0.002)
    assert pace.interval == 1 / FEWEST_FRAMES
    for _ in range(100):
        pace.spent(0.01)
    assert pace.interval == pytest.approx(0.2, rel=0.01)
    for _ in range(100):
        pace.spent(1.0)
    assert pace.interval == 1 / RAREST_FRAMES
    fixed = Pace(60)
    fixed.spent(1.0)
    assert fixed.interval == 1 / 60


def offered(rig: Rig, name: str = "a") -> Page:
    """Return a page that opens where it is offered all: it has said nothing yet."""
    page = Page(name)
    rig.pages.append(page)
    rig.transport.offer()
    return page


@pytest.mark.parametrize("heard", ["ready", "acknowledge"])
def test_a_page_that_opens_has_all_before_it_is_heard_and_is_not_sent_it_twice(heard: str) -> None:
    rig = Rig()
    page = offered(rig)
    rig.feed.made = 3
    rig.transport.tick()
    assert page.points == 3
    rig.run(0.5)
    assert page.points == rig.feed.made
    if heard == "ready":
        rig.transport.open("a", attempt=1, need=1)
    else:
        rig.transport.acknowledge("a", page.sequence)
    rig.run(2 * OFFERED_SECONDS, acknowledging=[page])
    assert page.gaps == 0
    assert rig.feed.made - page.points <= 10
    assert [m["kind"] for _, m in rig.sent].count("snapshot") == 1
    # It is told that it was heard: else it says again that it is ready, with all that it asked.
    told = [m["client_id"] for _, m in rig.sent if m["kind"] == "reply"]
    assert told == (["a"] if heard == "ready" else [])


def test_what_is_offered_waits_a_moment_for_the_first_point() -> None:
    rig = Rig()
    rig.feed.is_empty = True
    page = offered(rig)
    assert rig.transport.tick() < FIRST_POINT_SECONDS / 2
    assert rig.sent == []
    rig.feed.made, rig.feed.is_empty = 1, False
    rig.transport.tick()
    assert page.points == 1
    rig = Rig()
    rig.feed.is_empty = True
    page = offered(rig)
    rig.now += 2 * FIRST_POINT_SECONDS
    rig.transport.tick()
    assert page.sequence == 0


def test_a_page_that_came_too_late_for_what_was_offered_says_so_and_gets_it() -> None:
    rig = Rig()
    rig.transport.offer()
    rig.run(0.5)
    late = Page("late")
    rig.pages.append(late)
    rig.transport.open("late", attempt=1, need=1)
    rig.run(0.3)
    assert late.sequence == -1
    rig.transport.open("late", attempt=2, need=1)
    assert late.points == rig.feed.made


def test_nothing_is_offered_for_ever_or_where_there_is_a_page_or_pages_pull() -> None:
    rig = Rig()
    rig.transport.offer()
    rig.run(2 * OFFERED_SECONDS)
    assert rig.transport.tick() is None
    assert rig.sent[-1][0] <= 100 + OFFERED_SECONDS
    pulls = Rig(pulls=True)
    pulls.transport.offer()
    pulls.run(1)
    assert pulls.sent == []
    rig = Rig()
    page = rig.page("a")
    rig.transport.offer()
    rig.run(1, acknowledging=[page])
    assert [m["kind"] for _, m in rig.sent].count("snapshot") == 1


def test_a_page_that_is_there_is_sent_the_first_at_once_and_never_nothing_of_it() -> None:
    rig = Rig()
    rig.feed.is_empty = True
    page = rig.page("a")
    rig.transport.hold()
    rig.transport.send_first()
    assert rig.transport.tick() < FIRST_POINT_SECONDS / 2
    assert page.sequence == 0
    rig.feed.made, rig.feed.is_empty = 1, False
    rig.transport.send_first()
    assert page.points == 1
    rig.transport.send_first()
    rig.run(1, acknowledging=[page])
    assert page.gaps == 0
    assert [m["kind"] for _, m in rig.sent].count("snapshot") == 1


def test_how_long_no_page_was_heard() -> None:
    rig = Rig()
    assert rig.transport.silence() == float("inf")
    rig.page("a")
    rig.now += 3
    rig.page("b")
    rig.now += 2
    assert rig.transport.silence() == pytest.approx(2)
    rig.transport.acknowledge("a", 0)
    assert rig.transport.silence() == pytest.approx(0)
