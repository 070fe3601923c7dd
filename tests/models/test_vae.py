"""Deep autoencoders: their loss against torch's distributions, training that repeats and goes on where it stopped."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from numpy.random import SeedSequence
from torch.distributions import Bernoulli, Independent, Normal, kl_divergence

from models import vae_training
from models.vae import ACTIVE, Design, as_pixels, divergence, encode_all, initialised
from models.vae_training import Schedule, train

IMAGES = np.random.default_rng(0).integers(0, 256, (40, 3, 8, 8), dtype=np.uint8)
DENSE = Design((3, 8, 8), 4, "dense", "bernoulli", hidden=16)
CONV = Design((3, 8, 8), 4, "conv", "gaussian", hidden=16, sigma=0.2)
SHORT = Schedule(12, batch=8, save_every=4)


def weights(network):
    return torch.cat([p.detach().flatten() for p in network.parameters()])


@pytest.mark.parametrize("design", [DENSE, CONV], ids=["dense bernoulli", "conv gaussian"])
def test_both_terms_of_the_loss_are_those_of_the_distributions(design):
    network = initialised(design, SeedSequence(0))
    x = as_pixels(torch.as_tensor(IMAGES))
    noise = torch.randn(40, 4, generator=torch.Generator().manual_seed(0))
    mean, log_variance = network.encode(x)
    posterior = Normal(mean, (log_variance / 2).exp())
    out = network.decode(mean + posterior.scale * noise)
    pixels = Bernoulli(out, validate_args=False) if design.decoder == "bernoulli" else Normal(out, design.sigma)
    likelihood = Independent(pixels, 3).log_prob(x).mean()
    if design.decoder == "gaussian":  # the constant that is left out
        likelihood = likelihood + 3 * 64 * (0.5 * np.log(2 * np.pi) + np.log(design.sigma))
    found = network.loss(x, noise)
    assert found.reconstruction.item() == pytest.approx(-likelihood.item(), rel=1e-4)
    prior = Normal(torch.zeros(4), torch.ones(4))
    assert found.divergence.item() == pytest.approx(kl_divergence(posterior, prior).sum(1).mean().item(), rel=1e-4)


def test_weights_come_from_the_seed_and_not_from_global_state():
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    first, again, other = (initialised(CONV, SeedSequence(seed)) for seed in (0, 0, 1))
    assert torch.equal(before, torch.random.get_rng_state())
    assert torch.equal(weights(first), weights(again))
    assert not torch.equal(weights(first), weights(other))
    layer = first.encoder[0]
    assert abs(layer.weight).max() <= np.sqrt(6 / (3 * 16))
    assert layer.weight.var().item() == pytest.approx(2 / (3 * 16), rel=0.2)


def test_encoding_counts_active_dimensions():
    network = initialised(DENSE, SeedSequence(0))
    with torch.no_grad():
        network.encoder[-1].weight.zero_()
        network.encoder[-1].bias.copy_(torch.tensor([1.0, 0.0, 0.1, 0.2, 0.0, 0.0, 0.0, 0.0]))
    encoded = encode_all(network, IMAGES)
    np.testing.assert_allclose(encoded.divergence, [0.5, 0, 0.005, 0.02], atol=1e-6)
    assert (ACTIVE, encoded.active) == (0.01, 2)
    assert divergence(torch.tensor([[1.0]]), torch.tensor([[0.0]])).item() == 0.5


def test_training_lowers_the_loss():
    images = np.repeat(IMAGES[:4], 10, axis=0)
    x, noise = as_pixels(torch.as_tensor(images)), torch.zeros(40, 4)
    losses = [
        sum(
            float(term.detach())
            for term in train(DENSE, images, Schedule(steps, 8, 3e-3), SeedSequence(0)).loss(x, noise)
        )
        for steps in (1, 200)
    ]
    assert losses[1] < 0.95 * losses[0]


class Killed(BaseException):
    """As if the process had been killed."""


def interrupted(monkeypatch, path, at, design=CONV):
    """Train until so many steps were taken, and die there."""
    step = vae_training._Run.step

    def dying(run, x):
        if run.done == at:
            raise Killed
        return step(run, x)

    with monkeypatch.context() as patch:
        patch.setattr(vae_training._Run, "step", dying)
        with pytest.raises(Killed):
            train(design, IMAGES, SHORT, SeedSequence(3), checkpoint=path)


@pytest.mark.parametrize("design", [DENSE, CONV], ids=["dense", "conv"])
def test_a_killed_training_goes_on_to_the_same_bits(tmp_path, monkeypatch, design):
    path = tmp_path / "deep" / "run.npz"
    interrupted(monkeypatch, path, 7, design)
    with np.load(path, allow_pickle=False) as file:
        assert int(file["done"]) == 4
    steps = []
    step = vae_training._Run.step
    monkeypatch.setattr(vae_training._Run, "step", lambda run, x: steps.append(run.done) or step(run, x))
    resumed = train(design, IMAGES, SHORT, SeedSequence(3), checkpoint=path)
    assert steps == list(range(4, 12))
    whole = train(design, IMAGES, SHORT, SeedSequence(3))
    assert torch.equal(weights(resumed), weights(whole))
    assert list(path.parent.iterdir()) == []  # neither the checkpoint nor a part of one is left


@pytest.mark.parametrize("damage", ["cut", "empty", "other", "version", "shapes"])
def test_a_checkpoint_that_is_damaged_or_of_another_training_is_not_used(tmp_path, monkeypatch, damage):
    path = tmp_path / "run.npz"
    interrupted(monkeypatch, path, 7)
    if damage == "other":
        other = train(CONV, IMAGES, SHORT, SeedSequence(4), checkpoint=path)
        assert torch.equal(weights(other), weights(train(CONV, IMAGES, SHORT, SeedSequence(4))))
        return
    if damage == "shapes":
        with np.load(path) as file:
            arrays = {name: file[name] for name in file.files}
        last = [name for name in arrays if name.startswith("weight/")][-1]  # those before it are restored by then
        np.savez(path, **arrays | {last: np.ones(7)})
    elif damage != "version":
        path.write_bytes(path.read_bytes()[:200] if damage == "cut" else b"")
    steps, step = [], vae_training._Run.step
    monkeypatch.setattr(vae_training._Run, "step", lambda run, x: steps.append(run.done) or step(run, x))
    version = "other code" if damage == "version" else ""
    made = train(CONV, IMAGES, SHORT, SeedSequence(3), checkpoint=path, version=version)
    assert steps[0] == 0
    assert torch.equal(
        weights(made),
        weights(train(CONV, IMAGES, SHORT, SeedSequence(3))),
    )


def test_a_bar_shows_how_far_it_is(capsys):
    train(DENSE, IMAGES, SHORT, SeedSequence(0), progress=True)
    assert "training" in capsys.readouterr().err
    train(DENSE, IMAGES, SHORT, SeedSequence(0))
    assert capsys.readouterr().err == ""


def test_without_a_bar_no_semaphore_is_made_that_a_killed_process_would_leak():
    code = """
import subprocess
import sys

import numpy as np
from tqdm.std import TqdmDefaultWriteLock
from models.vae import Design
from models.vae_training import Schedule, train
train(Design((1, 8, 8), 2), np.zeros((4, 1, 8, 8), np.uint8), Schedule(1), np.random.SeedSequence(0))
assert not hasattr(TqdmDefaultWriteLock, "mp_lock"), "a semaphore"
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("changes", "says"),
    [({"latent": 0}, "at least 1"), ({"network": "deep"}, "dense or conv"), ({"shape": (1, 12, 8)}, "multiples of 8"),
     ({"sigma": 0.0}, "positive"), ({"decoder": "poisson"}, "bernoulli or gaussian")],
)  # fmt: skip
def test_what_makes_no_network_is_refused(changes, says):
    with pytest.raises(ValueError, match=says):
        Design(**{"shape": (3, 8, 8), "latent": 4, "network": "conv"} | changes)


def test_images_of_another_shape_are_refused():
    with pytest.raises(ValueError, match="for a VAE on"):
        train(DENSE, IMAGES[:, :1], SHORT, SeedSequence(0))
