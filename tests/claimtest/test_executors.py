"""The choice of an executor: what makes no sense is said in one line, before anything is loaded or connected to."""

import importlib.util

import pytest

from claimtest import cli
from claimtest.executors import OPTIONS, choice_of
from claimtest.pool import LocalPool
from tests.claimtest.shell import wrong
from tests.claimtest.toy_pack import PACK

TCP, TLS = "--executor dask --scheduler tcp://127.0.0.1:8786", "--executor dask --scheduler tls://127.0.0.1:8786"


@pytest.fixture(autouse=True)
def installed(monkeypatch):
    """Options are judged as if Dask were there, whether it is or not."""
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name == "distributed" or found(name))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--executor dusk", "unknown executor 'dusk': give local or dask"),
        ("--executor dask", "--executor dask needs the cluster's address: --scheduler tcp://HOST:PORT"),
        ("--scheduler tcp://127.0.0.1:8786", "--scheduler goes with --executor dask"),
        ("--executor local --scheduler-timeout 3", "--scheduler-timeout goes with --executor dask"),
        ("--tls-key key.pem", "--tls-key goes with --executor dask"),
        ("--executor dask --scheduler 127.0.0.1:8786", "give tcp://HOST:PORT"),
        ("--executor dask --scheduler here", "give tcp://HOST:PORT"),
        ("--executor dask --scheduler tcp://here", "give tcp://HOST:PORT"),
        ("--executor dask --scheduler tcp://:8786", "give tcp://HOST:PORT"),
        ("--executor dask --scheduler tcp://here:port", "give tcp://HOST:PORT"),
        ("--executor dask --scheduler tcp://here:99999", "give tcp://HOST:PORT"),
        ("--executor dask --scheduler tcp://[::1:8786", "give tcp://HOST:PORT"),
        ("--executor dask --scheduler http://here:80", "give tcp://HOST:PORT"),
        (f"{TCP} --tls-cert cert.pem", "--tls-cert goes with an encrypted scheduler"),
        (f"{TLS} --tls-cert cert.pem", "--tls-cert cert.pem: No such file"),
        (f"{TLS} --tls-ca-file .", "--tls-ca-file .: Is a directory"),
        (f"{TCP} --scheduler-timeout 0", "give a number of seconds above 0"),
        (f"{TCP} --scheduler-timeout soon", "give a number of seconds above 0"),
        (f"{TCP} --jobs 2", "--jobs goes with --executor local"),
        (f"{TCP} --device tpu", "unknown device 'tpu'"),
    ],
)
def test_bad_usage_is_one_line_and_status_2(run, options, words):
    wrong(run("verify", *options.split()), 2, words)


def test_an_extra_that_is_not_installed(run, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    wrong(run("verify", *TCP.split()), 2, "Dask is not installed here; pip install distributed")


def test_local_processes_are_the_default():
    chosen = choice_of({})
    assert chosen.is_local
    assert chosen.executor(PACK, 3) == LocalPool(PACK.module, 3)


def test_what_is_chosen_reaches_the_executor(tmp_path):
    pytest.importorskip("distributed", reason="the extra dask is not installed")
    file = tmp_path / "ca.pem"
    file.touch()
    given = {"executor": "dask", "scheduler": "tls://[::1]:8786", "tls-ca-file": str(file), "scheduler-timeout": "7"}
    executor = choice_of(given).executor(PACK, 1)
    assert (executor.address, executor.patience, executor.tls.ca_file) == ("tls://[::1]:8786", 7.0, file)
    assert executor.tls.cert is None


def test_no_local_process_starts_for_a_cluster(monkeypatch, capsys):
    monkeypatch.setattr("claimtest.pool.warm_up", None)
    assert cli.main(["verify", *TCP.split()], pack="no.such.pack") == 2
    assert "no.such" in capsys.readouterr().err


def test_both_doors_take_the_same_options(pytestconfig):
    for option in OPTIONS:
        assert pytestconfig.getoption(f"claims_{option.replace('-', '_')}") is None
