r"""The report as LaTeX: one table for a paper's appendix, to be read by \input, with booktabs and longtable."""

from __future__ import annotations

import re
import unicodedata

from claimtest.claim import Verdict
from claimtest.report.controls import tally
from claimtest.report.mathematics import split_mathematics
from claimtest.report.wording import basis, estimate, expectation, interval, region, summary
from claimtest.results import ClaimResult, CriterionResult, ReadingResult, RunResult
from claimtest.visible import visible

__all__ = ["latex", "tex"]

_HEAD = r"""% {title}
% Written by claimtest: \input{{report}} in a document that has
%   \usepackage[utf8]{{inputenc}} \usepackage{{amsmath,amssymb,booktabs,longtable,array}}
\begingroup\footnotesize\setlength{{\tabcolsep}}{{0.01\linewidth}}
\begin{{longtable}}{{@{{}}>{{\raggedright\leftskip1em\arraybackslash}}p{{0.25\linewidth}}%
  >{{\raggedleft\arraybackslash}}p{{0.11\linewidth}}>{{\raggedright\arraybackslash}}p{{0.19\linewidth}}%
  >{{\raggedright\arraybackslash}}p{{0.16\linewidth}}>{{\raggedleft\arraybackslash}}p{{0.07\linewidth}}%
  >{{\raggedright\arraybackslash}}p{{0.12\linewidth}}@{{}}}}
\caption{{{caption}}}\label{{tab:claims}}\\
\toprule
Criterion & Estimate & Interval & Accepted & $n$ & Verdict \\
\midrule
\endfirsthead
\toprule
Criterion & Estimate & Interval & Accepted & $n$ & Verdict \\
\midrule
\endhead
\bottomrule
\endfoot
"""
_FOOT = "\\end{longtable}\n\\endgroup\n"
_COLUMNS = 6

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\ensuremath{<}", ">": r"\ensuremath{>}",
    "|": r"\textbar{}", '"': "''", "`": "`",
}  # fmt: skip
_SYMBOLS = {
    "−": "-", "±": r"\pm", "×": r"\times", "·": r"\cdot", "≤": r"\le", "≥": r"\ge", "≠": r"\ne", "≈": r"\approx",
    "∞": r"\infty", "∈": r"\in", "→": r"\to", "⇒": r"\Rightarrow", "‖": r"\Vert", "√": r"\surd", "∂": r"\partial",
    "Σ": r"\Sigma", "½": r"\tfrac12", "¼": r"\tfrac14", "¾": r"\tfrac34", "⊗": r"\otimes", "∇": r"\nabla",
    "✓": r"\checkmark", "∼": r"\sim", "⟨": r"\langle", "⟩": r"\rangle", "∑": r"\sum", "∏": r"\prod",
}  # fmt: skip
_DASHES = {"–": "--", "—": "---", "…": r"\ldots{}", "’": "'", "‘": "`", "“": "``", "”": "''", "\u00a0": "~"}
_LATIN = {
    "alpha": "A", "beta": "B", "epsilon": "E", "zeta": "Z", "eta": "H", "iota": "I", "kappa": "K", "mu": "M",
    "nu": "N", "omicron": "O", "rho": "P", "tau": "T", "chi": "X",
}  # fmt: skip
_RAISED = re.compile("[⁻⁺⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_LOWERED = re.compile("[₀₁₂₃₄₅₆₇₈₉]+")

# Mathematics comes from the pack and is typeset as it stands, but a table must not break over it, nor read a file.
_UNSAFE = re.compile(
    r"\\(?:input|include|openin|openout|read|write|immediate|special|catcode|csname|def|edef|gdef|let|newcommand|"
    r"directlua|end|begin|verb|usepackage|par|xdef|InputIfFileExists|IfFileExists|scantokens|cr|crcr|hline|noalign|omit|"
    r"span|multicolumn|tabularnewline|newline|expandafter|futurelet|lowercase|uppercase|loop|renewcommand|"
    r"providecommand|DeclareRobustCommand|message|typeout|shipout|write18)(?![A-Za-z])|@|(?<!\\)[%&#]|\\\\|\^\^"
)


def latex(run: RunResult) -> str:
    """The whole of report.tex."""
    words = f"{run.title}. Profile {run.profile.name}, seed {run.seed}. {' '.join(summary(run))}"
    title = " ".join(run.title.split())
    claims = "\\midrule\n".join(_claim(claim) for claim in run.claims)
    return _HEAD.format(title=title, caption=tex(words)) + claims + _FOOT


def _claim(claim: ClaimResult) -> str:
    given = f", given {', '.join(claim.conditional_on)}" if claim.conditional_on else ""
    head = rf"\textbf{{{tex(claim.claim.title)}}}: {_verdict(claim.verdict)}{tex(given)}"
    return _across(head) + "".join(_reading(reading) for reading in claim.readings)


def _reading(reading: ReadingResult) -> str:
    outcome = tally(reading.controls).outcome
    words = f"{reading.verdict}, {expectation(reading)}" + (f": {reading.scope}" if reading.scope else "")
    controls = f"; controls: {outcome}" if outcome else ""
    rests = f"; {basis(reading)}" if reading.cases else ""
    head = rf"\emph{{{tex(reading.reading.title)}}}: {tex(words + controls + rests)}"
    return "\\addlinespace\n" + _across(head) + "".join(_criterion(result) for result in reading.criteria)


def _criterion(result: CriterionResult) -> str:
    asks, o = tex(result.criterion.asks), result.outcome
    if o is None:
        return _row(asks, "", tex(result.why_not), "", "", _verdict(result.verdict))
    return _row(asks, tex(estimate(o)), _range(interval(o)), _range(region(o.accepted)), str(o.n), _verdict(o.verdict))


def _across(words: str) -> str:
    return rf"\multicolumn{{{_COLUMNS}}}{{@{{}}p{{\linewidth}}@{{}}}}{{\raggedright {words}}}\\" + "\n"


def _row(*cells: str) -> str:
    # after the \\ of the row before, a bracket or a star would be taken for its argument
    start = "{}" if cells[0][:1] in ("[", "*") else ""
    return start + " & ".join(cells) + r" \\" + "\n"


def _range(words: str) -> str:
    """A range "a … b" in brackets, and any other words as they are."""
    return f"[{tex(words.replace(' … ', ', '))}]" if " … " in words else tex(words)


def _verdict(verdict: Verdict) -> str:
    return rf"\textbf{{{verdict}}}" if verdict is Verdict.VIOLATED else str(verdict)


def tex(text: str) -> str:
    """Prose with $TeX$ as LaTeX: mathematics as it stands where it is harmless, everything else escaped."""
    pieces = split_mathematics(visible(" ".join(text.split())))
    return "".join(f"${piece}$" if formula and _harmless(piece) else _escaped(piece) for formula, piece in pieces)


def _harmless(formula: str) -> bool:
    """Whether a formula can stand in a cell: no command that acts on files or the table, braces that match."""
    if _UNSAFE.search(formula) or not formula.isascii() or formula.endswith("\\"):
        return False
    depth = 0
    for brace in re.findall(r"(?<!\\)[{}]", formula):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return False
    return depth == 0


def _escaped(text: str) -> str:
    text = "".join(_SPECIAL.get(letter, letter) for letter in text)
    text = _RAISED.sub(lambda found: rf"\ensuremath{{^{{{_plain(found[0])}}}}}", text)
    text = _LOWERED.sub(lambda found: rf"\ensuremath{{_{{{_plain(found[0])}}}}}", text)
    return "".join(letter if letter.isascii() else _symbol(letter) for letter in text)


def _plain(digits: str) -> str:
    return unicodedata.normalize("NFKC", digits).replace("−", "-")


def _symbol(letter: str) -> str:
    """A letter that pdfLaTeX does not know by itself, as a command; Latin letters stay, the unknown are named."""
    if letter in _DASHES:
        return _DASHES[letter]
    if letter in _SYMBOLS:
        return rf"\ensuremath{{{_SYMBOLS[letter]}}}"
    name = unicodedata.name(letter, "")
    if found := re.fullmatch(r"GREEK (SMALL|CAPITAL) LETTER (\w+)", name):
        return _greek(found[1] == "SMALL", found[2].lower().replace("lamda", "lambda"))
    if name.startswith("LATIN ") and ord(letter) < 0x180:
        return letter
    return f"[U+{ord(letter):04X}]"


def _greek(small: bool, name: str) -> str:
    """The command of a Greek letter; capitals that look Latin, and omicron, have none."""
    if small:
        return "o" if name == "omicron" else rf"\ensuremath{{\{name}}}"
    return _LATIN.get(name) or rf"\ensuremath{{\{name.capitalize()}}}"
