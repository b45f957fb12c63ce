"""Measures whether pictures show what the prompts ask for, how sharp they are and how evenly they morph.

A reader is trained on composed pictures first; its own accuracy on unseen ones is printed and bounds
what can be said.  Then it reads sampled pictures: ordinary prompts, combinations that no training
picture shows, and paraphrases in words that no caption contains.  A subject or a colour counts only
where the prompt names one.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from data.composition import HELD_OUT, NOT_ALONE, Composer
from data.scenes import SCENES
from data.sprites import TINTS
from reader import Asked, Labels, Reader, chances, readable, read_or_train
from runtime import device_from
from sampling import CheckpointModel, FolderModel, Model, contact_sheet, draw, fixed_noise

PARAPHRASES: tuple[tuple[str, Asked], ...] = (
    ("puppy", ("dog", None, None)), ("a crimson cat", ("cat", "red", None)), ("feline in the woodland", ("cat", None, "forest")),
    ("a puppy at the seaside", ("dog", None, "beach")), ("an azure car", ("car", "blue", None)), ("a lilac rabbit", ("rabbit", "purple", None)),
    ("a stallion in a meadow full of blossoms", ("horse", None, "flowers")), ("a bunny in the snowy weather", ("rabbit", None, "snow")),
    ("a crimson automobile on the road in town", ("car", "red", "cityd")), ("a vessel on the water", ("ship", None, "ocean")),
    ("spacecraft in the cosmos", ("rocket", None, "space")), ("a penguin on a glacier", ("penguin", None, "ice")),
    ("an amber fox", ("fox", "orange", None)), ("a fortress on a hill", ("castle", None, "grass")), ("canine on a sandy shore", ("dog", None, "beach")),
    ("doggie in the desert sands", ("dog", None, "desert")), ("a charcoal owl", ("owl", "black", None)), ("jetliner above the clouds", ("airplane", None, "clouds")),
    ("cottage in the countryside", ("house", None, "grass")), ("a bicycle in the metropolis after dark", ("bicycle", None, "cityn")),
    ("a blossom-filled spring orchard", (None, None, "spring")), ("dusk over the ocean", (None, None, "sea sunset")),
    ("the cosmos full of stars", (None, None, "space")), ("a blizzard among the pines", (None, None, "snow")),
    ("skyscrapers at daybreak", (None, None, "cityw")), ("a pond in front of tall peaks", (None, None, "mlake")),
    ("sandy dunes", (None, None, "desert")), ("foliage in fall colours", (None, None, "autumn")), ("arc of colours after the rain", (None, None, "rainbow")),
    ("eruption of lava", (None, None, "volc")), ("a vermilion apple", ("apple", "red", None)), ("an ivory elephant", ("elephant", "white", None)),
)
"""Prompts in words that no caption contains, and what they mean."""

MORPHS: tuple[tuple[str, str], ...] = (
    ("red cat, 4k photo", "blue dog at the beach"), ("blue dog at the beach", "horse in the coat"), ("horse in the coat", "ship in ice"),
    ("ship in ice", "swing located on the rainbow"), ("swing located on the rainbow", "Earth photo"), ("Earth photo", "sunny dawn in the big city"),
    ("sunny dawn in the big city", "spring with pink trees"), ("spring with pink trees", "Alice in Wonderland"),
    ("Alice in Wonderland", "landscape with a lake, huge white clouds, and mountains at the background"),
    ("lion in the desert", "penguin on the ice"), ("forest", "city at night"), ("sea sunset", "space"), ("rocket in space", "airplane in the sky"),
    ("tree in autumn", "pine tree in winter"), ("red apple", "golden star"), ("owl at night", "duck on the sea"), ("castle on green hills", "house in a village"),
    ("car on the street", "bus at night in the city"), ("rose in the garden", "sunflower in a field"), ("fish under water", "butterfly among flowers"),
)


def sharpness(pictures: list[Image.Image]) -> float:
    """Mean absolute Laplacian of the grey values, 0 to 255: higher is crisper."""
    total = 0.0
    for picture in pictures:
        grey = np.asarray(picture.convert("L"), np.float32)
        total += np.abs(4 * grey[1:-1, 1:-1] - grey[:-2, 1:-1] - grey[2:, 1:-1] - grey[1:-1, :-2] - grey[1:-1, 2:]).mean()
    return float(total / len(pictures))


def prompts_for(count: int, composer: Composer) -> dict[str, list[tuple[str, Asked]]]:
    """The prompts by kind: ordinary, held out, paraphrased."""
    rng = random.Random(99)
    subjects = [s for s in composer.subjects if s not in NOT_ALONE]
    ordinary: list[Asked] = []
    while len(ordinary) < count:
        asked: Asked = (rng.choice(subjects), rng.choice([None, *TINTS]), rng.choice([None, *SCENES]))
        if asked not in HELD_OUT:
            ordinary.append(asked)

    def words(asked: Asked) -> str:
        subject, colour, place = asked
        return " ".join(filter(None, (colour, subject, SCENES[place].phrases[0] if place else "")))

    held = sorted(HELD_OUT)
    return {
        "ordinary": [(words(a), a) for a in ordinary],
        "held out": [(words(a), a) for a in held],
        "paraphrased": list(PARAPHRASES),
    }


def measure_morphs(model: Model, reader: Reader, count: int, frames: int, steps: int, device: torch.device) -> tuple[dict, list[Image.Image]]:
    """Frame differences and how sure the reader is of some subject or place in the least clear frame."""
    shares = torch.linspace(0, 1, frames)
    unevenness, weakest, shown = [], [], []
    for number, (start, end) in enumerate(MORPHS[:count]):
        ends = model.encode([start, end])
        states = torch.stack([ends[0] * (1 - s) + ends[1] * s for s in shares])
        pictures = draw(model, states, fixed_noise(1, 21 + number).expand(frames, -1, -1, -1), steps)
        values = [np.asarray(p, np.float32) for p in pictures]
        changes = [float(np.abs(a - b).mean()) for a, b in zip(values, values[1:])]
        unevenness.append(max(changes) / max(1e-6, sum(changes) / len(changes)))
        subject, _, place = chances(reader, pictures, device)
        weakest.append(float(torch.maximum(subject.amax(1), place.amax(1)).min()))
        shown += pictures
        print(f"morph {number + 1}/{min(count, len(MORPHS))}: largest change {max(changes):.1f}, reader at least {weakest[-1]:.2f} sure", flush=True)
    summary = {
        "pairs": len(weakest), "largest change over mean change": round(float(np.mean(unevenness)), 2),
        "reader's least certainty, mean": round(float(np.mean(weakest)), 2), "pairs with a frame below 0.5": sum(w < 0.5 for w in weakest),
    }
    return summary, shown


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--from-work", action="store_true", help="measure the checkpoints in --work")
    source.add_argument("--model", type=Path, help="measure an exported model folder")
    parser.add_argument("--work", type=Path, required=True, help="reader.pt is kept here")
    parser.add_argument("--cache", type=Path, required=True, help="folder of the packages")
    parser.add_argument("--minutes", type=float, help="time to train the reader, or to train it further where there is one; without it 15 for a new one")
    parser.add_argument("--prompts", type=int, default=460, help="ordinary prompts; 40 others are asked as well")
    parser.add_argument("--morphs", type=int, default=20, help="prompt pairs to morph between")
    parser.add_argument("--frames", type=int, default=9, help="frames of a morph")
    parser.add_argument("--steps", type=int, default=15)
    parser.add_argument("--sheets", type=Path, help="folder to write contact sheets to")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    device = device_from(options.device)
    composer = Composer(options.cache, 5, variants=12)
    labels = Labels(composer)
    reader = read_or_train(options.work, composer, labels, options.cache, options.minutes, device)

    def score(pictures: list[Image.Image], asked: list[Asked]) -> dict:
        wanted = torch.tensor([labels.numbers(a) for a in asked])
        read = torch.stack([c.argmax(1) for c in chances(reader, pictures, device)], 1)
        hits = read == wanted
        result: dict = {"pictures": len(pictures)}
        for column, name in enumerate(("subject", "colour", "place")):
            named = torch.tensor([a[column] is not None for a in asked])
            if named.any():
                result[name] = round(float(hits[named, column].float().mean()), 3)
                wrong = [(asked[i][column], labels.lists[column][read[i, column]] or "none") for i in (named & ~hits[:, column]).nonzero()[:, 0]]
                result[f"{name} misread"] = [f"{a} as {b}: {n}" for (a, b), n in Counter(wrong).most_common(8)]
        return result | {"sharpness": round(sharpness(pictures), 2)}

    composer.rng.seed(4242)
    unseen = [readable(composer) for _ in range(400)]
    result = {"reader on composed pictures": score([s.picture for s in unseen], [(s.subject, s.colour, s.place) for s in unseen])}
    model = FolderModel(options.model) if options.model else CheckpointModel(options.work)
    start, drawn = time.monotonic(), 0
    groups = prompts_for(options.prompts, composer)
    total = sum(len(rows) for rows in groups.values())
    for kind, rows in groups.items():
        pictures: list[Image.Image] = []
        for at in range(0, len(rows), 32):
            some = rows[at : at + 32]
            pictures += draw(model, model.encode([p for p, _ in some]), fixed_noise(len(some), 7 + at), options.steps)
            drawn += len(some)
            spent = time.monotonic() - start
            print(f"{drawn}/{total} pictures, ETA {spent / drawn * (total - drawn) / 60:.1f} min", flush=True)
        result[kind] = score(pictures, [asked for _, asked in rows])
        if options.sheets:
            options.sheets.mkdir(parents=True, exist_ok=True)
            name = f"{kind.replace(' ', '-')}.jpg"
            contact_sheet(pictures[:96], [p for p, _ in rows[:96]], 12, 128).save(options.sheets / name, quality=85)
    if options.morphs:
        result["morphs"], shown = measure_morphs(model, reader, options.morphs, options.frames, options.steps, device)
        if options.sheets:
            named = [f"{a} > {b}" if i == 0 else "" for a, b in MORPHS[: options.morphs] for i in range(options.frames)]
            contact_sheet(shown, named, options.frames, 128).save(options.sheets / "morphs.jpg", quality=85)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
