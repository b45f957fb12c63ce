"""Measures how often pictures show the colour, the place and the subject that the prompt asked for.

A small classifier is trained on composed pictures first (its own accuracy on unseen ones is printed
and bounds what can be said), then it reads sampled pictures.  The held-out combinations, which no
training picture shows, are counted apart.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F

from data.composition import HELD_OUT, NOT_ALONE, Composer, Sample
from data.scenes import SCENES
from data.sprites import TINTS
from runtime import Progress, device_from, load_checkpoint, save_checkpoint
from sampling import CheckpointModel, FolderModel, contact_sheet, draw, fixed_noise

SIDE = 64


class Reader(nn.Module):
    """Reads subject, colour and place from a picture [b, 3, 64, 64]."""

    def __init__(self, sizes: tuple[int, int, int]) -> None:
        super().__init__()
        widths, layers = (3, 32, 64, 128, 192), []
        for i, o in zip(widths, widths[1:]):
            layers += [nn.Conv2d(i, o, 3, padding=1), nn.BatchNorm2d(o), nn.ReLU(), nn.MaxPool2d(2)]
        self.body = nn.Sequential(*layers, nn.Flatten(), nn.Linear(192 * 16, 256), nn.ReLU())
        self.heads = nn.ModuleList([nn.Linear(256, n) for n in sizes])

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        shared = self.body(x)
        return [head(shared) for head in self.heads]


def small(picture: Image.Image) -> torch.Tensor:
    values = np.asarray(picture.resize((SIDE, SIDE), Image.BOX), np.float32)
    return torch.from_numpy(values / 127.5 - 1).permute(2, 0, 1)


class Labels:
    """Numbers for subjects, colours and places; 0 is "none"."""

    def __init__(self, composer: Composer) -> None:
        self.lists = (["", *composer.sprites], ["", *TINTS], ["", *SCENES])

    def of(self, sample: Sample) -> list[int]:
        return [names.index(value or "") for names, value in zip(self.lists, (sample.subject, sample.colour, sample.place))]


def train_reader(composer: Composer, labels: Labels, minutes: float, device: torch.device) -> Reader:
    torch.manual_seed(0)
    reader = Reader(tuple(len(names) for names in labels.lists)).to(device)
    optimizer = torch.optim.AdamW(reader.parameters(), lr=2e-3, weight_decay=1e-2)
    progress, step = Progress(minutes * 60), 0
    while not progress.over:
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * min(1, (step + 1) / 50) * (1 - 0.97 * progress.share)
        samples = [composer.sample() for _ in range(64)]
        pictures = torch.stack([small(s.picture) for s in samples]).to(device)
        # Samples are a little blurred and noisy; the reader must not mind.
        if step % 2:
            pictures = F.avg_pool2d(pictures, 3, 1, 1)
        pictures = pictures + 0.08 * torch.randn_like(pictures)
        truth = torch.tensor([labels.of(s) for s in samples], device=device)
        loss = sum(F.cross_entropy(out, truth[:, i]) for i, out in enumerate(reader(pictures)))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        step += 1
        progress.note(loss.item())
        if step % 25 == 0:
            progress.line(f"reader step {step}, loss {{loss:.3f}}")
    return reader.eval()


@torch.no_grad()
def read(reader: Reader, pictures: list[Image.Image], device: torch.device) -> torch.Tensor:
    return torch.stack([out.argmax(-1) for out in reader(torch.stack([small(p) for p in pictures]).to(device))], 1).cpu()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--from-work", action="store_true", help="measure the checkpoints in --work")
    source.add_argument("--model", type=Path, help="measure an exported model folder")
    parser.add_argument("--work", type=Path, required=True, help="reader.pt is kept here")
    parser.add_argument("--cache", type=Path, required=True, help="folder of the npm packages")
    parser.add_argument("--minutes", type=float, default=6, help="time to train the reader when there is none")
    parser.add_argument("--prompts", type=int, default=96)
    parser.add_argument("--sheet", type=Path, help="also write the pictures as a contact sheet")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    device = device_from(options.device)
    composer = Composer(options.cache, 5, variants=12)
    labels = Labels(composer)
    kept = options.work / "reader.pt"
    if kept.exists():
        reader = Reader(tuple(len(names) for names in labels.lists)).to(device)
        reader.load_state_dict(load_checkpoint(kept))
        reader.eval()
    else:
        reader = train_reader(composer, labels, options.minutes, device)
        save_checkpoint(kept, reader.state_dict())
    unseen = [composer.sample() for _ in range(400)]
    truth = torch.tensor([labels.of(s) for s in unseen])
    trust = (read(reader, [s.picture for s in unseen], device) == truth).float().mean(0)

    rng = composer.rng
    rng.seed(99)
    asked: list[tuple[str, str | None, str | None]] = []
    while len(asked) < options.prompts:
        trio = (rng.choice([s for s in composer.subjects if s not in NOT_ALONE]), rng.choice([None, *TINTS]), rng.choice([None, *SCENES]))
        if trio not in HELD_OUT:
            asked.append(trio)
    asked += sorted(HELD_OUT)
    prompts = [" ".join(filter(None, (colour, subject, SCENES[place].phrases[0] if place else ""))) for subject, colour, place in asked]
    model = FolderModel(options.model) if options.model else CheckpointModel(options.work)
    pictures = draw(model, model.encode(prompts), fixed_noise(len(prompts), 7))
    wanted = torch.tensor([[names.index(v or "") for names, v in zip(labels.lists, trio)] for trio in asked])
    hits = (read(reader, pictures, device) == wanted).float()
    # A subject in its own colour may be read as any; colour counts only where the prompt names one.
    named = wanted[:, 1] > 0
    split = {"seen": slice(0, options.prompts), "held out": slice(options.prompts, None)}
    result = {"reader on composed pictures": dict(zip(("subject", "colour", "place"), (round(float(v), 3) for v in trust)))}
    for name, rows in split.items():
        colours = hits[rows, 1][named[rows]]
        result[name] = {
            "prompts": len(hits[rows]), "subject": round(float(hits[rows, 0].mean()), 3),
            "colour": round(float(colours.mean()), 3), "place": round(float(hits[rows, 2].mean()), 3),
        }
    print(json.dumps(result, indent=2))
    if options.sheet:
        contact_sheet(pictures, prompts, 13, 96).save(options.sheet, quality=85)


if __name__ == "__main__":
    main()
