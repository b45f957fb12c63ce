"""Words for a picture: subject, colour and place put into phrases."""

from __future__ import annotations

import random

PREFIXES = ("",) * 7 + ("a photo of ", "a picture of ", "an image of ", "an illustration of ")
SUFFIXES = ("",) * 7 + (", 4k photo", ", 4k photo", " photo", ", high quality", ", detailed", ", digital art", ", 3d render")


def noun_phrase(rng: random.Random, subject: str, colour: str | None) -> str:
    """The subject with its colour, now and then with an article."""
    words = f"{colour} {subject}" if colour else subject
    draw = rng.random()
    if draw < 0.3:
        return ("an " if words[0] in "aeiou" else "a ") + words
    return f"the {words}" if draw < 0.36 else words


def decorate(rng: random.Random, caption: str) -> str:
    """The caption with the openings and endings that people add."""
    return rng.choice(PREFIXES) + caption + rng.choice(SUFFIXES)
