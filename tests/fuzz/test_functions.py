"""Every public function, fed with what nobody should pass: a clear error in one line, or a right answer.

With the command line (test_command_line.py) more than 2000 inputs, the same ones every time.
"""

import importlib
import inspect
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tests.fuzz.bad import outcome, spoiled
from tests.fuzz.calls import MODELS, THEOREMS
from tests.fuzz.exempt import EXEMPT
from tests.fuzz.machinery import CRITERIA, MACHINERY

ROOT = Path(__file__).parents[2]
N_INPUTS = {"theorems": 800, "models": 600, "claimtest": 300, "criteria": 400}
CALM = {"derandomize": True, "deadline": None, "suppress_health_check": list(HealthCheck)}


@pytest.fixture(autouse=True, scope="module")
def scratch(tmp_path_factory):
    """A folder for whatever functions make of the names that they are given."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("scratch"))
        yield


@pytest.mark.parametrize(
    "call", [pytest.param(c, id=n) for calls in (THEOREMS, MODELS, CRITERIA) for n, c in calls.items()]
)
def test_they_take_what_they_should(call):
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
        module = importlib.import_module(
            ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        )
        for name in getattr(module, "__all__", ()):
            found = getattr(module, name)
            if callable(found) and getattr(found, "__module__", None) == module.__name__:
                yield f"{module.__name__}.{name}", found


@pytest.mark.parametrize(("floor", "calls"), [("theorems", THEOREMS), ("models", MODELS)])
def test_every_public_function_is_fuzzed_or_says_why_not(floor, calls):
    fuzzed = {inspect.unwrap(getattr(c.function, "__func__", c.function)) for c in calls.values()}
    fuzzed |= {getattr(c.function, "__self__", None).__class__ for c in calls.values()}
    fuzzed |= {c.function.__self__ for c in calls.values() if inspect.isclass(getattr(c.function, "__self__", None))}
    left = {name for name, found in public(floor) if inspect.unwrap(found) not in fuzzed}
    assert left == {name for name in EXEMPT if name.startswith(f"{floor}.")}


def test_every_law_is_fuzzed_or_says_why_not():
    fuzzed = {*CRITERIA, *MACHINERY}
    left = {name for name, _ in public("claimtest/criteria") if name.rpartition(".")[2] not in fuzzed}
    assert left == {name for name in EXEMPT if name.startswith("claimtest.criteria.")}
