"""Where a long formula in running text may go on in the next line.

Browsers do not break MathML, so that a long formula would make a narrow page scroll. It is cut as TeX would break it:
after a relation or a sign that no bracket encloses.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

__all__ = ["broken"]

_LONG = 20
"""Characters of a formula that stays in one piece."""

_BREAKS = frozenset("=≠≈≃≅≡≤≥<>≪≫≲≳→↦⇒⇔∼∝∈⊂+−-±")
_OPENING, _CLOSING, _BARS = frozenset("([{⟨⌊⌈"), frozenset(")]}⟩⌋⌉"), frozenset("|‖∥")


def broken(formula: ElementTree.Element) -> list[ElementTree.Element]:
    """The formula, or the pieces that follow each other in its place, each a formula of its own."""
    row = formula[0] if len(formula) == 1 and formula[0].tag == "mrow" else formula
    if len("".join(formula.itertext())) <= _LONG:
        return [formula]
    pieces = []
    for children in _pieces(list(row)):
        piece = ElementTree.Element(formula.tag, formula.attrib)
        ElementTree.SubElement(piece, "mrow").extend(children)
        pieces.append(piece)
    return pieces if len(pieces) > 1 else [formula]


def _pieces(children: list[ElementTree.Element]) -> Iterator[list[ElementTree.Element]]:
    """The children up to and with each place where a line may end, if what stands there is long enough for that."""
    piece: list[ElementTree.Element] = []
    depth, inside_bars = 0, False
    for child in children:
        text = _operator(child)
        depth += (text in _OPENING) - (text in _CLOSING)
        inside_bars ^= text in _BARS
        if child.tag == "mo" and text in _BREAKS and piece and depth == 0 and not inside_bars:
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
