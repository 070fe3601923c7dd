"""The claim graph as a picture: what rests on what, each claim a link to its section."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from claimtest.claim import Verdict
from claimtest.report.mathematics import plain
from claimtest.report.templating import render
from claimtest.report.wording import anchor
from claimtest.results import RunResult

__all__ = ["Node", "claim_graph_svg", "layers", "reduced"]

_WIDTH, _HEIGHT, _GAP, _ROW = 108, 46, 28, 60


@dataclass(frozen=True)
class Node:
    """A claim in the picture; ``href`` is empty for a claim that this run left out."""

    id: str
    label: str
    title: str
    verdict: str
    href: str
    x: float
    y: float


def claim_graph_svg(run: RunResult) -> str:
    """Left to right, what rests on nothing first. Claims that the run left out are drawn dashed and are no links."""
    claims = {c.claim.id: c for c in run.claims}
    parents = {name: tuple(c.claim.depends_on) for name, c in claims.items()}
    for name in [p for ps in parents.values() for p in ps]:
        parents.setdefault(name, ())
    edges = reduced(parents)
    columns, chains = _routed(layers(edges), edges)
    tallest = max((len(column) for column in columns), default=1)
    place = {
        name: (k * (_WIDTH + _GAP), (i + (tallest - len(column)) / 2) * _ROW)
        for k, column in enumerate(columns)
        for i, name in enumerate(column)
    }
    nodes = []
    for name in parents:
        found = claims.get(name)
        title, verdict = (found.claim.title, found.verdict) if found else (name, Verdict.NOT_RUN)
        href = f"#{anchor(name)}" if found else ""
        nodes.append(Node(name, _label(name, title), title, str(verdict), href, *place[name]))
    width = len(columns) * (_WIDTH + _GAP) - _GAP
    paths = [_path([place[name] for name in chain]) for chain in chains]
    return render(
        "graph.svg", nodes=nodes, paths=paths, width=width + 4, height=tallest * _ROW - _ROW + _HEIGHT + 4,
        box=(_WIDTH, _HEIGHT),
    )  # fmt: skip


def reduced(parents: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """The graph without the arrows that a longer way already implies."""

    def ancestors(name: str) -> set[str]:
        return {a for p in parents[name] for a in {p, *ancestors(p)}}

    above = {name: ancestors(name) for name in parents}
    return {
        name: tuple(p for p in direct if not any(p in above[q] for q in direct if q != p))
        for name, direct in parents.items()
    }


def layers(parents: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """The column of every claim: the length of the longest way to it."""
    depth: dict[str, int] = {}

    def visit(name: str) -> int:
        if name not in depth:
            depth[name] = 1 + max((visit(p) for p in parents[name]), default=-1)
        return depth[name]

    for name in parents:
        visit(name)
    return depth


def _routed(
    depth: Mapping[str, int], parents: Mapping[str, Sequence[str]]
) -> tuple[list[list[str]], list[tuple[str, ...]]]:
    """Columns in a calm order and the way of every arrow, which may pass through free places in columns between."""
    columns: list[list[str]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for name in parents:
        columns[depth[name]].append(name)
    chains = []
    for name, above in parents.items():
        for parent in above:
            between = [f"{parent} > {name} @{k}" for k in range(depth[parent] + 1, depth[name])]
            for stop, k in zip(between, range(depth[parent] + 1, depth[name]), strict=True):
                columns[k].append(stop)
            chains.append((parent, *between, name))
    links = [pair for chain in chains for pair in pairwise(chain)]
    for _ in range(4):
        for k in range(1, len(columns)):
            columns[k] = _ordered(columns[k], columns[k - 1], [(b, a) for a, b in links])
        for k in range(len(columns) - 2, -1, -1):
            columns[k] = _ordered(columns[k], columns[k + 1], links)
    return columns, chains


def _ordered(column: list[str], beside: list[str], links: Sequence[tuple[str, str]]) -> list[str]:
    """The column sorted by the mean place of each one's neighbours (the barycentre rule)."""

    def place(name: str) -> float:
        neighbours = [
            (beside.index(other) + 0.5) / len(beside) for own, other in links if own == name and other in beside
        ]
        return sum(neighbours) / len(neighbours) if neighbours else (column.index(name) + 0.5) / len(column)

    return sorted(column, key=place)


def _path(stops: Sequence[tuple[float, float]]) -> str:
    """A smooth way from the right side of the first box to the left side of the last."""
    middle = _HEIGHT / 2
    x, y = stops[0][0] + _WIDTH, stops[0][1] + middle
    path = f"M{x:g} {y:g}"
    for k, (left, top) in enumerate(stops[1:], 1):
        bend, level = left - _GAP / 2, top + middle
        path += f"C{bend:g} {y:g} {bend:g} {level:g} {left:g} {level:g}"
        if k < len(stops) - 1:
            path += f"H{left + _WIDTH:g}"
        x, y = left + _WIDTH, level
    return path


def _label(name: str, title: str) -> str:
    """What a title says before its colon, "Lemma 3.1"; of a claim that is not there ``theorem1`` as Theorem 1."""
    found = re.fullmatch(r"([a-z]+)(\d+)", name)
    text = f"{found[1].capitalize()} {found[2]}" if found else name
    if ":" in title and len(plain(title).partition(":")[0]) <= 14:
        text = plain(title).partition(":")[0]
    return text if len(text) <= 14 else text[:13] + "…"
