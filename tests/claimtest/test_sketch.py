"""Pictures drawn by several processes are those drawn by one."""

from __future__ import annotations

from functools import partial

import pytest
from matplotlib.axes import Axes

from claimtest.report import sketch
from claimtest.report.sketch import Sketch, draw_all


def line(axes: Axes, slope: float) -> None:
    axes.plot([0, 1], [0, slope])


def broken(axes: Axes) -> None:
    raise ValueError("no such picture")


def twenty() -> list[Sketch]:
    stays = Sketch("stays", lambda axes: line(axes, 0.5), (2, 2))
    return [
        stays,
        Sketch("broken", broken, (2, 2)),
        *(Sketch(f"s{k}", partial(line, slope=k), (2, 2)) for k in range(18)),
    ]


def test_two_processes_draw_the_same_bytes_in_the_same_order():
    alone, shared = draw_all(twenty(), 1), draw_all(twenty(), 2)
    assert shared == alone
    assert shared[1] == ("", "ValueError: no such picture")
    assert len({svg for svg, _ in shared}) == 20


def test_few_pictures_are_drawn_here(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sketch, "process_pool", None)
    assert all(svg for svg, _ in draw_all(twenty()[2:7], 2))


def test_pictures_are_drawn_here_if_the_processes_die(monkeypatch: pytest.MonkeyPatch):
    class Dying:
        def __init__(self, *_: object) -> None: ...
        def __enter__(self) -> Dying:
            return self

        def __exit__(self, *_: object) -> None: ...
        def map(self, *_: object, chunksize: int):
            yield twenty()[1].drawn()
            raise sketch.BrokenProcessPool

    monkeypatch.setattr(sketch, "process_pool", Dying)
    assert draw_all(twenty(), 2) == draw_all(twenty(), 1)
