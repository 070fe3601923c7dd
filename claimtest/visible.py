"""Control characters made visible, so that no word of a pack or of a file can steer the terminal that shows it."""

from __future__ import annotations

__all__ = ["visible"]

_C0, _DELETE, _C1 = range(0x20), 0x7F, range(0x80, 0xA0)
_KEPT = {ord("\n"), ord("\t")}
_PICTURES = {code: 0x2400 + code for code in _C0} | {_DELETE: 0x2421} | dict.fromkeys(_C1, 0xFFFD)
_VISIBLE = {code: chr(picture) for code, picture in _PICTURES.items() if code not in _KEPT}


def visible(text: str) -> str:
    """The text with every control character but line feed and tab as its picture, ␛ for escape; � if it has none."""
    return text.translate(_VISIBLE)
