"""The digest of sources changes with the code that numbers depend on, and with nothing else."""

import importlib
import sys
import textwrap
from functools import partial
from importlib import metadata

import pytest

from claimtest import sources
from claimtest.cells import Experiment
from claimtest.sources import import_closure, library_versions, sources_digest

FILES = {
    "pack/__init__.py": "from pack import unrelated",
    "pack/experiments.py": '"""Docs."""\n'
    "from . import helper\nfrom lib.deep.tool import twice\ndef run(*a, k=0):\n    return k",
    "pack/helper.py": "import beside\ndef inner():\n    import lib.lazy\n",
    "pack/unrelated.py": "x = 1",
    "lib/__init__.py": "",
    "lib/deep/__init__.py": "y = 2",
    "lib/deep/tool.py": "import numpy as np\ndef twice(x): return 2 * x",
    "lib/lazy.py": "z = 3",
    "beside.py": "w = 4",
    "elsewhere.py": "",
}


@pytest.fixture
def digest(tmp_path, monkeypatch):
    """A function that rewrites one file, imports afresh and returns the digest of an experiment."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))

    def again(name=None, text="", bind=lambda run: run, listing="pack"):
        if name:
            (tmp_path / name).write_text(textwrap.dedent(text))
        forget()
        run = importlib.import_module("pack.experiments").run
        return sources_digest(Experiment("e", bind(run), lambda case, width: 1.0), ("pack", "lib"), listing)

    yield again
    forget()


def forget():
    importlib.invalidate_caches()
    for name in [n for n in sys.modules if n.partition(".")[0] in ("pack", "lib", "beside")]:
        del sys.modules[name]
    for cached in (sources._source_path, sources._source, sources._imports, sources._lies_beside_libraries):
        cached.cache_clear()


def test_the_closure_follows_every_kind_of_import(digest):
    digest()
    closure = import_closure(["pack.experiments"], ("pack", "lib"), "pack")
    assert set(closure) == {"pack.experiments", "pack.helper", "lib", "lib.deep", "lib.deep.tool", "lib.lazy", "beside"}
    assert set(library_versions(closure, ("pack", "lib"))) == {"numpy"}


def test_a_library_of_another_name_than_its_distribution_has_a_version(tmp_path, monkeypatch):
    (tmp_path / "needs_sklearn.py").write_text("import sklearn.datasets\nimport PIL\nimport nowhere_to_be_found\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    forget()
    found = library_versions(import_closure(["needs_sklearn"], ("needs_sklearn",)), ("needs_sklearn",))
    assert found == {name: metadata.version(name) for name in ("scikit-learn", "pillow")}


@pytest.mark.parametrize(
    "name",
    ["pack/experiments.py", "pack/helper.py", "lib/deep/tool.py", "lib/deep/__init__.py", "lib/lazy.py", "beside.py"],
)
def test_code_that_numbers_depend_on_counts(digest, name):
    before = digest()
    assert digest(name, FILES[name] + "\nchanged = True\n") != before


@pytest.mark.parametrize("name", ["pack/__init__.py", "pack/unrelated.py", "elsewhere.py"])
def test_code_that_they_do_not_depend_on_does_not(digest, name):
    before = digest()
    assert digest(name, FILES[name] + "\nchanged = True\n") == before


def test_words_and_spaces_do_not_count(digest):
    before = digest()
    text = FILES["pack/experiments.py"].replace("Docs.", "Other words.").replace("return k", "return  k  # a comment")
    assert digest("pack/experiments.py", text) == before


def test_bound_arguments_count(digest):
    found = [
        digest(),
        digest(bind=lambda run: partial(run, 1)),
        digest(bind=lambda run: partial(run, 2)),
        digest(bind=lambda run: partial(run, k=1)),
        digest(bind=lambda run: partial(run, k=2)),
        digest(bind=lambda run: partial(run, k=import_closure)),
    ]
    assert len(set(found)) == len(found)


def test_a_function_bound_to_itself_ends(digest):
    def bind(run):
        def recursive(*arguments):
            return recursive

        return recursive

    assert digest(bind=bind) == digest(bind=bind)
