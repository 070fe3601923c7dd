"""The gate: workflows that may read and nothing else, pinned by hash, with commands that exist."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from claimtest import cli

ROOT = Path(__file__).parents[1]
RECIPE = (ROOT / "docs" / "continuous-integration.md").read_text(encoding="utf-8")
WORKFLOWS = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / ".github" / "workflows").glob("*.yml")}
WORKFLOWS |= {f"recipe-{k}": text for k, text in enumerate(re.findall(r"^```yaml\n(.*?)^```$", RECIPE, re.M | re.S))}


@pytest.fixture(params=WORKFLOWS, name="workflow")
def each_workflow(request):
    return yaml.safe_load(WORKFLOWS[request.param])


def steps(workflow):
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def commands(workflow):
    """The lines that are run, as words."""
    lines = [line for step in steps(workflow) for line in step.get("run", "").splitlines()]
    return [shlex.split(line) for line in lines]


def claim_commands(workflow):
    return [words for words in commands(workflow) if Path(words[0]).name in ("vae-ntk", "claimtest")]


def test_the_gate_and_the_recipe_are_there():
    assert {"claims.yml", "recipe-0"} <= set(WORKFLOWS)


def test_it_may_read_and_nothing_else(workflow):
    assert workflow["permissions"] == {"contents": "read"}
    assert not any("permissions" in job for job in workflow["jobs"].values())


def test_every_action_is_pinned_by_hash(workflow):
    uses = [step["uses"] for step in steps(workflow) if "uses" in step]
    assert len(uses) == 3
    assert [use for use in uses if not re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", use)] == []


@pytest.mark.parametrize("text", WORKFLOWS.values(), ids=WORKFLOWS)
def test_every_pin_says_which_version_it_is(text):
    assert all(re.search(r"@[0-9a-f]{40}  # v\d+\.\d+\.\d+$", line) for line in text.splitlines() if "uses:" in line)


def test_no_context_that_strangers_write_reaches_a_shell(workflow):
    assert [words for words in commands(workflow) if any("${{" in word for word in words)] == []
    assert "pull_request_target" not in workflow[True]  # YAML 1.1 reads the key `on` as true


def test_it_runs_the_standard_profile_and_lets_its_status_decide(workflow):
    ((program, *arguments),) = claim_commands(workflow)
    pack = "checks" if Path(program).name == "vae-ntk" else None
    options = cli._parser(pack, "claimtest").parse_args(arguments)
    cli._complete(options)
    assert (options.command, options.profile.name, options.claims) == ("verify", "standard", [])
    assert not any(step.get("continue-on-error") for step in steps(workflow))


def test_verdicts_and_report_are_shown_whatever_they_are(workflow):
    ((_, *arguments),) = claim_commands(workflow)
    out = arguments[arguments.index("--out") + 1]
    verify, summary, upload = steps(workflow)[-3:]
    assert "if" not in verify
    assert summary["if"] == upload["if"] == "${{ !cancelled() }}"
    assert f'cat {out}/summary.md >> "$GITHUB_STEP_SUMMARY"' in summary["run"]
    assert upload["with"]["path"].split()[0] == out


def test_every_make_target_exists(workflow):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = [target for program, *words in commands(workflow) if program == "make" for target in words]
    assert [target for target in targets if not re.search(rf"^{target}:", makefile, flags=re.MULTILINE)] == []
