"""The benchmarks at sizes that show nothing but that they run, and that contenders compute the same."""

import json

import numpy as np
import torch

import benchmarks.__main__ as command
from benchmarks.kernels import _jacobian_contraction, unit_rows
from benchmarks.page import page, stored_parts
from benchmarks.timing import Goal, Part, side_by_side
from benchmarks.training import plain_loop, vmapped
from models.snn import StochasticNetwork
from models.tangent import total_tangent_kernel
from models.training import gradient_descent


def test_the_rival_computes_the_same_kernel():
    network, x = StochasticNetwork.initialise(20, 3, 2), torch.from_numpy(unit_rows(4, 3))
    torch.testing.assert_close(
        _jacobian_contraction(network, x), total_tangent_kernel(network, x), rtol=1e-10, atol=1e-12
    )


def test_rivals_leave_the_networks_as_they_are():
    network, x = StochasticNetwork.initialise(8, 3, 2, seed=[1, 2]), torch.from_numpy(unit_rows(4, 3))
    before = {name: block.clone() for name, block in network.parameters().items()}
    y = torch.from_numpy(unit_rows(4, 2))
    plain_loop(network, x, y, 2)
    vmapped(network, x, y, 2)
    *_, state = gradient_descent(network, x, y, 1e-3, 2, record=2)
    for name, block in network.parameters().items():
        assert torch.equal(block, before[name])
        assert not torch.equal(state.network.parameters()[name], before[name])


def test_nobody_pays_for_the_memory_of_the_one_before(monkeypatch):
    """Short contenders are warm when they are timed, in turn all the same."""
    calls = []
    contenders = {"ours": lambda: calls.append("ours"), "theirs": lambda: calls.append("theirs")}
    assert set(side_by_side(contenders, repeats=2)) == {"ours", "theirs"}
    assert calls == ["ours", "theirs", *["ours", "ours", "theirs", "theirs"] * 2]
    monkeypatch.setattr("benchmarks.timing.SHORT", 0.0)
    calls.clear()
    side_by_side(contenders, repeats=2)
    assert calls == ["ours", "theirs"] * 3


def test_it_measures_stores_and_writes_the_page(tmp_path, monkeypatch):
    monkeypatch.setattr("benchmarks.__main__.one_core", lambda: None)
    target = tmp_path / "performance.md"
    command.main(["micro", "--tiny", "--results", str(tmp_path), "--page", str(target)])
    stored = json.loads((tmp_path / "micro.json").read_text())
    assert [part["title"] for part in stored["parts"]] == [
        "Tangent kernel",
        "Many inputs, one output",
        "Any width in bounded memory",
        "Training",
        "Limiting kernel",
    ]
    text = target.read_text()
    for name in ("total_tangent_kernel", "torch.func Jacobian contraction", "plain loop", "torch"):
        assert name in text


def test_figures_3_and_4_keep_their_reports(tmp_path):
    target = tmp_path / "performance.md"
    command.main(["pictures", "--tiny", "--results", str(tmp_path), "--page", str(target)])
    assert "## Figures 3 and 4" in target.read_text()
    assert (tmp_path / "pictures-quick" / "report.json").exists()


def test_goals_say_whether_they_are_met(tmp_path):
    part = Part(
        "A", "about", [{"what": "x", "seconds": 1.0}], [Goal("fast", 2, 3.0), Goal("small", 2, np.pi, at_most=True)]
    )
    (tmp_path / "micro.json").write_text(json.dumps({"machine": {"cores": "2"}, "parts": [part.to_json()]}))
    text = page(stored_parts(tmp_path))
    assert "| met" in text
    assert "**missed**" in text
