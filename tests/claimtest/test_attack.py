"""The search for counterexamples: it climbs, shrinks, writes what it found, and the file says the same again."""

import json
import math
from dataclasses import replace

import hypothesis.strategies as st
import pytest

from claimtest.attack import Attack, Found
from claimtest.attack.record import Record
from claimtest.attack.search import Search
from tests.claimtest.shell import altered, wrong
from tests.claimtest.toy_pack import BROKEN, CLT_CHECK, LLN_CHECK, SOUND

NARROW = Attack({"peak": "≤ 1"}, st.integers(0, 10**6).map(lambda k: {"k": k}),
                lambda e: {"peak": 0.9 / (1 + (e["k"] - 765432) ** 2)})  # fmt: skip
"""A peak that one in a million draws hits, but a climber finds."""


def run_for(attack, tries, seed=0):
    search = Search(attack, seed)
    search.climb(lambda state: state.tried >= tries)
    return search


def never(search):
    return False


def test_it_climbs_to_where_draws_do_not_come():
    assert run_for(NARROW, 600).found.ratio == 0.9


def test_every_bound_is_pushed():
    search = run_for(BROKEN, 400)
    assert {name: found.ratios[name] for name, found in search.worst.items()} == pytest.approx(
        {"quarter": 1.0, "fifth": 1.25}, rel=1e-3
    )
    assert search.found.bound == "fifth"
    assert search.found.broken == ["fifth"]


def test_what_is_shrunk_is_nearly_as_bad_and_as_simple_as_can_be():
    search = run_for(SOUND, 600)
    kept = search.shrink(never)
    assert kept.ratio >= 0.99 * search.found.ratio
    assert kept.example["k"] == 0
    assert kept.example["x"] in (0.5, 0.45, 0.46, 0.47, 0.48, 0.49, 0.55, 0.54, 0.53, 0.52, 0.51)


def test_a_broken_bound_stays_broken_while_it_shrinks():
    barely = replace(SOUND, ratios=lambda e: {"quarter": 1.005 * 4 * e["x"] * (1 - e["x"])})
    search = run_for(barely, 600)
    assert search.found.broken
    assert search.shrink(never).broken


def test_without_time_to_shrink_the_worst_is_kept():
    search = run_for(SOUND, 100)
    tried = search.tried
    assert search.shrink(lambda state: True).ratio >= 0.99 * search.found.ratio
    assert search.tried == tried


def test_numbers_depend_on_the_seed_alone():
    assert run_for(SOUND, 200, 3).worst == run_for(SOUND, 200, 3).worst
    assert run_for(SOUND, 200, 3).worst != run_for(SOUND, 200, 4).worst


@pytest.mark.parametrize("ratios", [lambda e: {"quarter": math.nan}, lambda e: {"quarter": 1 / (e["x"] * 0)}])
def test_where_nothing_can_be_measured_the_bound_is_broken(ratios):
    search = run_for(replace(SOUND, ratios=ratios), 20)
    assert search.found.ratio == math.inf
    assert search.shrink(never).broken == ["quarter"]


def test_a_file_holds_the_same_example_and_ratios(tmp_path):
    example = {"x": 0.1 + 0.2, "k": 2**60, "words": "ΘΣ", "list": [5e-324, 1 / 3]}
    record = Record("lln", Found(example, {"a": 1 / 3, "b": math.inf}), {"seed": 1})
    record.write(tmp_path / "a.json", {"a": "one", "b": "other"})
    assert Record.read(tmp_path / "a.json") == record


class TestCommands:
    def test_attack_and_replay(self, run, tmp_path):
        status, out, err = run("attack", "lln", "--minutes", "0.01", "--seed", "1", "--out", "worst.json")
        assert (status, err) == (0, "")
        assert "no bound is broken" in out
        status, out, _ = run("replay", "worst.json")
        assert status == 0
        assert "reproduced exactly" in out
        entry = json.loads((tmp_path / "worst.json").read_text())
        assert entry["claim"] == "lln"
        assert entry["bounds"] == {"quarter": "x(1 - x) ≤ 1/4"}
        assert entry["found"]["versions"]["python"]
        entry["ratios"]["quarter"] = math.nextafter(entry["ratios"]["quarter"], 2)
        (tmp_path / "worst.json").write_text(json.dumps(entry))
        status, out, _ = run("replay", "worst.json")
        assert status == 1
        assert "NOT reproduced" in out

    def test_a_violation_is_status_1_and_so_is_its_replay(self, run, monkeypatch):
        altered(monkeypatch, checks=(replace(LLN_CHECK, attack=BROKEN), CLT_CHECK))
        status, out, _ = run("attack", "lln", "--minutes", "0.01")
        assert status == 1
        assert "a bound is BROKEN" in out
        status, out, _ = run("replay", "attack-lln.json")
        assert status == 1
        assert "reproduced exactly; fifth is BROKEN" in out

    @pytest.mark.parametrize(
        ("argv", "words"),
        [
            (("clt",), "not open to attack (those that are: lln)"),
            (("lnl",), "did you mean lln?"),
            (("lln", "--minutes", "0"), "--minutes 0"),
            (("lln", "--minutes", "soon"), "--minutes soon"),
            (("lln", "--seed", "-1"), "--seed -1"),
            (("lln", "--out", "/proc/no/where.json"), "cannot write"),
        ],
    )
    def test_what_makes_no_sense(self, run, argv, words):
        wrong(run("attack", *argv), 2, words)

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            (None, "cannot read"),
            ("{", "is not JSON"),
            ("[" * 100_000, "is not JSON"),
            ("[]", "is not what attack writes"),
            ('{"schema": 2}', "has schema 2"),
            ('{"schema": 1, "claim": "lln", "ratios": {}}', "is not what attack writes"),
            ('{"schema": 1, "claim": "lln", "ratios": {}, "example": {"y": 1}}', "no example of lln"),
            ('{"schema": 1, "claim": "clt", "ratios": {}, "example": {}}', "not open to attack"),
            ('{"schema": 1, "claim": "no", "ratios": {}, "example": {}}', "unknown claim"),
        ],
    )
    def test_files_that_cannot_be_replayed(self, run, tmp_path, text, words):
        if text is not None:
            (tmp_path / "x.json").write_text(text)
        wrong(run("replay", "x.json"), 2, words)


def test_a_pack_without_attacks_says_so(run, monkeypatch):
    altered(monkeypatch, checks=(replace(LLN_CHECK, attack=None), CLT_CHECK))
    wrong(run("attack", "lln"), 2, "no claim of this pack is")
