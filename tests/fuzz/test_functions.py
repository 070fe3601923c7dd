"""Every public function, fed with what nobody should pass: a clear error in one line, or a right answer.

With the command line (test_command_line.py) more than 2000 inputs, the same ones every time.
"""

import importlib
import inspect
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tests.fuzz.authors import AUTHORS
from tests.fuzz.bad import outcome, spoiled
from tests.fuzz.calls import MODELS, THEOREMS
from tests.fuzz.exempt import EXEMPT, MODULES
from tests.fuzz.machinery import CRITERIA, MACHINERY

ROOT = Path(__file__).parents[2]
N_INPUTS = {"theorems": 800, "models": 600, "claimtest": 500, "criteria": 400, "authors": 600}
CALM = {"derandomize": True, "deadline": None, "suppress_health_check": list(HealthCheck)}


@pytest.fixture(autouse=True, scope="module")
def scratch(tmp_path_factory):
    """A folder for whatever functions make of the names that they are given."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("scratch"))
        yield


@pytest.mark.parametrize(
    "call", [pytest.param(c, id=n) for calls in (THEOREMS, MODELS, CRITERIA, AUTHORS) for n, c in calls.items()]
)
def test_they_take_what_they_should(call):
    call.function(**call.arguments)  # an error, however clear, would mean that the rest is refused for its sake
    assert outcome(call, call.arguments) == ""


@settings(max_examples=N_INPUTS["theorems"], **CALM)
@given(spoiled(THEOREMS))
def test_predictions_refuse_the_rest_in_one_line(case):
    name, arguments, what = case
    assert outcome(THEOREMS[name], arguments) == "", f"{name}({what})"


@settings(max_examples=N_INPUTS["models"], **CALM)
@given(spoiled(MODELS))
def test_simulations_refuse_the_rest_in_one_line(case):
    name, arguments, what = case
    assert outcome(MODELS[name], arguments) == "", f"{name}({what})"


@settings(max_examples=N_INPUTS["criteria"], **CALM)
@given(spoiled(CRITERIA))
def test_laws_refuse_the_rest_in_one_line(case):
    name, arguments, what = case
    assert outcome(CRITERIA[name], arguments) == "", f"{name}({what})"


@settings(max_examples=N_INPUTS["authors"], **CALM)
@given(spoiled(AUTHORS))
def test_what_authors_write_is_refused_where_they_write_it(case):
    name, arguments, what = case
    assert outcome(AUTHORS[name], arguments) == "", f"{name}({what})"


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A folder for what functions create that are given any words as a path."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("elsewhere")
@settings(max_examples=N_INPUTS["claimtest"], **CALM)
@given(spoiled(MACHINERY, words=True))
def test_the_machinery_takes_any_words(case):
    name, arguments, what = case
    assert outcome(MACHINERY[name], arguments) == "", f"{name}({what})"


@pytest.mark.parametrize("name", ["prose", "tex", "clopper_pearson", "read_widths", "load_pack"])
def test_the_machinery_takes_what_it_should(name):
    assert MACHINERY[name].function(**MACHINERY[name].arguments) is not None


def public(floor):
    """Names of the public functions and classes of a floor, with what they are."""
    for path in sorted((ROOT / floor).rglob("*.py")):
        if path.parent.name == "data":  # programs that made the data, with libraries of their own
            continue
        if path.name == "preload.py":  # makes whoever imports it deaf to Ctrl-C, and every process started afterwards
            continue
        module = importlib.import_module(
            ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        )
        for name in getattr(module, "__all__", ()):
            found = getattr(module, name)
            if callable(found) and getattr(found, "__module__", None) == module.__name__:
                yield f"{module.__name__}.{name}", found


def covered(calls):
    """The public functions that these calls fuzz; methods stand for their class."""
    for call in calls:
        for function in (call.function,) if call.covers is None else call.covers:
            owner = getattr(function, "__self__", None)
            yield inspect.unwrap(getattr(function, "__func__", function))
            yield owner if inspect.isclass(owner) else type(owner)


FUZZED = set(covered(call for calls in (THEOREMS, MODELS, CRITERIA, MACHINERY, AUTHORS) for call in calls.values()))
LAWS = {**CRITERIA, **MACHINERY}
FLOORS = ("theorems", "models", "claimtest", "checks", "examples")


@pytest.mark.parametrize("floor", FLOORS)
def test_every_public_function_is_fuzzed_or_says_why_not(floor):
    left = {
        name
        for name, found in public(floor)
        if inspect.unwrap(found) not in FUZZED and name.rpartition(".")[0] not in MODULES
        and not (name.startswith("claimtest.criteria.") and name.rpartition(".")[2] in LAWS)
    }  # fmt: skip
    assert left == {name for name in EXEMPT if name.startswith(f"{floor}.")}


def test_no_module_is_exempt_that_is_gone_or_fuzzed():
    names = {name.rpartition(".")[0]: found for floor in FLOORS for name, found in public(floor)}
    assert set(names) >= MODULES
    fuzzed = {name.rpartition(".")[0] for floor in FLOORS for name, found in public(floor) if found in FUZZED}
    assert not fuzzed & MODULES
