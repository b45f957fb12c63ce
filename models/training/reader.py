"""The evaluation's reader: a network that says which subject, colour and place a picture shows.

It starts from ImageNet's features and is taught on composed pictures alone, never on samples.
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
from nets.efficientnet import FEATURES, pretrained
from runtime import Progress, load_checkpoint, save_checkpoint

SIDE = 128
FROZEN_BLOCKS = 5
"""Blocks that keep ImageNet's weights: edges and textures need no teaching, and cost most."""
NEW, OLD = 12, 36
"""Pictures of a step: composed for it, and drawn from all before; composing costs time too."""
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


def softened(pictures: torch.Tensor, step: int) -> torch.Tensor:
    """Blurred every second step and noisy: samples are so a little, and the reader must not mind."""
    if step % 2:
        pictures = F.avg_pool2d(pictures, 3, 1, 1)
    return pictures + 0.05 * torch.randn_like(pictures)


def train_reader(composer: Composer, labels: Labels, cache: Path, minutes: float, device: torch.device) -> Reader:
    torch.manual_seed(0)
    # The batch norms keep ImageNet's statistics: batches here are small.
    reader = Reader(pretrained(cache), labels).to(device).eval()
    groups = [{"params": list(reader.body.parameters()), "peak": 5e-4}, {"params": list(reader.heads.parameters()), "peak": 3e-3}]
    optimizer = torch.optim.AdamW(groups, weight_decay=1e-2)
    progress, step = Progress(minutes * 60), 0
    pool: list[torch.Tensor] = []
    truths: list[list[int]] = []
    while not progress.over:
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * min(1, (step + 1) / 50) * (1 - 0.98 * progress.share)
        for sample in (readable(composer) for _ in range(NEW)):
            pool.append(small(sample.picture))
            truths.append(labels.of(sample))
        chosen = [*range(len(pool) - NEW, len(pool)), *torch.randint(len(pool), (OLD,)).tolist()]
        truth = torch.tensor([truths[i] for i in chosen], device=device)
        read = reader(softened(scaled([pool[i] for i in chosen], device), step))
        loss = sum(F.cross_entropy(out, truth[:, i]) for i, out in enumerate(read))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        step += 1
        progress.note(loss.item())
        if step % 25 == 0:
            progress.line(f"reader step {step}, loss {{loss:.3f}}")
    return reader


def read_or_train(kept: Path, composer: Composer, labels: Labels, cache: Path, minutes: float, device: torch.device) -> Reader:
    """The reader kept at `kept`; trained and kept there where there is none."""
    if not kept.exists():
        reader = train_reader(composer, labels, cache, minutes, device)
        save_checkpoint(kept, reader.state_dict())
        return reader
    reader = Reader(pretrained(cache), labels).to(device).eval()
    reader.load_state_dict(load_checkpoint(kept))
    return reader


@torch.no_grad()
def chances(reader: Reader, pictures: list[Image.Image], device: torch.device, batch: int = 64) -> list[torch.Tensor]:
    """Probabilities [n, labels] for subject, colour and place."""
    found = [
        [out.softmax(-1).cpu() for out in reader(scaled([small(p) for p in pictures[at : at + batch]], device))]
        for at in range(0, len(pictures), batch)
    ]
    return [torch.cat(parts) for parts in zip(*found)]
