"""The subjects: cut-out pictures by name, and their tints."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from .packages import ART, NAMES, package_folder

SPRITE_SIDE = 224

# Our name of each subject, and the name that the emoji carries where it differs.
SUBJECTS: dict[str, str] = {
    name: name
    for name in (
        "cat dog horse fox lion bear panda rabbit elephant monkey pig penguin duck owl turtle frog dragon whale "
        "fish octopus butterfly rose sunflower cactus mushroom strawberry pizza house castle bus bicycle sailboat "
        "ship airplane rocket star rainbow snowman balloon robot guitar deer unicorn alien"
    ).split()
} | {
    "chick": "hatching chick", "dinosaur": "T-Rex", "bee": "honeybee", "tree": "deciduous tree",
    "pine tree": "evergreen tree", "palm tree": "palm tree", "apple": "red apple", "cake": "birthday cake",
    "ice cream": "soft ice cream", "car": "automobile", "steam train": "locomotive", "ufo": "flying saucer",
    "earth": "globe showing Americas", "moon": "full moon", "smiling face": "grinning face",
    "flower": "hibiscus", "planet": "ringed planet", "girl": "girl", "coat": "coat",
} | {name: name for name in "tiger wolf cow dolphin shark ghost astronaut bird".split()} | {
    "teddy bear": "teddy bear", "heart": "red heart", "sun": "sun with face",
}

SYNONYMS: dict[str, tuple[str, ...]] = {
    "cat": ("kitten", "kitty"), "dog": ("hound", "doggy"), "car": ("automobile",), "rabbit": ("bunny",), "ship": ("cruise ship", "boat"),
    "airplane": ("plane", "jet"), "house": ("cottage", "home"), "bicycle": ("bike",), "horse": ("pony", "stallion"), "dinosaur": ("t-rex",),
    "ufo": ("flying saucer",), "earth": ("planet earth", "globe"), "steam train": ("train", "locomotive"), "pig": ("piglet",),
    "sailboat": ("sailing boat",), "duck": ("mallard",), "smiling face": ("smiley",), "flower": ("blossom",), "robot": ("android",),
    "chick": ("baby chicken",), "castle": ("palace",), "tree": ("leafy tree",), "pine tree": ("fir tree",), "whale": ("spouting whale",),
    "ghost": ("spirit",), "teddy bear": ("stuffed bear",), "cake": ("birthday cake",), "rocket": ("spaceship",), "deer": ("stag",),
}
"""Other names that captions use now and then."""

TINTS: dict[str, tuple[int, int, int]] = {
    "red": (225, 38, 40), "blue": (38, 92, 225), "green": (46, 165, 62), "yellow": (250, 212, 30),
    "orange": (250, 135, 25), "purple": (132, 56, 205), "pink": (250, 120, 185), "white": (246, 246, 248),
    "black": (42, 42, 48), "golden": (225, 170, 50), "turquoise": (40, 195, 190), "brown": (130, 82, 48),
}
"""Colours a caption can name, as sRGB."""

COLOUR_WORDS: dict[str, tuple[str, ...]] = {
    "red": ("scarlet", "bright red"), "blue": ("navy", "deep blue"), "green": ("emerald", "bright green"), "yellow": ("lemon yellow",),
    "purple": ("violet",), "golden": ("gold",), "turquoise": ("teal", "cyan"), "pink": ("rose pink",), "black": ("jet black",), "white": ("snow white",),
}


def load_sprites(cache: Path) -> dict[str, Image.Image]:
    """Every subject as an RGBA picture, cropped to what is visible, at most 224 pixels a side."""
    art = package_folder(cache, ART) / "assets"
    table = json.loads((package_folder(cache, NAMES) / "data-by-emoji.json").read_text(encoding="utf-8"))
    code_of = {entry["name"]: "-".join(f"{ord(c):04x}" for c in emoji) for emoji, entry in table.items()}
    sprites = {}
    for name, emoji_name in SUBJECTS.items():
        code = code_of.get(emoji_name)
        found = code and next((p for p in (art / f"{code}.webp", art / f"{code.replace('-fe0f', '')}.webp") if p.exists()), None)
        if not found:
            raise SystemExit(f"no art for the subject {name!r} (emoji {emoji_name!r})")
        sprites[name] = _trim(Image.open(found).convert("RGBA"))
    sprites["swing"] = _trim(draw_swing())
    sprites["lighthouse"] = _trim(draw_lighthouse())
    sprites["alice"] = _trim(draw_alice(sprites["girl"]))
    sprites["horse in the coat"] = _trim(dress(sprites["horse"], sprites["coat"], (0.36, 0.40, 0.44)))
    return sprites


def _trim(picture: Image.Image) -> Image.Image:
    visible = picture.getchannel("A").point(lambda value: 255 if value > 20 else 0).getbbox()
    picture = picture.crop(visible)
    picture.thumbnail((SPRITE_SIDE, SPRITE_SIDE), Image.LANCZOS)
    return picture


def draw_swing() -> Image.Image:
    """A garden swing, which the emoji lack: two A-shaped legs, a beam, two ropes and a seat."""
    picture = Image.new("RGBA", (512, 512))
    draw = ImageDraw.Draw(picture)
    for left in (60, 292):
        draw.line([(left, 500), (left + 80, 40), (left + 160, 500)], fill=(176, 110, 60), width=26, joint="curve")
    draw.line([(120, 50), (392, 50)], fill=(196, 130, 70), width=30)
    for rope in (200, 312):
        draw.line([(rope, 60), (rope, 350)], fill=(220, 200, 160), width=10)
    draw.rounded_rectangle([180, 345, 332, 378], 10, fill=(230, 70, 60))
    return picture


def draw_lighthouse() -> Image.Image:
    """A striped tower on a rock with a lit lantern, which the emoji lack."""
    picture = Image.new("RGBA", (512, 512))
    draw = ImageDraw.Draw(picture)
    for i in range(5):
        top, low, above, below = 130 + 70 * i, 200 + 70 * i, 46 + 10 * i, 56 + 10 * i
        colour = (222, 60, 50) if i % 2 == 0 else (245, 245, 240)
        draw.polygon([(256 - above, top), (256 + above, top), (256 + below, low), (256 - below, low)], fill=colour)
        shade = tuple(int(v * 0.82) for v in colour)
        draw.polygon([(256 + 0.4 * above, top), (256 + above, top), (256 + below, low), (256 + 0.4 * below, low)], fill=shade)
    draw.rectangle([196, 112, 316, 134], fill=(70, 70, 80))
    draw.rectangle([216, 66, 296, 112], fill=(255, 225, 110))
    draw.polygon([(200, 68), (256, 20), (312, 68)], fill=(200, 50, 45))
    draw.ellipse([120, 470, 392, 512], fill=(120, 110, 100))
    return picture


def draw_alice(head: Image.Image) -> Image.Image:
    """A girl in a blue dress with a white apron below the girl emoji's head."""
    picture = Image.new("RGBA", (512, 640))
    draw = ImageDraw.Draw(picture)
    for x in (222, 266):
        draw.rectangle([x, 520, x + 24, 606], fill=(246, 246, 250))
        draw.rounded_rectangle([x - 8, 598, x + 30, 624], 10, fill=(40, 40, 52))
    draw.polygon([(210, 270), (302, 270), (392, 530), (120, 530)], fill=(70, 140, 226))
    draw.polygon([(228, 300), (284, 300), (326, 500), (186, 500)], fill=(248, 248, 252))
    for x, direction in ((214, -1), (298, 1)):
        draw.line([(x, 290), (x + 70 * direction, 400)], fill=(255, 208, 170), width=26)
        draw.ellipse([x - 30, 262, x + 30, 322], fill=(92, 160, 236))
    face = head.resize((int(head.width * 300 / head.height), 300), Image.LANCZOS)
    picture.alpha_composite(face, ((512 - face.width) // 2, 0))
    return picture


def dress(body: Image.Image, coat: Image.Image, where: tuple[float, float, float]) -> Image.Image:
    """`coat` laid over `body` at (left, top, width), all as shares of the body's width and height."""
    left, top, width = where
    side = int(body.width * width)
    worn = coat.resize((side, int(coat.height * side / coat.width)), Image.LANCZOS)
    picture = Image.new("RGBA", (body.width, max(body.height, int(body.height * top) + worn.height)))
    picture.alpha_composite(body)
    picture.alpha_composite(worn, (int(body.width * left), int(body.height * top)))
    return picture


def tint(sprite: Image.Image, colour: tuple[int, int, int]) -> Image.Image:
    """The sprite in another colour, its light and shade kept by luminance."""
    values = np.asarray(sprite).astype(np.float32)
    rgb = values[..., :3] / 255
    luminance = rgb @ np.array([0.3, 0.59, 0.11], np.float32)
    solid = values[..., 3] > 128
    middle = max(float(np.median(luminance[solid])) if solid.any() else 0.5, 0.15)
    light = np.clip(luminance / middle, 0, 2.2)[..., None]
    target = np.array(colour, np.float32) / 255
    highlight = np.clip(light - 1, 0, 1)
    result = target * np.minimum(light, 1) * (1 - 0.75 * highlight) + 0.75 * highlight
    if target.mean() < 0.25:  # Black keeps its shape only when the shadows are lifted.
        result = target * (0.35 + 0.65 * light) + 0.35 * np.clip(light - 1.25, 0, 1)
    if target.mean() > 0.9:  # White needs shadows that are not grey sludge.
        result = 0.45 + 0.53 * np.minimum(light, 1) * target
    values[..., :3] = np.clip(0.93 * result + 0.07 * rgb, 0, 1) * 255
    return Image.fromarray(values.astype(np.uint8), "RGBA")
