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
    "black": (42, 42, 48), "golden": (216, 162, 44), "turquoise": (40, 195, 190), "brown": (112, 66, 38),
}
"""Colours a caption can name, as sRGB."""

SHADES: dict[str, dict[str, tuple[int, int, int]]] = {
    "red": {
        "bright red": (240, 26, 30), "scarlet": (232, 40, 24), "ruby": (190, 18, 58), "cherry red": (200, 18, 40),
        "tomato red": (236, 70, 48), "blood red": (150, 14, 22),
    },
    "blue": {
        "navy": (28, 46, 128), "deep blue": (20, 50, 170), "cobalt": (18, 74, 200), "sapphire": (20, 84, 190), "royal blue": (54, 84, 228),
        "sky blue": (98, 176, 246), "light blue": (130, 190, 248), "cerulean": (28, 124, 208),
    },
    "green": {
        "emerald": (18, 150, 90), "bright green": (40, 205, 50), "lime green": (136, 212, 40), "olive green": (112, 124, 40),
        "jade": (0, 152, 108), "mint green": (140, 226, 170), "dark green": (20, 92, 44),
    },
    "yellow": {"lemon yellow": (252, 232, 50), "canary yellow": (255, 226, 24), "bright yellow": (255, 222, 0), "pale yellow": (252, 236, 136)},
    "orange": {"tangerine": (252, 138, 20), "bright orange": (255, 122, 0), "pumpkin orange": (238, 116, 22), "apricot": (252, 168, 96)},
    "purple": {
        "violet": (128, 58, 232), "plum": (122, 40, 120), "mauve": (178, 128, 200), "amethyst": (150, 92, 210),
        "grape purple": (92, 36, 140), "light purple": (182, 140, 240),
    },
    "pink": {
        "rose pink": (246, 110, 160), "magenta": (226, 42, 150), "fuchsia": (236, 60, 176), "salmon pink": (250, 140, 136),
        "bubblegum pink": (255, 136, 200), "pale pink": (252, 186, 212),
    },
    "white": {"snow white": (252, 252, 255), "cream white": (250, 242, 220), "pearl": (240, 238, 232), "milky white": (250, 248, 242)},
    "black": {"jet black": (30, 30, 36), "ebony": (44, 38, 38), "onyx": (36, 38, 46), "coal black": (38, 38, 42)},
    "golden": {"gold": (216, 162, 44), "gilded": (206, 152, 40), "shiny gold": (226, 174, 54)},
    "turquoise": {"teal": (10, 140, 140), "cyan": (50, 212, 235), "aqua": (60, 210, 210), "aquamarine": (100, 226, 198)},
    "brown": {"chocolate": (88, 48, 28), "chestnut": (132, 66, 40), "mahogany": (106, 42, 30), "coffee brown": (98, 66, 46)},
}
"""Other words for the colours, each with its own shade as sRGB."""

SHADE_OF: dict[str, tuple[int, int, int]] = TINTS | {word: shade for words in SHADES.values() for word, shade in words.items()}
"""Every word for a colour and what it paints."""

METALLIC = frozenset({"golden", *SHADES["golden"]})
"""Words that paint metal: darker shadows and paler lights than a coat of paint has."""


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


def tint(sprite: Image.Image, word: str) -> Image.Image:
    """The sprite in the colour that `word` names, its light and shade kept by luminance."""
    values = np.asarray(sprite).astype(np.float32)
    rgb = values[..., :3] / 255
    luminance = rgb @ np.array([0.3, 0.59, 0.11], np.float32)
    solid = values[..., 3] > 128
    middle = max(float(np.median(luminance[solid])) if solid.any() else 0.5, 0.15)
    light = np.clip(luminance / middle, 0, 2.2)[..., None]
    target = np.array(SHADE_OF[word], np.float32) / 255
    highlight = np.clip(light - 1, 0, 1)
    result = target * np.minimum(light, 1) * (1 - 0.75 * highlight) + 0.75 * highlight
    if word in METALLIC:
        result = _metal(target, light)
    elif target.mean() < 0.2:  # Black keeps its shape only when the shadows are lifted.
        result = target * (0.35 + 0.65 * light) + 0.35 * np.clip(light - 1.25, 0, 1)
    elif target.mean() > 0.9:  # White needs shadows that are not grey sludge.
        result = 0.45 + 0.53 * np.minimum(light, 1) * target
    values[..., :3] = np.clip(0.93 * result + 0.07 * rgb, 0, 1) * 255
    return Image.fromarray(values.astype(np.uint8), "RGBA")


def _metal(target: np.ndarray, light: np.ndarray) -> np.ndarray:
    """Polished metal: around the middle light the tone swings from dark to pale faster than the light does."""
    tone = 1 / (1 + np.exp(-5.5 * (light - 0.92)))
    dark, pale = 0.34 * target, 0.3 * target + np.array([0.7, 0.68, 0.56], np.float32)
    return np.where(tone < 0.5, dark + (target - dark) * 2 * tone, target + (pale - target) * (2 * tone - 1))
