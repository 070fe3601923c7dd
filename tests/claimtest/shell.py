"""What the tests of the command line share."""

from dataclasses import replace

from claimtest import commands
from tests.claimtest import toy_pack


def altered(monkeypatch, **changes):
    """Put a changed pack in the place of the coins, for this process."""
    monkeypatch.setattr(commands, "load_pack", lambda module: replace(toy_pack.PACK, **changes))


def wrong(result, status, words):
    """The command ended with this status and one line with these words, and did nothing."""
    found, out, err = result
    assert found == status
    assert out == ""
    assert err.startswith("claimtest: error: ")
    assert err.count("\n") == 1
    assert words in err
