"""The PyTorch side of `peer`: a worker process that trains a twin of a case.

    python -m benchmarks.peer_torch FOLDER [--layout=channels_last] [--precision=float32]

Reads what the library's worker has written into FOLDER (see `peer_library`), makes the steps
whose losses the library has reported, prints its own, and then trains chunk after chunk as
`peer_chunks` says. As one would write it in PyTorch: eager, data in memory, fused Adam with
the L2 term inside, no gradients of D's weights in G's step, autocast for bfloat16.
"""

from __future__ import annotations

import json
import pathlib
import time

import numpy as np
import torch
from torch.nn import functional as F

from benchmarks import peer_biggan, peer_chunks, peer_networks

LAYOUTS = ("channels_last", "channels_first")


def main(argv: list[str] | None = None) -> None:
    """Prints the losses of the first steps, then serves chunks."""
    parser = peer_chunks.parser()
    parser.add_argument("--layout", choices=LAYOUTS, default=LAYOUTS[0])
    flags = parser.parse_args(argv)
    if flags.threads:
        torch.set_num_threads(flags.threads)
        torch.set_num_interop_threads(flags.threads)
    torch.manual_seed(0)
    twin = Twin(flags.folder, flags.layout, flags.precision)
    peer_chunks.say({"losses": twin.check()})
    twin.train(flags.seconds)  # warms up
    peer_chunks.serve(lambda: twin.train(flags.seconds))


class Twin:
    """Both networks with the library's weights, and the loop.

    Args:
        folder: Holds `settings.json` and `arrays.npz`.
        layout: Memory layout of images and kernels.
        precision: "float32" or "bfloat16".
    """

    def __init__(self, folder: pathlib.Path, layout: str, precision: str):
        self.settings = json.loads((folder / "settings.json").read_text())
        with np.load(folder / "arrays.npz") as file:
            self._arrays = dict(file)
        last = layout == "channels_last"
        self._format = torch.channels_last if last else torch.contiguous_format
        self._bfloat16 = precision == "bfloat16"
        self.networks = peer_networks.build(self.settings)
        self._optimizers = []
        for letter, network in zip("gd", self.networks, strict=True):
            count = sum(name.startswith(f"{letter}_") for name in self._arrays)
            peer_networks.load(network, [self._arrays[f"{letter}_{i}"] for i in range(count)])
            vectors = [self._arrays[name] for name in self._vectors(letter)]
            if vectors:
                peer_biggan.normalise(network, vectors)
            network.to(memory_format=self._format)
            self._optimizers.append(self._adam(letter, network))
        self._images = self._rotated(self._arrays["images"])
        self._labels = self._one_hot(self._arrays.get("labels"))
        self._losses = _wasserstein if self.settings["penalty"] else _non_saturating

    def _vectors(self, letter: str) -> list[str]:
        """Names of the vectors of spectral norm, in order."""
        found = [name for name in self._arrays if name.startswith(f"{letter}u_")]
        return sorted(found, key=lambda name: int(name.partition("_")[2]))

    def _adam(self, letter, network):
        rate, *betas = self.settings["adam"][letter]
        decay = self.settings["weight_decay"]
        return torch.optim.Adam(
            network.parameters(), rate, tuple(betas), eps=1e-7, weight_decay=decay, fused=True
        )

    def _rotated(self, images: np.ndarray):
        """(N, H, W, C) in [-1, 1] -> (N, C, H, W) in the networks' range, rotated."""
        images = images * 0.5 + 0.5 if self.settings["unit"] else images
        rotated = images[:, ::-1, ::-1].transpose(0, 3, 1, 2).copy()
        return torch.from_numpy(rotated).contiguous(memory_format=self._format)

    def _one_hot(self, labels):
        if not self.settings["classes"]:
            return None
        return F.one_hot(torch.from_numpy(labels).long(), self.settings["classes"]).float()

    def check(self) -> dict[str, list[float]]:
        """Makes the steps that the library has made; returns their losses by name."""
        real = self._rotated(self._arrays["batch"])
        draws = [torch.from_numpy(self._arrays[n]) for n in ("z_critic", "z_generator", "u")]
        label = self._one_hot(self._arrays.get("batch_labels"))
        losses = [self._step(real, label, *drawn) for drawn in zip(*draws, strict=True)]
        d_losses, g_losses = ([float(loss) for loss in side] for side in zip(*losses, strict=True))
        return {"d_loss": d_losses, "g_loss": g_losses}

    def train(self, seconds: float) -> dict:
        """Trains for about `seconds`; returns {"steps", "wall"}."""
        steps, begin = 0, time.perf_counter()
        while time.perf_counter() - begin < seconds:
            self._one()
            steps += 1
        return {"steps": steps, "wall": time.perf_counter() - begin}

    def _one(self):
        batch = self.settings["batch"]
        chosen = torch.randint(len(self._images), (batch,))
        real = self._images[chosen].contiguous(memory_format=self._format)
        label = None if self._labels is None else self._labels[chosen]
        z_generator = None if self.settings["share_fakes"] else self._latents()
        u = torch.rand(batch) if self.settings["penalty"] else None
        return self._step(real, label, self._latents(), z_generator, u)

    def _latents(self):
        shape, bounds = (
            (self.settings["batch"], self.settings["latent_dim"]),
            self.settings["uniform"],
        )
        return torch.randn(shape) if bounds is None else torch.empty(shape).uniform_(*bounds)

    def _step(self, real, label, z_critic, z_generator, u):
        shared = self.settings["share_fakes"]
        with torch.set_grad_enabled(shared):
            fake = self._generate(z_critic, label)
        d_loss = self._update_discriminator(real, fake.detach(), label, u)
        critic = self.networks[1]
        critic.requires_grad_(False)
        fake = fake if shared else self._generate(z_generator, label)
        g_loss = self._losses(None, self._discriminate(fake, label))
        self._apply(0, g_loss)
        critic.requires_grad_(True)
        return d_loss.detach(), g_loss.detach()

    def _update_discriminator(self, real, fake, label, u):
        loss = self._losses(self._discriminate(real, label), self._discriminate(fake, label))
        total = self.settings["d_weight"] * loss
        if self.settings["penalty"]:
            total = total + self.settings["penalty"] * self._slope_penalty(real, fake, label, u)
        self._apply(1, total)
        return loss

    def _slope_penalty(self, real, fake, label, u):
        between = (real + u.view(-1, 1, 1, 1) * (fake - real)).requires_grad_(True)
        total = self._discriminate(between, label).sum()
        (slopes,) = torch.autograd.grad(total, between, create_graph=True)
        norms = slopes.float().flatten(1).square().sum(1).sqrt()
        return (norms - 1.0).square().mean()

    def _apply(self, player: int, loss):
        self._optimizers[player].zero_grad(set_to_none=True)
        loss.backward()
        self._optimizers[player].step()

    def _generate(self, z, label):
        return self._run(self.networks[0], z, label)

    def _discriminate(self, images, label):
        return self._run(self.networks[1], images, label)

    def _run(self, network, inputs, label):
        inputs = (inputs,) if label is None else (inputs, label)
        with torch.autocast("cpu", torch.bfloat16, enabled=self._bfloat16):
            return network(*inputs).float()


def _non_saturating(real, fake):
    if real is None:
        return F.softplus(-fake).mean()
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def _wasserstein(real, fake):
    return -fake.mean() if real is None else fake.mean() - real.mean()


if __name__ == "__main__":
    main()
