"""The cases of a seed are the same in every process, whatever else is loaded there."""

import subprocess
import sys

from checks.cases import case_book

DIGESTS = "from checks.cases import case_book; print(' '.join(c.digest for c in case_book(0).drawn))"


def test_a_bare_process_and_one_full_of_other_modules_draw_the_same_cases():
    bare = subprocess.run([sys.executable, "-c", DIGESTS], capture_output=True, text=True, check=True)
    full = f"import tests.claimtest.toy_pack, claimtest.cli, claimtest.report, sympy\nSEVENTEEN = 61\n{DIGESTS}"
    other = subprocess.run([sys.executable, "-c", full], capture_output=True, text=True, check=True)
    assert bare.stdout.split() == other.stdout.split() == [case.digest for case in case_book(0).drawn]
