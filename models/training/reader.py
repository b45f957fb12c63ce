"""The evaluation's reader: a network that says which subject, colour and place a picture shows.

It starts from ImageNet's features and is taught on composed pictures alone, never on samples; on a third of them as the
autoencoder gives them back, since samples are as soft as that.
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
from nets.autoencoder import Decoder, Encoder
from nets.efficientnet import FEATURES, pretrained
from runtime import Progress, load_checkpoint, save_checkpoint

SIDE = 128
FROZEN_BLOCKS = 5
"""Blocks that keep ImageNet's weights: edges and textures need no teaching, and cost most."""
NEW, CODED, OLD = 12, 4, 36
"""Pictures of a step: composed for it, so many of them through the autoencoder, and drawn from all before."""
Asked = tuple[str | None, str | None, str | None]


class Labels:
    """Numbers for subjects, colours and places; 0 is "none"."""

    def __init__(self, composer: Composer) -> None:
        self.lists = (["", *composer.sprites], ["", *TINTS], ["", *SCENES])

    def numbers(self, asked: Asked) -> list[int]:
        return [names.index(value or "") for names, value in zip(self.lists, asked)]

    def of(self, sample: Sample) -> list[int]:
        return self.numbers((sample.subject, sample.colour, sample.place))


class Reader(nn.Module):
    """Reads logits of subject, colour and place from pictures [b, 3, 128, 128] in [-1, 1]."""

    def __init__(self, body: nn.Module, labels: Labels) -> None:
        super().__init__()
        self.body = body
        self.heads = nn.ModuleList([nn.Linear(FEATURES, len(names)) for names in labels.lists])

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        with torch.no_grad():
            x = self.body.blocks[:FROZEN_BLOCKS](self.body.stem(x))
        features = self.body.head(self.body.blocks[FROZEN_BLOCKS:](x)).mean((2, 3))
        return [head(features) for head in self.heads]


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
    """The embedded model's autoencoder: pictures there and back."""

    def __init__(self, work: Path, device: torch.device) -> None:
        parts = load_checkpoint(work / "autoencoder.pt")
        self.device, self.encoder, self.decoder = device, Encoder().eval(), Decoder().eval()
        for net, name in ((self.encoder, "encoder"), (self.decoder, "decoder")):
            net.load_state_dict(parts[name])
            net.to(device, memory_format=torch.channels_last)

    @torch.no_grad()
    def __call__(self, pictures: list[Image.Image]) -> list[Image.Image]:
        with torch.autocast(self.device.type, torch.bfloat16):
            pixels = self.decoder(self.encoder(pixels_of(pictures).to(self.device)))
        values = ((pixels.float().clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1)
        return [Image.fromarray(picture) for picture in values.cpu().numpy()]


def teach(reader: Reader, composer: Composer, labels: Labels, coder: Coder, minutes: float, device: torch.device) -> None:
    """Trains `reader` for `minutes`, batch norms as they are: batches here are small."""
    torch.manual_seed(0)
    groups = [{"params": list(reader.body.parameters()), "peak": 5e-4}, {"params": list(reader.heads.parameters()), "peak": 3e-3}]
    optimizer = torch.optim.AdamW(groups, weight_decay=1e-2)
    progress, step = Progress(minutes * 60), 0
    pool: list[torch.Tensor] = []
    truths: list[list[int]] = []
    while not progress.over:
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * min(1, (step + 1) / 50) * (1 - 0.98 * progress.share)
        samples = [readable(composer) for _ in range(NEW)]
        shown = coder([s.picture for s in samples[:CODED]]) + [s.picture for s in samples[CODED:]]
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
