"""Where a long formula may go on in the next line.

Browsers do not break MathML, so that a long formula would make a narrow page scroll. It is cut outside of brackets: in
running text after a relation or a sign, as TeX would break it, and where displayed after a relation or a comma.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

__all__ = ["broken"]

_LONG = 20
"""Characters of a formula that stays in one piece."""

_RELATIONS = frozenset("=≠≈≃≅≡≤≥<>≪≫≲≳→↦⇒⇔∼∝∈⊂")
_BREAKS = {"inline": _RELATIONS | frozenset("+−-±"), "block": _RELATIONS | frozenset(",;")}
_OPENING, _CLOSING, _BARS = frozenset("([{⟨⌊⌈"), frozenset(")]}⟩⌋⌉"), frozenset("|‖∥")


def broken(formula: ElementTree.Element, style: str) -> list[ElementTree.Element]:
    """The formula, or the pieces that follow each other in its place, each a formula of its own."""
    row = formula[0] if len(formula) == 1 and formula[0].tag == "mrow" else formula
    if len("".join(formula.itertext())) <= _LONG:
        return [formula]
    pieces = []
    for children in _pieces(list(row), _BREAKS[style]):
        piece = ElementTree.Element(formula.tag, formula.attrib)
        ElementTree.SubElement(piece, "mrow").extend(children)
        pieces.append(piece)
    return pieces if len(pieces) > 1 else [formula]


def _pieces(children: list[ElementTree.Element], breaks: frozenset[str]) -> Iterator[list[ElementTree.Element]]:
    """The children up to and with each place where a line may end, if what stands there is long enough for that."""
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
        if child.tag == "mo" and text in breaks and piece and inside_bars == [False]:
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
