"""Words for a picture: subject, colour, size and place put into phrases in many ways."""

from __future__ import annotations

import random

from .sprites import SHADES, SYNONYMS

PREFIXES = ("",) * 9 + ("a photo of ", "a picture of ", "an image of ", "an illustration of ", "a cute drawing of ", "a painting of ")
SUFFIXES = ("",) * 8 + (", 4k photo", ", 4k photo", " photo", ", high quality", ", detailed", ", digital art", ", 3d render", ", 4k, cinematic", ", beautiful")

PLACE_FIRST = ("in ", "on ", "at ", "by ", "under", "among ", "near ", "with ")


def shade(rng: random.Random, colour: str | None) -> str | None:
    """A word for the colour: its own name, or now and then one for a shade of it."""
    return rng.choice(list(SHADES[colour])) if colour and rng.random() < 0.26 else colour


def named(rng: random.Random, subject: str, colour: str | None, size: str = "") -> str:
    """The subject with size and the word for its colour, now and then under another name."""
    if subject in SYNONYMS and rng.random() < 0.16:
        subject = rng.choice(SYNONYMS[subject])
    return " ".join(filter(None, (size, colour, subject)))


def with_article(rng: random.Random, words: str) -> str:
    """The words, a third of the time with an article."""
    draw = rng.random()
    if draw < 0.36:
        return ("an " if words[0] in "aeiou" else "a ") + words
    return f"the {words}" if draw < 0.41 else words


def sentence(rng: random.Random, who: str, where: str) -> str:
    """Somebody or something somewhere, in the orders that people type."""
    if not where:
        return who
    draw = rng.random()
    if draw < 0.78:
        return f"{who} {where}"
    if draw < 0.86:
        return f"{who}, {where}"
    if draw < 0.93:
        return f"{where}, {who}"
    return f"there is {who} {where}" if who.startswith(("a ", "an ")) else f"{who} standing {where}"


def decorate(rng: random.Random, caption: str) -> str:
    """The caption with the openings and endings that people add."""
    # "a photo of in the city, a dog" is no English.
    prefix = "" if caption.startswith(PLACE_FIRST) else rng.choice(PREFIXES)
    return prefix + caption + rng.choice(SUFFIXES)
