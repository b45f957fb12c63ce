"""The evaluation's reader: a network that says which subject, colour and place a picture shows.

It starts from ImageNet's features and is taught on composed pictures alone, never on samples; on a third of them as the
model gives them back: through the autoencoder, and guessed by the denoiser from some noise, since samples are as soft as
that. What they show comes from the composition and stays visible under that noise.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F

from data.composition import Composer, Sample
from data.scenes import SCENES
from data.sprites import TINTS
from make_shards import pixels_of
from nets.autoencoder import Encoder
from nets.efficientnet import FEATURES, pretrained
from nets.schedule import alphas_cumprod, one_step_guess
from runtime import Progress, arithmetic, load_checkpoint, save_checkpoint
from sampling import CheckpointModel, pictures_of

SIDE = 128
COLOUR_SIDE = 64
"""Pixels a side of what the colours are read from besides."""
FROZEN_BLOCKS = 5
"""Blocks that keep ImageNet's weights: edges and textures need no teaching, and cost most."""
NEW, CODED, OLD = 12, 4, 36
"""Pictures of a step: composed for it, so many of them as the model gives them back, and drawn from all before."""
Asked = tuple[str | None, str | None, str | None]


UNKNOWN = -100
"""The number of what the labels do not say; torch's losses pass over it."""


class Labels:
    """Numbers for subjects, colours and places; subjects and places have one for "none". Colours have not: what a subject
    looks like by nature has a colour too, of which the composition says nothing."""

    def __init__(self, composer: Composer) -> None:
        self.lists = (["", *composer.sprites], [*TINTS], ["", *SCENES])

    def numbers(self, asked: Asked) -> list[int]:
        return [names.index(value or "") if (value or "") in names else UNKNOWN for names, value in zip(self.lists, asked)]

    def of(self, sample: Sample) -> list[int]:
        return self.numbers((sample.subject, sample.colour, sample.place))


class Reader(nn.Module):
    """Reads logits of subject, colour and place from pictures [b, 3, 128, 128] in [-1, 1]."""

    def __init__(self, body: nn.Module, labels: Labels) -> None:
        super().__init__()
        self.body = body
        # ImageNet's features hardly know colours: few things there are told apart by them.
        widths = (3, 24, 48, 96, 96)
        self.colours = nn.Sequential(*(layer for a, b in zip(widths, widths[1:]) for layer in (nn.Conv2d(a, b, 3, 2, 1), nn.ReLU())))
        inputs = (FEATURES, FEATURES + 96 * (COLOUR_SIDE // 16) ** 2, FEATURES)
        self.heads = nn.ModuleList([nn.Linear(width, len(names)) for width, names in zip(inputs, labels.lists)])

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        with torch.no_grad():
            edges = self.body.blocks[:FROZEN_BLOCKS](self.body.stem(x))
        features = self.body.head(self.body.blocks[FROZEN_BLOCKS:](edges)).mean((2, 3))
        colours = self.colours(F.interpolate(x, size=COLOUR_SIDE, mode="area")).flatten(1)
        return [head(found) for head, found in zip(self.heads, (features, torch.cat([features, colours], 1), features))]


def small(picture: Image.Image) -> torch.Tensor:
    """The picture as uint8 [3, 128, 128]."""
    return torch.from_numpy(np.array(picture.convert("RGB").resize((SIDE, SIDE), Image.BOX))).permute(2, 0, 1)


def scaled(pictures: list[torch.Tensor], device: torch.device) -> torch.Tensor:
    return torch.stack(pictures).to(device).float().div(127.5).sub(1).contiguous(memory_format=torch.channels_last)


def readable(composer: Composer) -> Sample:
    """A sample with one subject or none, in no style: what the labels can say."""
    kind = composer.rng.random()
    return composer.place_alone() if kind < 0.15 else composer.special() if kind < 0.3 else composer.single()


def softened(pictures: torch.Tensor) -> torch.Tensor:
    """Each blurred more or less and noisy: samples are so a little, and the reader must not mind."""
    blurred = F.avg_pool2d(pictures, 5, 1, 2)
    share = torch.rand(len(pictures), 1, 1, 1, device=pictures.device)
    return torch.lerp(pictures, blurred, share) + 0.05 * torch.randn_like(pictures)


class Coder:
    """What the embedded model makes of pictures that it need not invent: its denoiser's guess from half its noise at most."""

    MOST_NOISE = 450
    """The latest of the 1000 timesteps at which a guess is made."""

    def __init__(self, work: Path, device: torch.device) -> None:
        self.device, self.model = device, CheckpointModel(work)
        self.encoder = Encoder().eval()
        self.encoder.load_state_dict(load_checkpoint(work / "autoencoder.pt")["encoder"])
        self.alphas = alphas_cumprod(device)
        for net in (self.encoder, self.model.decoder, self.model.unet):
            net.to(device)

    @torch.no_grad()
    def __call__(self, samples: list[Sample]) -> list[Image.Image]:
        with arithmetic(self.device):
            latents = self.encoder(pixels_of([s.picture for s in samples]).to(self.device)).float() / self.model.latent_std
            times = torch.randint(self.MOST_NOISE, (len(samples),), device=self.device)
            states = self.model.encode([s.caption for s in samples]).to(self.device)
            guess = one_step_guess(self.model.unet, latents, states, times, self.alphas)
            return pictures_of(self.model.decoder(guess * self.model.latent_std))


def teach(reader: Reader, composer: Composer, labels: Labels, coder: Coder, minutes: float, device: torch.device) -> None:
    """Trains `reader` for `minutes`, batch norms as they are: batches here are small."""
    torch.manual_seed(0)
    new = [*reader.heads.parameters(), *reader.colours.parameters()]
    groups = [{"params": list(reader.body.parameters()), "peak": 5e-4}, {"params": new, "peak": 2e-3}]
    optimizer = torch.optim.AdamW(groups, weight_decay=1e-2)
    progress, step = Progress(minutes * 60), 0
    pool: list[torch.Tensor] = []
    truths: list[list[int]] = []
    while not progress.over:
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * min(1, (step + 1) / 50) * (1 - 0.98 * progress.share)
        samples = [readable(composer) for _ in range(NEW)]
        shown = coder(samples[:CODED]) + [s.picture for s in samples[CODED:]]
        pool += map(small, shown)
        truths += map(labels.of, samples)
        chosen = [*range(len(pool) - NEW, len(pool)), *torch.randint(len(pool), (OLD,)).tolist()]
        truth = torch.tensor([truths[i] for i in chosen], device=device)
        read = reader(softened(scaled([pool[i] for i in chosen], device)))
        loss = sum(F.cross_entropy(out, truth[:, i]) for i, out in enumerate(read))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        step += 1
        progress.note(loss.item())
        if step % 25 == 0:
            progress.line(f"reader step {step}, loss {{loss:.3f}}")


def read_or_train(work: Path, composer: Composer, labels: Labels, cache: Path, minutes: float | None, device: torch.device) -> Reader:
    """The reader kept in `work`, taught for `minutes` more and kept again; where there is none, anew (15 minutes unless
    told otherwise)."""
    kept, reader = work / "reader.pt", Reader(pretrained(cache), labels).to(device).eval()
    if kept.exists():
        reader.load_state_dict(load_checkpoint(kept))
    elif minutes is None:
        minutes = 15
    if minutes:
        teach(reader, composer, labels, Coder(work, device), minutes, device)
        save_checkpoint(kept, reader.state_dict())
    return reader


@torch.no_grad()
def chances(reader: Reader, pictures: list[Image.Image], device: torch.device, batch: int = 64) -> list[torch.Tensor]:
    """Probabilities [n, labels] for subject, colour and place."""
    found = [
        [out.softmax(-1).cpu() for out in reader(scaled([small(p) for p in pictures[at : at + batch]], device))]
        for at in range(0, len(pictures), batch)
    ]
    return [torch.cat(parts) for parts in zip(*found)]
