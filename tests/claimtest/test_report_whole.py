"""What a report says of all its claims together, and what it leaves of an earlier one."""

import re
from dataclasses import replace

from claimtest.report import write_report
from tests.claimtest.toy_pack import CLT_CHECK, LLN_CHECK
from tests.claimtest.toy_run import run_with, toy_run


def test_one_table_shows_how_loose_every_bound_is(tmp_path):
    html = write_report(toy_run(), tmp_path / "one").read_text(encoding="utf-8")
    assert 'id="tightness"' not in html  # the toy pack states bounds in one claim only
    check = replace(
        CLT_CHECK,
        readings=(
            replace(
                CLT_CHECK.readings[0],
                criteria=(*CLT_CHECK.readings[0].criteria, replace(LLN_CHECK.readings[0].criteria[0], id="bound")),
            ),
        ),
    )
    run = run_with(check)
    page_of_two = write_report(run, tmp_path).read_text(encoding="utf-8")
    section = page_of_two[page_of_two.index('id="tightness"') :]
    assert {"lln/bound/size", "clt/exact/bound"} <= set(re.findall(r'class="id">([^<]+)</code></a>', section))
    assert "## How loose every bound is" in (tmp_path / "report.md").read_text(encoding="utf-8")


def test_figures_of_an_earlier_report_go_and_others_stay(tmp_path):
    write_report(toy_run(), tmp_path)
    (tmp_path / "figures" / "mine.svg").write_text("<svg/>")
    before = {path.name for path in (tmp_path / "figures").iterdir()}
    write_report(replace(toy_run(), claims=toy_run().claims[1:]), tmp_path)
    after = {path.name for path in (tmp_path / "figures").iterdir()}
    assert "mine.svg" in after
    assert {name for name in before - after if name.startswith("lln-")} == before - after != set()
