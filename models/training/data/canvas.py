"""Drawing pieces that the scenes are made of; 512x512, later reduced to 256x256."""

from __future__ import annotations

import math
import random

import numpy as np
from PIL import Image, ImageDraw

SIDE = 512
Colour = tuple[int, int, int]


class Canvas:
    """One scene in the making, with its own random source."""

    def __init__(self, rng: random.Random, stops: list[tuple[float, Colour]]) -> None:
        self.rng = rng
        rows = np.linspace(0, 1, SIDE)
        places = [place for place, _ in stops]
        column = np.stack([np.interp(rows, places, [colour[i] for _, colour in stops]) for i in range(3)], 1)
        self.image = Image.fromarray(np.repeat(column[:, None, :], SIDE, 1).astype(np.uint8), "RGB")
        self._refresh()

    def _refresh(self) -> None:
        self.draw = ImageDraw.Draw(self.image, "RGBA")

    def vary(self, colour: Colour, by: float = 14) -> Colour:
        """The colour with each part moved by up to `by`."""
        return vary(self.rng, colour, by)

    def between(self, low: float, high: float) -> float:
        return self.rng.uniform(low, high)

    def ridge(self, y: float, height: float, colour: Colour) -> None:
        """Rolling ground from about `y` down to the lower edge."""
        waves = [(self.between(0.5, 2.2) * (i + 1), self.between(0, 6.3), height / (i + 1)) for i in range(3)]
        top = [
            (x, y + sum(a * math.sin(f * x / SIDE * 3 + p) for f, p, a in waves)) for x in range(0, SIDE + 9, 8)
        ]
        self.draw.polygon([(0, SIDE), *top, (SIDE, SIDE)], fill=colour)

    def peaks(self, y: float, height: float, colour: Colour, snow: Colour | None, count: int) -> None:
        """Mountains standing on `y`, one side in shade, snow on top."""
        for x in sorted(self.between(-40, SIDE + 40) for _ in range(count)):
            h = height * self.between(0.6, 1.1)
            w = h * self.between(0.8, 1.1)
            self.draw.polygon([(x - w, y), (x, y - h), (x + w, y)], fill=self.vary(colour, 6))
            shade = tuple(int(v * 0.85) for v in colour)
            self.draw.polygon([(x, y - h), (x + w, y), (x + 0.15 * w, y)], fill=shade)
            if snow:
                cap = [(-0.3, 0.7), (0, 1), (0.3, 0.7), (0.12, 0.76), (0, 0.66), (-0.12, 0.76)]
                self.draw.polygon([(x + dx * w, y - dy * h) for dx, dy in cap], fill=snow)

    def cloud(self, x: float, y: float, size: float, colour: Colour = (255, 255, 255), alpha: int = 220) -> None:
        layer = Image.new("RGBA", self.image.size)
        draw = ImageDraw.Draw(layer)
        for dx, dy, r in ((-1, 0, 0.6), (0, -0.35, 0.8), (1, 0, 0.65), (0.4, 0.1, 0.7), (-0.4, 0.1, 0.7)):
            cx, cy = x + dx * size, y + dy * size
            draw.ellipse([cx - r * size, cy - 0.8 * r * size, cx + r * size, cy + 0.8 * r * size], fill=(*colour, alpha))
        self.image.paste(layer, (0, 0), layer)
        self._refresh()

    def clouds(self, count: int, lowest: float = 170, colour: Colour = (255, 255, 255), sizes: tuple[float, float] = (22, 48)) -> None:
        for _ in range(count):
            self.cloud(self.between(0, SIDE), self.between(30, lowest), self.between(*sizes), colour, self.rng.randint(150, 235))

    def disc(self, x: float, y: float, radius: float, colour: Colour, glow: float = 2.2) -> None:
        """A sun, moon or planet with a glow around it."""
        rows, columns = np.mgrid[0:SIDE, 0:SIDE]
        distance = np.sqrt((columns - x) ** 2 + (rows - y) ** 2)
        values = np.asarray(self.image).astype(np.float32)
        halo = 0.65 * np.clip(1 - distance / (radius * glow * 1.6), 0, 1)[..., None] ** 2
        inside = np.clip(radius - distance + 1, 0, 1)[..., None]
        target = np.array(colour, np.float32)
        values = values * (1 - halo) + target * halo
        values = values * (1 - inside) + np.minimum(target * 1.05 + 8, 255) * inside
        self.image = Image.fromarray(values.astype(np.uint8))
        self._refresh()

    def glow(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """Adds soft light, as of a nebula."""
        rows, columns = np.mgrid[0:SIDE, 0:SIDE]
        light = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / radius**2)[..., None] * np.array(colour, np.float32)
        self.image = Image.fromarray(np.clip(np.asarray(self.image) + light, 0, 255).astype(np.uint8))
        self._refresh()

    def stars(self, count: int, lowest: float = SIDE) -> None:
        for _ in range(count):
            r, bright = self.rng.choice([1, 1, 1.5, 2.2]), self.rng.randint(170, 255)
            self.dot(self.between(0, SIDE), self.between(0, lowest), r, (bright, bright, min(255, bright + 20)))

    def dot(self, x: float, y: float, radius: float, colour: Colour) -> None:
        self.draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=colour)

    def pine(self, x: float, y: float, h: float, colour: Colour) -> None:
        self.draw.rectangle([x - 0.04 * h, y - 0.15 * h, x + 0.04 * h, y], fill=(96, 64, 40))
        for tier in range(3):
            base, w = y - (0.12 + 0.25 * tier) * h, h * (0.3 - 0.07 * tier)
            light = tuple(min(255, int(v * (1 + 0.07 * tier))) for v in colour)
            self.draw.polygon([(x - w, base), (x, base - 0.42 * h), (x + w, base)], fill=light)

    def round_tree(self, x: float, y: float, h: float, colour: Colour) -> None:
        trunk = [(-0.05, 0), (0.05, 0), (0.03, 0.5), (-0.03, 0.5)]
        self.draw.polygon([(x + dx * h, y - dy * h) for dx, dy in trunk], fill=(110, 74, 48))
        for dx, dy, r in ((-0.2, -0.55, 0.22), (0.2, -0.55, 0.22), (0, -0.75, 0.26), (0, -0.5, 0.2)):
            self.dot(x + dx * h, y + dy * h, r * h, self.vary(colour, 10))

    def mushroom(self, x: float, y: float, h: float, colour: Colour) -> None:
        self.draw.rounded_rectangle([x - 0.12 * h, y - 0.6 * h, x + 0.12 * h, y], int(0.1 * h), fill=(244, 232, 212))
        self.draw.pieslice([x - 0.45 * h, y - h, x + 0.45 * h, y - 0.1 * h], 180, 360, fill=colour)
        for dx, dy in ((-0.22, 0.7), (0.05, 0.82), (0.24, 0.66)):
            self.dot(x + dx * h, y - dy * h, 0.07 * h, (255, 250, 244))

    def waves(self, y0: float, colour: Colour, count: int) -> None:
        for i in range(count):
            y, phase, swell = y0 + (SIDE - y0) * (i + 0.5) / count, self.between(0, 6.3), 3 + 0.9 * i
            line = [(x, y + swell * math.sin(x / (26 + 5 * i) + phase)) for x in range(0, SIDE + 8, 8)]
            self.draw.line(line, fill=colour, width=2 + i // 3)

    def buildings(self, y: float, walls: list[Colour], window: Colour | None, heights: tuple[float, float], lit: float = 0.6) -> None:
        x = -20.0
        while x < SIDE + 20:
            w, h, wall = self.between(40, 80), self.between(*heights), self.vary(self.rng.choice(walls), 8)
            self.draw.rectangle([x, y - h, x + w, y], fill=wall)
            if self.rng.random() < 0.25:
                self.draw.polygon([(x + 0.3 * w, y - h), (x + 0.5 * w, y - h - 34), (x + 0.7 * w, y - h)], fill=wall)
            if window:
                for top in np.arange(y - h + 10, y - 16, 19):
                    for left in np.arange(x + 8, x + w - 10, 14):
                        if self.rng.random() < lit:
                            self.draw.rectangle([left, top, left + 7, top + 10], fill=self.vary(window, 18))
            x += w + self.between(-4, 6)

    def road(self, colour: Colour = (84, 86, 96)) -> None:
        self.draw.rectangle([0, 380, SIDE, SIDE], fill=colour)
        self.draw.rectangle([0, 372, SIDE, 382], fill=(170, 170, 175))
        for x in range(-20, SIDE, 90):
            self.draw.rectangle([x, 440, x + 48, 448], fill=(245, 235, 190))

    def mirror_lake(self, top: int, height: int, water: Colour) -> None:
        """A lake that reflects what stands above `top`."""
        above = self.image.crop((0, 30, SIDE, top)).transpose(Image.FLIP_TOP_BOTTOM).resize((SIDE, height))
        self.image.paste(Image.blend(above, Image.new("RGB", (SIDE, height), water), 0.55), (0, top))
        self._refresh()
        for _ in range(14):
            x, y = self.between(0, SIDE), self.between(top + 10, top + height - 10)
            self.draw.line([(x, y), (x + self.between(20, 70), y)], fill=(190, 225, 245), width=2)


def vary(rng: random.Random, colour: Colour, by: float = 14) -> Colour:
    """`colour` with each part moved by up to `by`, kept within 0..255."""
    return tuple(int(max(0, min(255, v + rng.uniform(-by, by)))) for v in colour)
