"""Prose with $TeX$ as HTML: mathematics becomes MathML, everything else is escaped."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from xml.etree import ElementTree

from latex2mathml.converter import convert
from markupsafe import Markup, escape

from claimtest.report.linebreaks import broken

__all__ = ["MATHML", "display", "plain", "prose", "split_mathematics"]

_NAMESPACE = "http://www.w3.org/1998/Math/MathML"
_ELEMENTS = """
    math mrow mi mn mo mtext mspace ms mfrac msqrt mroot mstyle mpadded mphantom msub msup msubsup munder mover
    munderover mmultiscripts mprescripts mtable mtr mtd merror
"""
MATHML = frozenset(_ELEMENTS.split())
"""Elements that may reach the page, all of MathML Core, which Chromium, Firefox and Safari share.

TeX commands that make others (links, scripts, frames) fall back to their source.
"""

_HARMLESS = """
    display displaystyle scriptlevel mathvariant stretchy fence separator form largeop movablelimits symmetric
    minsize maxsize lspace rspace accent accentunder linethickness width height depth voffset class
"""
_ATTRIBUTES = frozenset(_HARMLESS.split())
_TIGHT = ("|", "‖", "∥", "/")
_CAPITALS = tuple("ΓΔΘΛΞΠΣΥΦΨΩ")
_LOOSE_ENDS = re.compile(r"(\(?)(<math.*?</math>)([).,;:]*)", re.DOTALL)
_DOLLARS = re.compile(r"(?<!\\)\$(.+?)(?<!\\)\$", re.DOTALL)
_CODE = re.compile(r"`([^`]+)`")


def split_mathematics(text: str) -> list[tuple[bool, str]]:
    """The text cut into (is it TeX, piece), dollars removed and ``\\$`` turned into a dollar."""
    pieces = _DOLLARS.split(text)
    return [(k % 2 == 1, p if k % 2 else p.replace("\\$", "$")) for k, p in enumerate(pieces) if p]


def plain(text: str) -> str:
    """The text without dollars and backticks, for alternative texts and tooltips."""
    return "".join(p if tex else p.replace("`", "") for tex, p in split_mathematics(text))


@lru_cache(maxsize=4096)
def prose(text: str) -> Markup:
    """HTML of prose with $TeX$ and `code`."""
    html = "".join(_formula(p, "inline") if tex else _words(p) for tex, p in split_mathematics(text))
    return Markup(_LOOSE_ENDS.sub(_tied, html))  # every piece was escaped


def _tied(found: re.Match[str]) -> str:
    """Keep a bracket or a full stop on the line of the formula that it belongs to."""
    before, formula, after = found.groups()
    return f'<span class="nowrap">{before}{formula}{after}</span>' if before or after else formula


@lru_cache(maxsize=1024)
def display(tex: str) -> Markup:
    """HTML of a displayed formula."""
    return _formula(tex.strip(), "block")


def _words(text: str) -> Markup:
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # escaped before


def _formula(tex: str, style: str) -> Markup:
    """MathML, or the escaped source where the TeX cannot be read: a report must not fail over a typo."""
    try:
        tree = ElementTree.fromstring(convert(tex, display=style))
    except Exception:  # the converter raises whatever its parser trips over
        return _source(tex)
    for node in tree.iter():
        node.tag = node.tag.removeprefix(f"{{{_NAMESPACE}}}")
        if node.tag not in MATHML or re.match(r"\\[A-Za-z]", node.text or ""):  # an unknown command
            return _source(tex)
        node.attrib.pop("class", None)
        _typeset(node)
        node.attrib = {name: value for name, value in node.attrib.items() if name in _ATTRIBUTES}
    for node in tree.iter():
        _space_functions(node)
    pieces = broken(tree, style)
    if len(pieces) == 1:
        tree.set("alttext", tex)
    between = Markup("<wbr>") if style == "inline" else Markup()
    return between.join(Markup(ElementTree.tostring(p, encoding="unicode")) for p in pieces)  # from a tree


def _typeset(node: ElementTree.Element) -> None:
    """What the converter leaves undone: tight bars and slashes, ∼ as a relation, upright names and capital Greek."""
    text = node.text or ""
    if node.tag == "mo" and text in _TIGHT:
        node.attrib |= {"lspace": "0", "rspace": "0"}
    elif node.tag == "mi" and text == "~":
        node.tag, node.text = "mo", "∼"
    elif node.tag == "mo" and len(text) > 1 and text.isalpha():
        node.tag = "mi"
    elif node.tag == "mi" and text in _CAPITALS:
        node.attrib.setdefault("mathvariant", "normal")
    elif (side := node.get("columnalign")) in ("left", "right"):  # not in MathML Core: the page's style does it
        node.set("class", f"to-{side}")


def _space_functions(node: ElementTree.Element) -> None:
    """A thin space between the name of a function and its neighbours, unless those are operators or brackets."""
    if node.tag not in ("mrow", "math", "mstyle"):
        return
    for place, (left, right) in reversed(list(enumerate(pairwise(node)))):
        apart = "mo" not in (left.tag, right.tag) and "mspace" not in (left.tag, right.tag)
        if apart and (_is_function(left) or _is_function(right)):
            node.insert(place + 1, ElementTree.Element("mspace", {"width": "0.167em"}))


def _is_function(node: ElementTree.Element) -> bool:
    base = node[0] if node.tag in ("msub", "msup", "msubsup", "munder", "munderover") else node
    return base.tag == "mi" and len(base.text or "") > 1


def _source(tex: str) -> Markup:
    return Markup('<code class="tex">{}</code>').format(tex)
