"""Kernels show themselves in a notebook; the example notebook runs and shows what is saved in it."""

import re
import tempfile
from pathlib import Path

import nbformat
import numpy as np
import pytest
from jupyter_client import AsyncKernelManager
from nbclient import NotebookClient

from models.snn import StochasticNetwork
from models.tangent import TangentKernel, tangent_kernel
from tests.claimtest.test_notebook import words
from theorems.limiting_kernel import kernel_profile, limiting_kernel

NOTEBOOK = Path(__file__).parents[1] / "docs" / "example.ipynb"
X = np.eye(3)[[0, 1, 2, 0]] * [[1], [1], [1], [-1]] @ np.linalg.qr(np.random.default_rng(0).standard_normal((3, 3)))[0]


def test_a_limiting_kernel_shows_its_blocks():
    kernel = limiting_kernel(X)
    text = words(kernel._repr_html_())
    assert text.startswith("Kernel Θ : 4 × 4, eigenvalues from")
    assert re.search(r"decoder [\d.]+ .* mean [\d.]+ .* scale [\d.]+ .* total [\d.]+", text)
    assert "Kernel Θ : 3 block" in words(kernel_profile([0.0, 0.5, 1.0])._repr_html_())


def test_a_tangent_kernel_shows_a_matrix():
    network = StochasticNetwork.initialise(64, inputs=3, outputs=2, seed=0)
    text = words(tangent_kernel(network, X)._repr_html_())
    assert text.startswith("Tangent kernel, 4 by 4 inputs, 2 outputs : 8 × 8, eigenvalues from")


def test_of_replicates_it_shows_the_mean():
    distinct = X[:3]  # or the smallest eigenvalue is round-off, which differs between machines
    one = tangent_kernel(StochasticNetwork.initialise(64, inputs=3, outputs=1, seed=0), distinct)
    both = TangentKernel(*(3 * block.expand(2, *block.shape) / 3 for block in (one.decoder, one.mean, one.scale)))
    single, mean = words(one._repr_html_()), words(both._repr_html_())
    assert "1 output, mean of 2 replicates" in mean
    assert single.partition(":")[2] == mean.partition(":")[2]


@pytest.fixture(scope="module")
def saved():
    return nbformat.read(NOTEBOOK, as_version=4)


@pytest.fixture(scope="module")
def executed():
    """The notebook, run afresh from the root of the repository, through sockets that nobody else can reach."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    resources = {"metadata": {"path": str(NOTEBOOK.parents[1])}}
    with tempfile.TemporaryDirectory() as folder:  # pytest's own may be too long for the name of a socket
        manager = AsyncKernelManager(transport="ipc", ip=str(Path(folder) / "kernel"))
        return NotebookClient(notebook, km=manager, timeout=300, resources=resources).execute()


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def shown(cell):
    """What a cell shows: the words of its HTML, or its text."""
    found = []
    for output in cell.outputs:
        data = output.get("data", {"text/plain": output.get("text", "")})
        found.append(words(data["text/html"]) if "text/html" in data else data["text/plain"].strip())
    return found


def test_it_is_a_valid_notebook_that_was_run_from_top_to_bottom(saved):
    nbformat.validate(saved)
    cells = code_cells(saved)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert all(cell.outputs for cell in cells[1:])
    assert not [o for cell in cells for o in cell.outputs if o.output_type == "error"]
    assert NOTEBOOK.stat().st_size < 100_000


def test_it_runs_and_shows_what_is_saved(saved, executed):
    for before, after in zip(code_cells(saved), code_cells(executed), strict=True):
        old, new = (re.sub(r", \d+ s", "", " ".join(shown(cell))) for cell in (before, after))
        assert re.sub(r"[−\d.·⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+", "#", old) == re.sub(r"[−\d.·⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+", "#", new)


def test_a_kernel_a_network_and_a_verdict_show_themselves(saved):
    text = " ".join(word for cell in code_cells(saved) for word in shown(cell))
    for words_of_it in ("Kernel Θ : 4 × 4, eigenvalues from", "Tangent kernel, 4 by 4 inputs", "✓ holds , as expected"):
        assert words_of_it in text
