"""Writes contact sheets: fixed prompts, and a morph between two prompts with the noise held."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch

from runtime import device_from
from sampling import CheckpointModel, FolderModel, contact_sheet, draw, fixed_noise

PROMPTS = (
    "red cat, 4k photo", "blue dog at the beach", "horse in the coat", "ship in ice",
    "swing located on the rainbow", "Earth photo", "sunny dawn in the big city", "spring with pink trees",
    "Alice in Wonderland", "landscape with a lake, huge white clouds, and mountains at the background",
    "car at night in the city", "beautiful sea sunset, warm light", "alien landscape with distant planets",
    "lake with a deer", "dog in a lavender field", "rocket in space",
)

ARTIST_PROMPTS = (
    "a fox in the autumn forest", "a lion in the desert at dusk", "a penguin on the ice", "a rocket above the clouds", "a pink elephant in the jungle",
    "a panda in the snow", "an owl at night", "a rabbit in a meadow full of flowers", "a golden castle on green hills", "a small robot in the city at night",
    "a whale in the ocean", "a turtle under water", "a dragon over the volcano", "a purple butterfly among flowers", "a sailboat at sunset",
    "a red car on the street", "a yellow bus in the rain", "a white unicorn on the rainbow", "a steam train in the village", "a ufo above the desert",
    "a blue whale in space", "a frog by the waterfall", "a black horse in the wheat field", "a palm tree on the beach", "a snowman under the northern lights",
    "a bear by the mountain lake", "a balloon in the sky", "a green dinosaur in the jungle", "a house in the village in winter", "a cactus in the desert",
    "an airplane above the clouds", "an astronaut on the moon", "a puppy at the seaside", "a kitten in a cosy room", "a crimson rose in the garden",
    "a bicycle in the old town", "northern lights over the snow", "a galaxy full of stars", "cherry blossoms in spring", "a waterfall in the jungle",
)
"""Forty prompts as an artist might type them; some words stand in no caption."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--work", type=Path, help="folder of checkpoints")
    source.add_argument("--model", type=Path, help="an exported model folder")
    parser.add_argument("--out", type=Path, required=True, help="the picture to write (.jpg or .png)")
    parser.add_argument("--weights", choices=("average", "weights"), default="average")
    parser.add_argument("--prompts", nargs="*", default=list(PROMPTS))
    parser.add_argument("--artist", action="store_true", help="draw the forty prompts of an artist's kind instead")
    parser.add_argument("--morph", nargs=2, metavar=("FROM", "TO"), help="draw a morph instead of the prompts")
    parser.add_argument("--frames", type=int, default=16)
    parser.add_argument("--steps", type=int, default=15)
    parser.add_argument("--guidance", type=float, default=4.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--side", type=int, default=192, help="pixels of one picture on the sheet")
    parser.add_argument("--columns", type=int, default=8)
    options = parser.parse_args()
    device_from("cpu")
    if options.artist:
        options.prompts = list(ARTIST_PROMPTS)
    model = FolderModel(options.model) if options.model else CheckpointModel(options.work, options.weights)
    start = time.monotonic()
    if options.morph:
        ends = model.encode(options.morph)
        shares = torch.linspace(0, 1, options.frames)
        states = torch.stack([ends[0] * (1 - s) + ends[1] * s for s in shares])
        noise = fixed_noise(1, options.seed).expand(options.frames, -1, -1, -1)
        labels = [f"{s:.2f}" for s in shares]
    else:
        states, noise, labels = model.encode(options.prompts), fixed_noise(len(options.prompts), options.seed), options.prompts
    pictures = draw(model, states, noise, options.steps, options.guidance)
    spent = time.monotonic() - start
    contact_sheet(pictures, labels, options.columns, options.side).save(options.out, quality=86)
    print(f"{options.out}: {len(pictures)} pictures, {spent / len(pictures):.2f} s each", flush=True)
    if options.morph:
        values = [np.asarray(p, np.float32) for p in pictures]
        print("mean difference from frame to frame:", " ".join(f"{np.abs(a - b).mean():.1f}" for a, b in zip(values, values[1:])))


if __name__ == "__main__":
    main()
