"""Where a long formula may go on in the next line.

Browsers do not break MathML, so that a long formula would make a narrow page scroll. It is cut outside of brackets: in
running text after a relation or a sign, as TeX would break it, and where displayed after a relation or a comma. What is
then still wider than a phone is cut after a sign, if it is not yet, and if that does not do, after one inside the
outermost brackets.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

__all__ = ["broken"]

_LONG = 20
"""Characters of a formula that stays in one piece."""

_WIDE = {"inline": 26, "block": 32}
"""Characters of a piece that fits a phone; a displayed formula has more room than one in a table."""

_RELATIONS = frozenset("=≠≈≃≅≡≤≥<>≪≫≲≳→↦⇒⇔∼∝∈⊂")
_SIGNS = frozenset("+−-±")
_CUTS = {
    "inline": ((_RELATIONS | _SIGNS, 0), (_SIGNS, 1)),
    "block": ((_RELATIONS | frozenset(",;"), 0), (_SIGNS, 0), (_SIGNS, 1)),
}
"""After what to cut, inside how many brackets at most: the first always, the others what is still too wide."""

_OPENING, _CLOSING, _BARS = frozenset("([{⟨⌊⌈"), frozenset(")]}⟩⌋⌉"), frozenset("|‖∥")


def broken(formula: ElementTree.Element, style: str) -> list[ElementTree.Element]:
    """The formula, or the pieces that follow each other in its place, each a formula of its own."""
    row = formula[0] if len(formula) == 1 and formula[0].tag == "mrow" else formula
    if _length([formula]) <= _LONG:
        return [formula]
    (first, *others), wide = _CUTS[style], _WIDE[style]
    groups = list(_pieces(list(row), *first))
    for cut in others:
        groups = [part for group in groups for part in (_pieces(group, *cut) if _length(group) > wide else [group])]
    pieces = []
    for children in groups:
        piece = ElementTree.Element(formula.tag, formula.attrib)
        ElementTree.SubElement(piece, "mrow").extend(children)
        pieces.append(piece)
    return pieces if len(pieces) > 1 else [formula]


def _length(nodes: list[ElementTree.Element]) -> int:
    """How many characters they show."""
    return sum(len("".join(node.itertext())) for node in nodes)


def _pieces(
    children: list[ElementTree.Element], breaks: frozenset[str], depth: int
) -> Iterator[list[ElementTree.Element]]:
    """The children up to and with each place where a line may end, inside at most ``depth`` brackets."""
    piece: list[ElementTree.Element] = []
    inside_bars = [False]  # of every bracket that is open: a single bar in KL(p‖q) ends with its bracket
    for child in children:
        text = _operator(child)
        if text in _OPENING:
            inside_bars.append(False)
        elif text in _CLOSING:
            inside_bars = inside_bars[:-1] or [False]
        elif text in _BARS:
            inside_bars[-1] = not inside_bars[-1]
        if child.tag == "mo" and text in breaks and piece and len(inside_bars) <= depth + 1 and not any(inside_bars):
            child.set("form", "infix")  # at the end of a piece it would be spaced like a sign behind its operand
            yield [*piece, child]
            piece = []
        else:
            piece.append(child)
    if piece:
        yield piece


def _operator(node: ElementTree.Element) -> str:
    """The operator that the node is, with or without scripts; empty if it is none."""
    base = node[0] if node.tag in ("msub", "msup", "msubsup") else node
    return (base.text or "") if base.tag == "mo" else ""
