"""Prose with $TeX$ as HTML: mathematics becomes MathML, everything else is escaped."""

from __future__ import annotations

import re
from functools import lru_cache
from xml.etree import ElementTree

from latex2mathml.converter import convert
from markupsafe import Markup, escape

__all__ = ["MATHML", "display", "plain", "prose", "split_mathematics"]

_NAMESPACE = "http://www.w3.org/1998/Math/MathML"
_ELEMENTS = """
    math mrow mi mn mo mtext mspace ms mfrac msqrt mroot mstyle mpadded mphantom msub msup msubsup munder mover
    munderover mmultiscripts mprescripts none mtable mtr mtd menclose merror
"""
MATHML = frozenset(_ELEMENTS.split())
"""Elements that may reach the page. TeX commands that make others (links, scripts) fall back to their source."""

_HARMLESS = """
    display displaystyle scriptlevel mathvariant stretchy fence separator form largeop movablelimits symmetric
    minsize maxsize lspace rspace accent accentunder linethickness columnalign rowspacing columnspacing columnlines
    rowlines width height depth voffset notation
"""
_ATTRIBUTES = frozenset(_HARMLESS.split())
_TIGHT = ("|", "‖", "∥", "/")
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
    return Markup("").join(_formula(p, "inline") if tex else _words(p) for tex, p in split_mathematics(text))


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
        if node.tag == "mo" and node.text in _TIGHT:
            node.attrib |= {"lspace": "0", "rspace": "0"}  # browsers would space bars and slashes as relations
        node.attrib = {name: value for name, value in node.attrib.items() if name in _ATTRIBUTES}
    tree.set("alttext", tex)
    return Markup(ElementTree.tostring(tree, encoding="unicode"))  # serialised from a tree


def _source(tex: str) -> Markup:
    return Markup('<code class="tex">{}</code>').format(tex)
