"""The layout: boxes apart, ways downwards, few crossings."""

from __future__ import annotations

import itertools
import random

import pytest

from nbviz.inspection.graph.layout.layout import place
from nbviz.inspection.graph.layout.level import LevelShape, Placed


def overlapping(shape: LevelShape, placed: Placed) -> list[tuple[int, int]]:
    boxes = [
        (x, y, x + w, y + h) for (x, y), (w, h) in zip(placed.corners, shape.sizes, strict=True)
    ]
    return [
        (i, j)
        for (i, a), (j, b) in itertools.combinations(enumerate(boxes), 2)
        if a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
    ]


def random_level(seed: int) -> LevelShape:
    pick = random.Random(seed)
    count = pick.randint(2, 40)
    sizes = [(pick.uniform(30, 200), pick.choice([24.0, 44.0, 130.0])) for _ in range(count)]
    edges = {
        (min(pair), max(pair))
        for _ in range(count * 2)
        for pair in [(pick.randrange(count), pick.randrange(count))]
        if pair[0] != pair[1]
    }
    inputs = [(port, pick.randrange(count)) for port in range(pick.randint(0, 3))]
    outputs = [(pick.randrange(count), port) for port in range(pick.randint(0, 2))]
    return LevelShape(sizes, sorted(edges), inputs, outputs)


@pytest.mark.parametrize("seed", range(30))
def test_boxes_are_apart_and_ways_lead_down_from_box_to_box(seed: int) -> None:
    shape = random_level(seed)
    placed = place(shape)
    assert overlapping(shape, placed) == []
    for (x, y), (width, height) in zip(placed.corners, shape.sizes, strict=True):
        assert -1e-6 <= x <= placed.width - width + 1e-6
        assert -1e-6 <= y <= placed.height - height + 1e-6
    for (source, target), route in zip(shape.edges, placed.routes, strict=False):
        ys = [y for _, y in route]
        assert ys == sorted(ys)
        start, end = placed.corners[source], placed.corners[target]
        assert route[0][1] == pytest.approx(start[1] + shape.sizes[source][1])
        assert route[-1] == pytest.approx((end[0] + shape.sizes[target][0] / 2, end[1]))
    borders = placed.routes[len(shape.edges) :]
    assert [route[0][1] for route in borders[: len(shape.inputs)]] == [0.0] * len(shape.inputs)
    for route in borders[len(shape.inputs) :]:
        assert route[-1][1] == pytest.approx(placed.height)


def test_a_chain_is_a_straight_line() -> None:
    shape = LevelShape([(50.0, 24.0), (120.0, 44.0), (80.0, 24.0)], [(0, 1), (1, 2)])
    placed = place(shape)
    assert {round(x, 6) for route in placed.routes for x, _ in route} == {60.0}
    assert placed.width == 120
    assert placed.height == 24 + 24 + 44 + 24 + 24


def test_what_follows_one_another_without_a_branch_stands_on_one_line() -> None:
    # A network with two heads, the ends of which are wide.
    sizes = [(277.0, 44.0), (133.0, 44.0), (158.0, 44.0), (36.0, 24.0), (84.0, 24.0)]
    shape = LevelShape(sizes, [(0, 1), (1, 2), (0, 3), (3, 4)], [(0, 0)], [(2, 0), (4, 1)])
    placed = place(shape)
    assert overlapping(shape, placed) == []
    middles = [x + width / 2 for (x, _), (width, _) in zip(placed.corners, sizes, strict=True)]
    ends = [route[-1][0] for route in placed.routes[-2:]]
    assert middles[1] == pytest.approx(middles[2]) == pytest.approx(ends[0])
    assert middles[3] == pytest.approx(middles[4]) == pytest.approx(ends[1])


def test_a_ladder_is_drawn_without_crossings() -> None:
    edges = [(0, 3), (1, 2), (2, 5), (3, 4)]
    placed = place(LevelShape([(40.0, 24.0)] * 6, edges))
    x = [corner[0] for corner in placed.corners]
    assert (x[0] < x[1]) == (x[3] < x[2]) == (x[4] < x[5])


def test_a_constant_stands_beside_what_it_is_used_with() -> None:
    # 0 → 1 → 2 → 3, and 4 is used by 3 alone
    placed = place(LevelShape([(40.0, 24.0)] * 5, [(0, 1), (1, 2), (2, 3), (4, 3)]))
    assert placed.corners[4][1] == placed.corners[2][1]


def test_a_circle_is_drawn_with_one_way_up() -> None:
    placed = place(LevelShape([(40.0, 24.0)] * 3, [(0, 1), (1, 2), (2, 0)]))
    downward = [route[0][1] < route[-1][1] for route in placed.routes]
    assert sorted(downward) == [False, True, True]


def test_nothing_takes_no_room() -> None:
    assert place(LevelShape([], [])) == Placed()


def test_boxes_in_series_stand_in_line_and_what_skips_them_runs_straight_beside() -> None:
    residual = LevelShape(
        [(100.0, 44.0), (60.0, 24.0), (140.0, 44.0), (40.0, 24.0)],
        [(0, 1), (1, 2), (2, 3), (0, 3)],
        inputs=[(0, 0)],
        outputs=[(3, 0)],
    )
    placed = place(residual)
    middles = [
        x + width / 2 for (x, _), (width, _) in zip(placed.corners, residual.sizes, strict=True)
    ]
    assert len(set(middles)) == 1
    around = placed.routes[3]
    lanes = {x for x, _ in around[1:-1]}
    assert len(lanes) == 1
    assert abs(lanes.pop() - middles[0]) > 70.0  # clear of the widest box that it passes
    assert overlapping(residual, placed) == []


def test_a_second_skip_takes_the_other_side_where_it_would_cross_the_first() -> None:
    crossing = LevelShape(
        [(80.0, 24.0)] * 5, [(0, 1), (1, 2), (2, 3), (3, 4), (0, 2), (1, 3)], outputs=[(4, 0)]
    )
    placed = place(crossing)
    middle = placed.corners[0][0] + 40.0
    first, second = placed.routes[4][1][0], placed.routes[5][1][0]
    assert (first - middle) * (second - middle) < 0
