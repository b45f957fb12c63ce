"""Whole-picture finishes that a caption can ask for: drawing styles and light."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageChops, ImageFilter, ImageOps


def pixels(picture: Image.Image, rng: random.Random) -> Image.Image:
    """Blocks of 8 pixels in few colours."""
    small = picture.resize((32, 32), Image.BOX).quantize(24).convert("RGB")
    return small.resize(picture.size, Image.NEAREST)


def watercolour(picture: Image.Image, rng: random.Random) -> Image.Image:
    """Pale soft washes with darker rims on paper."""
    wash = picture.filter(ImageFilter.MedianFilter(7)).filter(ImageFilter.GaussianBlur(1.2))
    rims = ImageChops.difference(wash, wash.filter(ImageFilter.GaussianBlur(5)))
    values = np.asarray(wash, np.float32) * 0.72 + 255 * 0.28 - 1.3 * np.asarray(rims, np.float32)
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))


def monochrome(picture: Image.Image, rng: random.Random) -> Image.Image:
    """Grey values with a little more contrast."""
    return ImageOps.autocontrast(ImageOps.grayscale(picture), cutoff=1).convert("RGB")


def _graded(picture: Image.Image, gain: tuple[float, float, float], lift: tuple[float, float, float]) -> Image.Image:
    values = np.asarray(picture, np.float32) * np.array(gain, np.float32) + np.array(lift, np.float32)
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))


def fog(picture: Image.Image, rng: random.Random) -> Image.Image:
    """Grey air that thickens towards the top."""
    thick = np.linspace(0.72, 0.4, picture.height, dtype=np.float32)[:, None, None]
    values = np.asarray(picture, np.float32) * (1 - thick) + 214 * thick
    return Image.fromarray(values.astype(np.uint8))


def golden_hour(picture: Image.Image, rng: random.Random) -> Image.Image:
    return _graded(picture, (1.02, 0.82, 0.55), (22, 8, 0))


FINISHES: dict[str, tuple[Callable[[Image.Image, random.Random], Image.Image], tuple[str, ...]]] = {
    "pixels": (pixels, (", pixel art", " in pixel art style", ", 8-bit pixel art")),
    "watercolour": (watercolour, (", watercolour", ", watercolor painting", " in watercolour")),
    "monochrome": (monochrome, (", black and white photo", ", monochrome", " in black and white")),
    "fog": (fog, (" in the fog", ", foggy", ", misty morning")),
    "golden hour": (golden_hour, (" in golden evening light", ", golden hour", ", warm golden light")),
}
"""How each finish is drawn and the words that ask for it, put after a caption."""
