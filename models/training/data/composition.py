"""Puts a subject into a place (or on a plain background) and says so in a caption."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from .captions import decorate, named, sentence, shade, with_article
from .finish import FINISHES
from .scenes import SCENES, Scene
from .sprites import TINTS, load_sprites, tint

SIDE = 256
PLAIN = (240, 240, 242)

# (subject, colour, place): never drawn, so that evaluation can see whether the parts combine.
HELD_OUT = {
    ("cat", "red", "cityd"), ("dog", "blue", "mount"), ("horse", "green", "space"), ("car", "purple", "ice"),
    ("bear", "pink", "forest"), ("ship", "golden", "desert"), ("owl", "turquoise", "room"), ("elephant", "yellow", "snow"),
}


@dataclass(frozen=True)
class Special:
    """A caption that the general rules cannot make: which subject and place it shows."""

    captions: tuple[str, ...]
    subject: str
    place: str | None
    weight: float = 1.0


SPECIALS = (
    Special(("horse in the coat", "horse in a coat"), "horse in the coat", None, 2),
    Special(("horse in the coat", "a horse in the coat"), "horse in the coat", "grass", 1),
    Special(("alice in wonderland", "Alice in Wonderland"), "alice", "wonderland", 3),
    Special(("alice", "girl alice"), "alice", None, 0.5),
    Special(("swing located on the rainbow", "swing on the rainbow", "a swing on the rainbow"), "swing", "rainbow", 3),
    Special(("earth photo", "photo of earth", "planet earth", "earth in space", "Earth photo"), "earth", "space", 3),
    Special(("ship in ice", "a ship in ice", "ship in the ice"), "ship", "ice", 3),
    Special(("red cat", "a red cat"), "cat:red", None, 2.5),
    Special(("blue dog at the beach", "a blue dog at the beach"), "dog:blue", "beach", 3),
    Special(("blue dog", "a blue dog"), "dog:blue", None, 0.7),
    Special(("car at night in the city", "car in the city at night", "a car at night"), "car", "cityn", 1.5),
    Special(("lake with a deer", "deer by the lake", "a lake and a deer", "deer at a mountain lake"), "deer", "mlake", 1.5),
    Special(("dog in a lavender field", "dog in lavander field", "a dog in lavender field"), "dog", "lavender", 1.5),
    Special(("cat in a lavender field", "cat in lavander field", "a cat in lavender field"), "cat", "lavender", 1.5),
    Special(("alien in an alien landscape", "alien on an alien planet"), "alien", "alien world", 0.7),
)

MELTING = ("rabbit", "pig", "bird", "turtle", "bee", "teddy bear")
WEAK = (
    "elephant", "duck", "cow", "snowman", "balloon", "octopus", "whale", "dragon", "monkey", "tiger", "dolphin", "lighthouse",
    "owl", "wolf", "astronaut", "fish", "butterfly", "castle", "robot",
)
"""Subjects whose shapes the denoiser still melts or draws unsurely (looked up in a sheet of all of them); drawn more often
until they are caught up."""

OFTEN = {name: 3 for name in MELTING} | {name: 1.5 for name in WEAK} | {"cat": 2.5, "dog": 2.5, "horse": 2, "deer": 2, "ship": 1.5, "swing": 1.5, "car": 1.5}
PAIRED = ("cat", "dog", "horse", "bear", "rabbit", "penguin", "fox", "lion", "elephant", "owl", "car", "house", "tree", "robot", "deer", "duck")
"""Subjects that stand together two at a time."""
SIZES = {"small": 0.34, "tiny": 0.24, "big": 0.78, "giant": 0.95}
"""Size words and the share of the picture's width that they mean; without one it is 0.6."""
SIDES = {"on the left": -0.22, "on the right": 0.22}
"""Place words and where they move the subject, as a share of the width."""
# These come from SPECIALS alone.
NOT_ALONE = {"alice", "coat", "girl", "horse in the coat", "planet"}


@dataclass(frozen=True)
class Sample:
    """A 256x256 RGB picture, its caption, and what it shows (None where there is none)."""

    picture: Image.Image
    caption: str
    subject: str | None
    colour: str | None
    place: str | None


class Composer:
    """Makes samples; one random source decides everything, so a seed gives the same pictures."""

    def __init__(self, cache: Path, seed: int, variants: int = 20, jitter: float = 1.0) -> None:
        self.rng = random.Random(seed)
        self.sprites = load_sprites(cache)
        self.subjects = [name for name in self.sprites if name not in NOT_ALONE]
        self.subject_weights = [OFTEN.get(name, 1) for name in self.subjects]
        self.places = list(SCENES)
        self.place_weights = [SCENES[key].weight for key in self.places]
        self.jitter = jitter
        # The backgrounds do not depend on the seed: shards made apart share them.
        self.backgrounds = {
            key: [scene.picture(random.Random(f"{key} {i}")) for i in range(variants)] for key, scene in SCENES.items()
        }
        self.tinted: dict[tuple[str, str], Image.Image] = {}

    def sample(self) -> Sample:
        draw = self.rng.random()
        if draw < 0.11:
            sample = self.place_alone()
        elif draw < 0.22:
            sample = self.special()
        elif draw < 0.28:
            sample = self.pair()
        else:
            sample = self.single()
        return self.finished(sample) if self.rng.random() < 0.06 else sample

    def trio(self) -> tuple[str, str | None, str | None]:
        """A subject, a colour and a place that are not held out together."""
        while True:
            subject = self.rng.choices(self.subjects, self.subject_weights)[0]
            colour = self.rng.choice(list(TINTS)) if self.rng.random() < 0.55 else None
            place = self.rng.choices(self.places, self.place_weights)[0] if self.rng.random() < 0.75 else None
            if (subject, colour, place) not in HELD_OUT:
                return subject, colour, place

    def single(self) -> Sample:
        subject, colour, place = self.trio()
        size = self.rng.choice(list(SIZES)) if self.rng.random() < 0.1 else ""
        side = self.rng.choice(list(SIDES)) if self.rng.random() < 0.08 and size not in ("big", "giant") else ""
        where = self.rng.choice(SCENES[place].phrases) if place else "on a plain background" if self.rng.random() < 0.15 else ""
        word = shade(self.rng, colour)
        caption = sentence(self.rng, with_article(self.rng, named(self.rng, subject, word, size)), where)
        if side:
            caption += f" {side}" if self.rng.random() < 0.6 else f", {side}"
        picture = self.background(place)
        share = SIZES[size] if size else 0.5 if side else 0.6
        self.put(picture, subject, word, place, share, SIDES.get(side, 0.0))
        return Sample(picture, decorate(self.rng, caption), subject, colour, place)

    def pair(self) -> Sample:
        """Two subjects side by side, the first one on the left."""
        first, second = self.rng.sample(PAIRED, 2)
        place = self.rng.choices(self.places, self.place_weights)[0] if self.rng.random() < 0.7 else None
        colours = [self.rng.choice(list(TINTS)) if self.rng.random() < 0.35 else None for _ in range(2)]
        if any((s, c, place) in HELD_OUT for s, c in zip((first, second), colours)):
            return self.single()
        words = [shade(self.rng, colour) for colour in colours]
        names = [named(self.rng, s, word) for s, word in zip((first, second), words)]
        if self.rng.random() < 0.7:
            names = [("an " if n[0] in "aeiou" else "a ") + n for n in names]
        caption = sentence(self.rng, f"{names[0]} and {names[1]}", self.rng.choice(SCENES[place].phrases) if place else "")
        picture = self.background(place)
        for subject, word, shift in zip((first, second), words, (-0.23, 0.23)):
            self.put(picture, subject, word, place, 0.43, shift)
        return Sample(picture, decorate(self.rng, caption), None, None, place)

    def finished(self, sample: Sample) -> Sample:
        """The sample in another style or light; its labels no longer say what can be read from it."""
        paint, words = FINISHES[self.rng.choice(list(FINISHES))]
        return Sample(paint(sample.picture, self.rng), sample.caption + self.rng.choice(words), None, None, None)

    def place_alone(self) -> Sample:
        key = self.rng.choices(self.places, self.place_weights)[0]
        return Sample(self.background(key), decorate(self.rng, self.rng.choice(SCENES[key].captions)), None, None, key)

    def special(self) -> Sample:
        special = self.rng.choices(SPECIALS, [s.weight for s in SPECIALS])[0]
        subject, _, colour = special.subject.partition(":")
        caption = decorate(self.rng, self.rng.choice(special.captions))
        return Sample(self.compose(subject, colour or None, special.place), caption, subject, colour or None, special.place)

    def background(self, place: str | None) -> Image.Image:
        if place is None:
            rows = np.linspace(1.04, 0.9, SIDE)[:, None, None] * np.array(PLAIN)
            return Image.fromarray(np.clip(np.repeat(rows, SIDE, 1), 0, 255).astype(np.uint8))
        return self.rng.choice(self.backgrounds[place]).copy()

    def cut_out(self, subject: str, word: str | None) -> Image.Image:
        """The subject in the colour that `word` names, or as it is."""
        if word is None:
            return self.sprites[subject]
        key = (subject, word)
        if key not in self.tinted:
            self.tinted[key] = tint(self.sprites[subject], word)
        return self.tinted[key]

    def compose(self, subject: str, colour: str | None, place: str | None) -> Image.Image:
        """The subject at about 60 % of the width, standing near the lower edge or floating."""
        picture = self.background(place)
        self.put(picture, subject, colour, place, 0.6)
        return picture

    def put(self, picture: Image.Image, subject: str, word: str | None, place: str | None, share: float, shift: float = 0.0) -> None:
        """Lays the subject on the picture in the colour of `word`, `share` of its width large, moved sideways by `shift` of
        its width."""
        rng, j = self.rng, self.jitter
        sprite = self.cut_out(subject, word)
        size = share * (1 + rng.uniform(-0.06, 0.06) * j) * (1.12 if subject == "alice" else 1) * SIDE / max(sprite.size)
        sprite = sprite.resize((max(1, int(sprite.width * size)), max(1, int(sprite.height * size))), Image.BICUBIC)
        x = (SIDE - sprite.width) // 2 + round(shift * SIDE + rng.uniform(-7, 7) * j)
        if place and SCENES[place].floating:
            y = (SIDE - sprite.height) // 2 + round(rng.uniform(-7, 7) * j)
        else:
            y = int((0.97 if share > 0.9 else 0.9) * SIDE) - sprite.height + round(rng.uniform(-4, 4) * j)
            picture.paste((0, 0, 0), (0, 0), ground_shadow(x, y, sprite))
        picture.paste(sprite, (x, y), sprite)


def ground_shadow(x: int, y: int, sprite: Image.Image) -> Image.Image:
    """The soft shadow below a standing subject, as a mask."""
    mask = Image.new("L", (SIDE, SIDE))
    middle, foot, reach = x + sprite.width / 2, y + sprite.height, sprite.width * 0.42
    ImageDraw.Draw(mask).ellipse([middle - reach, foot - 9, middle + reach, foot + 7], fill=90)
    return mask.filter(ImageFilter.BoxBlur(4))
