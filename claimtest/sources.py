"""The sources that an experiment's numbers depend on, as a digest.

Evidence is keyed by it, so that changed code is measured anew and untouched code is not. What counts is the transitive
import closure of the module that defines ``experiment.run``, within the pack's packages and whatever else is not
installed as a library, as syntax trees without docstrings (a reworded comment discards nothing), and the versions of
the libraries imported there. Imports made from strings and data files are not seen; ``claimtest`` itself never counts.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.util
import os
import re
import site
import sys
import sysconfig
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

from claimtest.cells import Experiment

__all__ = ["code_digest", "experiment_libraries", "import_closure", "library_versions", "sources_digest"]

_DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def sources_digest(experiment: Experiment, packages: Sequence[str], listing: str = "") -> str:
    """Digest of the sources behind ``experiment.run``, with the arguments bound to it and the libraries it uses.

    ``packages`` are the top-level packages whose sources count; ``listing`` is the pack's own module, which counts
    only if something is imported from it by name: adding a claim to a pack changes no number.
    """
    modules, bound = _ingredients(experiment.run)
    closure = import_closure(modules, packages, listing)
    parts = _code(closure)
    parts += [f"{name}=={version}" for name, version in library_versions(closure, packages).items()]
    return hashlib.sha256("\n".join([*parts, *bound]).encode()).hexdigest()[:32]


def code_digest(closure: Mapping[str, str]) -> str:
    """Digest of these modules, given with the paths of their sources, and of nothing else."""
    return hashlib.sha256("\n".join(_code(closure)).encode()).hexdigest()[:32]


def experiment_libraries(experiment: Experiment, packages: Sequence[str], listing: str = "") -> dict[str, str]:
    """Versions of the libraries behind ``experiment.run``; arguments as for ``sources_digest``."""
    return library_versions(import_closure(_ingredients(experiment.run)[0], packages, listing), packages)


def _code(closure: Mapping[str, str]) -> list[str]:
    return [f"{name}={_source(path).digest}" for name, path in sorted(closure.items()) if path]


def import_closure(modules: Iterable[str], packages: Sequence[str], listing: str = "") -> dict[str, str]:
    """Every module of ``packages`` that these modules import, directly or not, with the path of its source.

    Modules that are not installed as libraries count too, a helper beside the pack for one. Packages on the way to a
    module are part of it, since importing it runs them, but their own imports are followed only if something is
    imported from them by name.
    """
    found: dict[str, str] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name in found or not _counts(name, packages):
            continue
        found[name] = _source_path(name)
        if found[name]:
            waiting += _imports(found[name], name, tuple(packages))
    for name in list(found):
        for parent in _parents(name):
            if parent != listing:
                found.setdefault(parent, _source_path(parent))
    return found


def _counts(name: str, packages: Sequence[str]) -> bool:
    top = name.partition(".")[0]
    return top in packages or (top != "claimtest" and _lies_beside_libraries(top))


@functools.cache
def _lies_beside_libraries(top: str) -> bool:
    """Whether a top-level module is somebody's own: found, and not where libraries are installed."""
    if not top or top in sys.stdlib_module_names or top in sys.builtin_module_names:
        return False
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, AttributeError, ValueError):
        return False
    places = [spec.origin, *(spec.submodule_search_locations or ())] if spec else []
    found = [Path(place).resolve() for place in places if place and os.path.exists(place)]
    return bool(found) and not any(path.is_relative_to(home) for path in found for home in _library_homes())


@functools.cache
def _library_homes() -> tuple[Path, ...]:
    """Where Python and what it installed live."""
    own = (sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib"))
    return tuple({Path(home).resolve() for home in (*own, *site.getsitepackages(), site.getusersitepackages())})


def library_versions(closure: Iterable[str], packages: Sequence[str]) -> dict[str, str]:
    """Versions of the installed distributions whose libraries these modules import, by the distribution's name."""
    imported = {top for name in closure for top in _top_levels(_source_path(name))}
    found = [_distribution(name) for name in sorted(imported - set(packages) - set(sys.stdlib_module_names))]
    return {name: metadata.version(name) for name in found if name}


@functools.cache
def _distribution(library: str) -> str:
    """The distribution that brings a library: mostly of its name, else (sklearn, PIL) the one that lists its files."""
    try:
        metadata.version(library)
    except metadata.PackageNotFoundError:
        pass
    else:
        return library
    source = Path(_source_path(library))
    home = source.parent.parent if source.name == "__init__.py" else source.parent
    own = source.relative_to(home).as_posix().encode() if home in _library_homes() else b""
    for record in home.glob("*.dist-info/RECORD") if own else ():
        if re.search(rb"^" + re.escape(own) + rb",", record.read_bytes(), re.MULTILINE):
            return record.parent.name.partition("-")[0].replace("_", "-")
    return ""


def _ingredients(run: Callable[..., Any]) -> tuple[set[str], list[str]]:
    """The modules that define a callable and what is bound to it (partials, closures), and a text of what is bound."""
    modules: set[str] = set()
    bound: list[str] = []
    waiting: list[Any] = [run]
    seen: set[int] = set()
    while waiting:
        item = waiting.pop()
        if id(item) in seen:  # a recursive inner function is bound to itself
            continue
        seen.add(id(item))
        if isinstance(item, functools.partial):
            waiting += [item.func, *item.args, *(value for _, value in sorted(item.keywords.items()))]
            bound.append(f"keywords {sorted(item.keywords)}")
        elif callable(item) and hasattr(item, "__qualname__"):
            modules.add(item.__module__)
            bound.append(f"{item.__module__}:{item.__qualname__}")
            waiting += [cell.cell_contents for cell in getattr(item, "__closure__", None) or ()]
        else:
            modules.add(type(item).__module__)
            bound.append(re.sub(r" at 0x[0-9a-f]+", "", repr(item)))
    return modules, bound


@functools.cache
def _source_path(name: str) -> str:
    """Path of a module's source, or "" if it has none."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, AttributeError, ValueError):
        return ""
    return spec.origin if spec and spec.origin and spec.origin.endswith(".py") else ""


@dataclass(frozen=True)
class _Source:
    """A source, read once: its syntax tree without docstrings, and its imports as (dots in front, module, names)."""

    tree: ast.Module
    statements: tuple[tuple[int, str, tuple[str, ...]], ...]

    @cached_property
    def digest(self) -> str:
        """Digest of the tree, positions and comments left out."""
        return hashlib.sha256(ast.dump(self.tree).encode()).hexdigest()


@functools.cache
def _source(path: str) -> _Source:
    with open(path, "rb") as file:
        tree = ast.parse(file.read(), path)
    statements: list[tuple[int, str, tuple[str, ...]]] = []
    for node in _walked(tree):
        if isinstance(node, ast.Import):
            statements += [(0, alias.name, ()) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            statements.append((node.level, node.module or "", tuple(alias.name for alias in node.names)))
        elif isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
    return _Source(tree, tuple(statements))


def _walked(tree: ast.Module) -> Iterator[ast.AST]:
    """The module and every statement in it: expressions, most of a tree, hold no imports and no docstrings."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            found = getattr(node, name, ())
            waiting += found if isinstance(found, list) else ()  # the body of a lambda or of a?b:c is an expression


@functools.cache
def _imports(path: str, name: str, packages: tuple[str, ...]) -> tuple[str, ...]:
    """The modules that may count in the import statements of module ``name``, those inside functions too."""
    package = name if path.endswith("__init__.py") else name.rpartition(".")[0]
    found: list[str] = []
    for level, module, names in _source(path).statements:
        above = package.split(".")[: len(package.split(".")) + 1 - level] if level else []
        origin = ".".join([*above, *([module] if module else [])])
        if not names:
            found.append(origin)
        elif _counts(origin, packages):  # looking further would import foreign packages
            found += [_named(origin, imported) for imported in names]
    return tuple(found)


def _named(origin: str, name: str) -> str:
    """The module that ``from origin import name`` reads: the submodule of that name if there is one, else origin."""
    submodule = f"{origin}.{name}"
    return submodule if _source_path(submodule) else origin


def _top_levels(path: str) -> set[str]:
    """The first parts of the names of all modules imported in this source from outside its own package."""
    return {module.partition(".")[0] for level, module, _ in _source(path).statements if not level} if path else set()


def _parents(name: str) -> Iterator[str]:
    """a and a.b for a.b.c."""
    while name := name.rpartition(".")[0]:
        yield name
