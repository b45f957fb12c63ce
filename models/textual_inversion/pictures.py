"""Pictures and sentences that a new word is learned from."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps

ENDINGS = {".png", ".jpg", ".jpeg", ".webp", ".bmp"}

_OBJECT_KINDS = ("photo", "picture", "close-up photo", "cropped photo", "bright photo", "dark photo", "rendering")
_OBJECT_WORDS = ("a {}", "the {}", "my {}", "one {}")
_STYLE_KINDS = ("painting", "picture", "rendering", "cropped painting", "close-up painting", "large painting")
_STYLE_WORDS = ("in the style of {}", "made in {} style", "after {}")


def sentences(learnable_property: str) -> list[str]:
    """Sentences with `{}` for the word: of an object, or of a style."""
    if learnable_property == "style":
        return [f"a {kind} {words}" for kind in _STYLE_KINDS for words in _STYLE_WORDS]
    return [f"a {kind} of {words}" for kind in _OBJECT_KINDS for words in _OBJECT_WORDS]


def picture_files(folder: Path) -> list[Path]:
    """:raises SystemExit: no pictures there"""
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in ENDINGS) if folder.is_dir() else []
    if not files:
        raise SystemExit(f"--data_root {folder} holds no pictures; accepted: {', '.join(sorted(ENDINGS))}")
    return files


def load_picture(path: Path, size: int, center_crop: bool, flip: bool) -> torch.Tensor:
    """RGB in -1 .. 1, float32 [3, size, size]; without `center_crop` the picture is squeezed to a square."""
    try:
        picture = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    except OSError as error:
        raise SystemExit(f"{path} is no readable picture: {error}") from error
    if center_crop:
        side = min(picture.size)
        left, top = (picture.width - side) // 2, (picture.height - side) // 2
        picture = picture.crop((left, top, left + side, top + side))
    picture = picture.resize((size, size), Image.Resampling.BICUBIC)
    if flip:
        picture = ImageOps.mirror(picture)
    values = np.asarray(picture, np.float32) / 127.5 - 1
    return torch.from_numpy(values.copy()).permute(2, 0, 1)


def epoch_examples(
    files: list[Path],
    word: str,
    learnable_property: str,
    size: int,
    center_crop: bool,
    generator: random.Random,
    workers: int = 0,
) -> list[tuple[torch.Tensor, str]]:
    """Every picture once, in a new order, each with a sentence, half of them mirrored."""
    templates = sentences(learnable_property)
    order = files[:]
    generator.shuffle(order)
    drawn = [(path, generator.random() < 0.5, generator.choice(templates).format(word)) for path in order]
    load = lambda one: load_picture(one[0], size, center_crop, one[1])  # noqa: E731
    if workers > 0:
        with ThreadPoolExecutor(workers) as pool:
            pictures = list(pool.map(load, drawn))
    else:
        pictures = [load(one) for one in drawn]
    return [(picture, sentence) for picture, (_, _, sentence) in zip(pictures, drawn, strict=True)]
