"""hiddenlayer's graph expressions and transforms, through our import: what its own tests ask."""

from __future__ import annotations

import itertools

import pytest

import nbviz.integrations.hiddenlayer as hl
from nbviz.integrations.hiddenlayer import ge
from nbviz.integrations.hiddenlayer import transforms as ht

PATTERNS = {"node": ge.NodePattern, "serial": ge.SerialPattern, "parallel": ge.ParallelPattern}


def made(*edges: str) -> hl.Graph:
    """A graph with a node for each letter in "ab", an edge from a to b."""
    graph = hl.Graph()
    for name in sorted(set("".join(edges))):
        graph.add_node(hl.Node(uid=name, name=name, op=name))
    for source, target in edges:
        graph.add_edge(graph[source], graph[target])
    return graph


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Conv", "node"),
        ("Conv[1x1]", "node"),
        ("(Conv[1x1])", "node"),
        ("Conv>Conv", "serial"),
        ("Conv > (Conv[1x1] > Conv)", "serial"),
        ("(Conv > Conv[1x1])", "serial"),
        ("Conv > (Conv [1x1] | Conv)", "serial"),
        ("Conv | Conv[1x1] ", "parallel"),
        ("Conv | (Conv[1x1] | Conv)", "parallel"),
        ("(Conv | (Conv[1x1] > Conv))", "parallel"),
    ],
)
def test_patterns_are_parsed(text: str, kind: str) -> None:
    assert isinstance(ge.GEParser(text).parse(), PATTERNS[kind])


def test_the_parser_says_how_far_it_read() -> None:
    for text, at in (("[1x1]", 5), (" [ 1x1 ] ", 9)):
        parser = ge.GEParser(text)
        assert (parser.condition(), parser.index) == ("1x1", at)
    parser = ge.GEParser("[1x1")
    assert (parser.condition(), parser.index) == (None, 0)


def test_nodes_may_be_anything_that_hashes() -> None:
    graph = hl.Graph()
    for name in "abc":
        graph.add_node(name)
    graph.add_edge("a", "b")
    graph.add_edge("b", "c")
    graph.replace(["b"], "x")
    assert sorted(graph.nodes.values()) == ["a", "c", "x"]
    assert (graph.incoming("x"), graph.outgoing("x")) == (["a"], ["c"])


@pytest.mark.parametrize(
    ("pattern", "start", "following"),
    [
        ("a > b", "a", "cd"),
        ("a > b", "b", None),
        ("b > c", "b", None),  # b is followed by d as well
        ("c | d", "cd", "e"),
        ("c | d", "c", "e"),
        ("c | d", "b", None),
        ("a > b > (c | d)", "a", "e"),
        ("(a > b) > (c | d)", "a", "e"),
        ("a > b > (c | d) > e", "a", ""),
        ("(c | d) > e", "cd", ""),
    ],
)
def test_patterns_match(pattern: str, start: str, following: str | None) -> None:
    graph = made("ab", "bc", "bd", "ce", "de")
    given = [graph[name] for name in start]
    match, after = ge.GEParser(pattern).parse().match(graph, given if len(given) > 1 else given[0])
    if following is None:
        assert not match
        return
    assert match
    found = after if isinstance(after, list) else [after]
    assert sorted(node.id for node in found) == sorted(following)


def test_search_finds_the_first_match() -> None:
    graph = made("ab", "bc", "bd")
    for pattern, nodes in (("a > b", "ab"), ("b > (c | d)", "bcd"), ("c|d", "cd"), ("d > a", "")):
        match, _ = graph.search(ge.GEParser(pattern).parse())
        assert sorted(node.id for node in match) == sorted(nodes)


def test_rename_replaces_parts_of_names() -> None:
    graph = ht.Rename(op=r"a", to="bbb").apply(made("ab", "bc", "bd"))
    assert graph["a"].op == "bbb"
    graph = ht.Rename(op=r"b(.*)", to=r"x\1").apply(graph)
    assert (graph["a"].op, graph["b"].op) == ("xbb", "x")


def test_fold_makes_one_node_of_a_match_and_leaves_the_original() -> None:
    graph = made("ab", "bc", "bd")
    folded = ht.Fold("a > b", "ab").apply(graph)
    assert [node.op for node in folded.incoming(folded["c"])] == ["ab"]
    assert sorted(graph.nodes) == ["a", "b", "c", "d"]
    assert isinstance(folded, hl.Graph)
    branched = ht.Fold("((b > c) | d) > e", "bcde").apply(made("ab", "bc", "ad", "ce", "de"))
    assert [node.op for node in branched.outgoing(branched["a"])] == ["bcde"]
    kept = ht.Fold("a > b", "__last__").apply(graph)
    assert sorted(kept.nodes) == ["b", "c", "d"]


def test_fold_id_folds_by_what_ids_have_in_common() -> None:
    graph = hl.Graph()
    for uid in ("net/block1/a", "net/block1/b", "net/block2/a"):
        graph.add_node(hl.Node(uid=uid, name=None, op="Conv"))
    graph.add_edge_by_id("net/block1/a", "net/block1/b")
    graph.add_edge_by_id("net/block1/b", "net/block2/a")
    folded = ht.FoldId(r"net/(block\d)/.*", "Block").apply(graph)
    assert sorted(folded.nodes) == ["block1", "block2"]
    assert [edge[:2] for edge in folded.edges] == [("block1", "block2")]


def test_duplicates_in_a_row_are_counted() -> None:
    graph = hl.Graph()
    nodes = [hl.Node(uid=str(i), name=None, op="Conv") for i in range(4)]
    for node in nodes:
        graph.add_node(node)
    for first, second in itertools.pairwise(nodes):
        graph.add_edge(first, second)
    (folded,) = ht.FoldDuplicates().apply(graph).nodes.values()
    assert (folded.op, folded.repeat) == ("Conv", 4)


def test_prune_cuts_a_node_and_prune_branch_what_leads_to_it() -> None:
    edges = ("ab", "bc", "ad", "ce", "de")
    pruned = ht.Prune("e").apply(made(*edges))
    assert not pruned.outgoing(pruned["d"])
    left = ht.PruneBranch("c").apply(made(*edges))
    assert sorted(left.nodes) == ["a", "d", "e"]
