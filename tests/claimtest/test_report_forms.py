"""The other forms of the report: a table for a paper's appendix, and the summary page of a job."""

import re
import shutil
import subprocess
from dataclasses import replace

import pytest

from claimtest.claim import Verdict
from claimtest.report import write_report
from claimtest.report.latex import _row, latex, tex
from claimtest.report.markdown import headline_of
from claimtest.report.summary import MOST_BYTES, job_summary
from tests.claimtest.toy_pack import CLT_CHECK, LLN_CHECK
from tests.claimtest.toy_run import run_with, toy_run

HOSTILE = (
    r"100 % of {it} & more_or_less #1 \input{/etc/passwd} ~^ <b> $\input{x}$ $a & b$ $\frac{1}{2$ Θ∞ ≥ 1.2·10⁻³ ☃ né"
)
DOCUMENT = r"""
\documentclass{article}
\usepackage[utf8]{inputenc}
\usepackage{amsmath,amssymb,booktabs,longtable,array}
\begin{document}
\input{report}
\end{document}
"""


def hostile_run():
    """The toy run with a claim, a reading and a criterion whose words try to break what they are put into."""
    (part,) = CLT_CHECK.readings
    criterion = replace(part.criteria[0], asks=HOSTILE)
    reading = replace(CLT_CHECK.claim.readings[0], title=HOSTILE, statement=HOSTILE)
    claim = replace(CLT_CHECK.claim, title=f"{HOSTILE}</summary><script>", readings=(reading,))
    return run_with(
        replace(CLT_CHECK, claim=claim, readings=(replace(part, criteria=(criterion, *part.criteria[1:])),))
    )


class TestLatex:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("50 % & more_or_less", r"50 \% \& more\_or\_less"),
            (r"order $m^{-1/2}$", r"order $m^{-1/2}$"),
            ("λ0 ≥ 2", r"\ensuremath{\lambda}0 \ensuremath{\ge} 2"),
            ("−1.2·10⁻³", r"\ensuremath{-}1.2\ensuremath{\cdot}10\ensuremath{^{-3}}"),
            ("né ☃", "né [U+2603]"),
            ("ΑΒΩ ο", r"AB\ensuremath{\Omega} o"),
            (r"$\input{x}$", r"\textbackslash{}input\{x\}"),
            ("$a & b$", r"a \& b"),
            (r"$\frac{1}{2$", r"\textbackslash{}frac\{1\}\{2"),
            (r"$90\,\%$", r"$90\,\%$"),
            (r"$\inf x$", r"$\inf x$"),
        ],
    )
    def test_words_are_escaped_and_harmless_mathematics_is_kept(self, text, expected):
        assert tex(text) == expected

    @pytest.mark.parametrize("run", [toy_run, hostile_run])
    def test_rows_have_the_columns_of_the_table(self, run):
        text = latex(run())
        rows = [line for line in text.splitlines() if line.endswith(r"\\") and "&" in re.sub(r"\\&", "", line)]
        assert len(rows) == 2 + sum(len(reading.criteria) for _, reading in run().readings)
        assert {len(re.split(r"(?<!\\)&", row)) for row in rows} == {6}
        assert r"\toprule" in text
        assert text.count(r"\begin{longtable}") == text.count(r"\end{longtable}") == 1

    def test_every_brace_and_dollar_is_closed(self):
        text = re.sub(r"\\[{}$%&#_]", "", latex(hostile_run()))
        assert text.count("{") == text.count("}")
        assert text.count("$") % 2 == 0

    def test_it_says_what_was_found(self):
        text = latex(toy_run())
        assert r"\emph{Faster than it is}: violated, as expected" in text
        assert r"size of the mean is $O(m^{-1/2})$ &" in text
        assert "controls: 2 of 2 rejected" in text
        assert r"\textbf{violated}" in text

    @pytest.mark.skipif(not shutil.which("pdflatex"), reason="there is no pdflatex on this machine")
    @pytest.mark.parametrize("run", [toy_run, hostile_run])
    def test_it_compiles(self, run, tmp_path):
        (tmp_path / "paper.tex").write_text(DOCUMENT, encoding="utf-8")
        assert write_report(run(), tmp_path, formats=("latex",)) == tmp_path / "report.tex"
        command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "paper.tex"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout[-2000:]
        assert (tmp_path / "paper.pdf").stat().st_size > 10_000


class TestSummary:
    def test_the_verdicts_come_first_and_the_rest_is_folded(self):
        text = job_summary(toy_run())
        table, folded = text.split("<details>", 1)
        assert "| `lln`   | `too-fast` | ✗ violated, as expected |" in table
        assert re.findall(r"\| `(\w+)`\s+\| `([\w-]+)`", table) == [
            ("lln", "bound"),
            ("lln", "too-fast"),
            ("clt", "exact"),
        ]
        assert folded.count("</details>") == 2
        assert "figures/" not in text

    def test_what_is_wrong_is_unfolded_and_comes_first(self):
        reading = replace(LLN_CHECK.claim.readings[0], title="contradicted")
        (part, *others), (_, *more) = LLN_CHECK.readings, LLN_CHECK.claim.readings
        tame = replace(part.controls[0], margins=0.001)
        claim = replace(LLN_CHECK.claim, readings=(reading, *more))
        check = replace(LLN_CHECK, claim=claim, readings=(replace(part, controls=(tame,)), *others))
        found = run_with(check)
        text = job_summary(replace(found, claims=found.claims[::-1]))
        assert re.findall(r"<details( open)?><summary>(\w+)", text) == [(" open", "Law"), ("", "Variance")]

    def test_every_string_is_escaped(self):
        text = job_summary(hostile_run())
        assert "<script" not in text
        assert "<b>" not in text
        assert text.count("<summary>") == text.count("</summary>") == 2

    def test_a_page_that_is_too_long_names_what_it_leaves_out(self):
        whole = len(job_summary(toy_run()).encode())
        text = job_summary(toy_run(), most=whole - 1)
        assert len(text.encode()) < whole
        assert re.search(r"Left out to stay within the size of this page: `(lln|clt)`", text)
        with pytest.raises(ValueError, match="headline alone"):
            job_summary(toy_run(), most=500)

    def test_verdicts_that_do_not_fit_are_counted_and_the_wrong_ones_stay(self):
        run = toy_run()
        (claim, *_) = run.claims
        wrong = replace(
            claim.readings[0],
            reading=replace(claim.readings[0].reading, id="wrong", expected=Verdict.VIOLATED, because="x"),
        )
        run = replace(run, claims=(replace(claim, readings=(*claim.readings * 40, wrong)),))
        text = job_summary(run, most=6000)
        assert len(text.encode()) <= 6000
        assert "| `wrong`" in text
        shown = text.count("| `lln`")
        assert 0 < shown < len(run.readings)
        assert f"{len(run.readings) - shown} more readings do not fit here, 0 of them not as expected." in text
        assert f"{len(run.readings)} more readings" in job_summary(
            run, most=len("".join(headline_of(run)).encode()) + 2400
        )

    def test_hundreds_of_claims_stay_below_the_limit(self):
        run = toy_run()
        many = tuple(replace(c, claim=replace(c.claim, id=f"{c.claim.id}{k}")) for k in range(150) for c in run.claims)
        long = tuple(replace(c, claim=replace(c.claim, title="long " * 2000)) for c in many)
        assert len(job_summary(replace(run, claims=long)).encode()) < MOST_BYTES < 2**20


@pytest.mark.parametrize("asks", ["[1em] of rope", "*", "∀ m", "日"])
def test_no_row_begins_with_what_the_row_before_would_take_for_its_argument(asks):
    assert not _row(tex(asks), "1").startswith(("[", "*"))


@pytest.mark.parametrize(
    "formula",
    [r"\InputIfFileExists{/etc/passwd}{}{}", r"\xdef\a{}", r"a \cr b", r"\hline", r"\@gobble", r"\scantokens{x}"],
)
def test_formulas_that_act_on_files_or_on_the_table_are_words(formula):
    assert f"${formula}$" not in tex(f"${formula}$")


@pytest.mark.parametrize(
    ("form", "name"), [("latex", "report.tex"), ("summary", "summary.md"), ("json", "report.json")]
)
def test_one_form_alone_writes_one_file(form, name, tmp_path):
    assert write_report(toy_run(), tmp_path, formats=(form,)) == tmp_path / name
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_the_command_prints_the_path_of_the_form_that_was_asked_for(full_run, tmp_path):
    full_run("verify", "--quiet")
    written = {path.name for path in (tmp_path / "claims-out").iterdir()}
    assert {"index.html", "report.md", "report.json", "report.tex", "summary.md"} <= written
    (tmp_path / "claims-out" / "report.tex").unlink()
    assert full_run("report", "--format", "latex", "--quiet") == (0, "claims-out/report.tex\n", "")
    assert (tmp_path / "claims-out" / "report.tex").exists()
    assert full_run("report", "--format", "docx")[0] == 2
