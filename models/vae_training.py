"""Training of variational autoencoders by minibatches: the same for a seed, and resumed where it was cut off.

A checkpoint is an .npz of plain arrays, written and read without pickle: weights, both moments of Adam, the state of
the generator and the number of steps. Training goes on from it to the same bits as if it had never stopped.
"""

from __future__ import annotations

import hashlib
import math
import os
import sys
import tempfile
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import torch
from jaxtyping import UInt8
from numpy import ndarray
from numpy.random import SeedSequence
from torch import Tensor
from tqdm import tqdm

from models.vae import VAE, Design, as_pixels, initialised

__all__ = ["Schedule", "train"]


@dataclass(frozen=True)
class Schedule:
    """How long and how: ``steps`` of Adam on ``batch`` images each, drawn with replacement.

    The step size falls from ``rate`` to 0 along half a cosine: else Adam's steps, of one size in every weight, would
    keep dimensions that the decoder does not use from coming to rest at the prior. A checkpoint is written after every
    ``save_every`` steps.
    """

    steps: int
    batch: int = 64
    rate: float = 1e-3
    save_every: int = 500


def train(
    design: Design,
    images: UInt8[ndarray, "N C H W"],
    schedule: Schedule,
    seed: SeedSequence,
    device: str = "cpu",
    checkpoint: Path | None = None,
    progress: bool | None = False,
    version: str = "",
) -> VAE:
    """A trained VAE. The same arguments give the same weights on the same machine, interrupted or not.

    ``checkpoint`` is a file to resume from and to write to; one of another training, of another ``version`` of the code
    or another kind of device, or a damaged one, is written over, and it is removed once training ends. ``progress``: a
    bar on stderr (None: if that is a terminal). Raises ValueError if images have another shape than the design's, and
    OSError if a checkpoint cannot be written.
    """
    if images.shape[1:] != design.shape or not len(images):
        raise ValueError(f"images of shape {images.shape} for a VAE on {design.shape}")
    run = _Run.begin(design, schedule, seed, device)
    identity = _identity(design, schedule, seed, images, f"{version} {torch.device(device).type}")
    if checkpoint is not None and not run.resume(checkpoint, identity):
        run = _Run.begin(design, schedule, seed, device)  # what failed may have restored a part
    x = torch.as_tensor(images, device=device)
    with _bar(schedule, run.done, progress) as bar:
        while run.done < schedule.steps:
            loss = run.step(x)
            if bar is not None:
                bar.update()
                if run.done % 100 == 0 and not bar.disable:
                    bar.set_postfix(loss=f"{float(loss):.1f}")
            if checkpoint is not None and run.done % schedule.save_every == 0 and run.done < schedule.steps:
                run.save(checkpoint, identity)
    if checkpoint is not None:
        checkpoint.unlink(missing_ok=True)
    return run.network


def _bar(schedule: Schedule, done: int, progress: bool | None) -> AbstractContextManager[tqdm[NoReturn] | None]:
    """None where none is wanted: even one that is disabled makes a semaphore, which a process that is killed leaks."""
    if progress is False:
        return nullcontext()
    off = None if progress is None else False
    return tqdm(desc="training", total=schedule.steps, initial=done, disable=off, file=sys.stderr, leave=False)


@dataclass
class _Run:
    """A training under way: the network, its optimiser, the generator of batches and noise, the steps done."""

    network: VAE
    optimiser: torch.optim.Adam
    generator: torch.Generator
    schedule: Schedule
    done: int = 0

    @classmethod
    def begin(cls, design: Design, schedule: Schedule, seed: SeedSequence, device: str) -> _Run:
        """Fresh weights and a generator of its own, both from the seed."""
        weights, order = SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, 0)), seed.generate_state(1, np.uint64)
        network = initialised(design, weights, device)
        optimiser = torch.optim.Adam(network.parameters(), schedule.rate, fused=True)
        return cls(network, optimiser, torch.Generator().manual_seed(int(order[0] >> 1)), schedule)

    def step(self, x: Tensor) -> Tensor:
        """One step of Adam; batch and ε are drawn on the CPU, whatever computes."""
        size, latent = self.schedule.batch, self.network.design.latent
        chosen = torch.randint(len(x), (size,), generator=self.generator)
        noise = torch.randn(size, latent, generator=self.generator)
        terms = self.network.loss(as_pixels(x[chosen.to(x.device)]), noise.to(x.device))
        loss = terms.reconstruction + self.network.design.beta * terms.divergence
        for group in self.optimiser.param_groups:
            group["lr"] = self.schedule.rate * (1 + math.cos(math.pi * self.done / self.schedule.steps)) / 2
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        self.done += 1
        return loss.detach()

    def save(self, path: Path, identity: str) -> None:
        """Write everything that the next step depends on; whole or not at all, if the process is killed meanwhile."""
        arrays: dict[str, Any] = {"identity": np.array(identity), "done": np.array(self.done)}
        arrays["generator"] = self.generator.get_state().numpy()
        for name, weight in self.network.named_parameters():
            state = self.optimiser.state[weight]
            arrays |= {f"{kind}/{name}": state[kind].cpu().numpy() for kind in ("exp_avg", "exp_avg_sq")}
            arrays[f"weight/{name}"] = weight.detach().cpu().numpy()
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez(file, **arrays)
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def resume(self, path: Path, identity: str) -> bool:
        """Take up a checkpoint of this very training, if there is one that can be read: whether there was."""
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            if same := str(arrays["identity"]) == identity:
                self._restore(arrays)
        except Exception:  # a damaged archive raises almost anything
            return False
        return same

    def _restore(self, arrays: dict[str, ndarray]) -> None:
        done = int(arrays["done"])
        for name, weight in self.network.named_parameters():
            with torch.no_grad():
                weight.copy_(torch.from_numpy(arrays[f"weight/{name}"]))
            moments = {
                kind: torch.from_numpy(arrays[f"{kind}/{name}"]).to(weight).contiguous(memory_format=_format(weight))
                for kind in ("exp_avg", "exp_avg_sq")
            }
            self.optimiser.state[weight] = {"step": torch.tensor(float(done)), **moments}
        self.generator.set_state(torch.from_numpy(arrays["generator"]))
        self.done = done


def _format(weight: Tensor) -> torch.memory_format:
    return torch.channels_last if weight.dim() == 4 else torch.contiguous_format


def _identity(design: Design, schedule: Schedule, seed: SeedSequence, images: ndarray, version: str) -> str:
    """Digest of what a training is; libraries count, since other versions give other bits."""
    text = f"{design} {schedule} {seed.entropy} {seed.spawn_key} {images.shape} {torch.__version__} {version}"
    return hashlib.sha256(text.encode() + np.ascontiguousarray(images).tobytes()).hexdigest()
