"""Scenes at, on and under water."""

from __future__ import annotations

import math
import random

from .canvas import SIDE, Canvas, vary
from .places_sky import blue_sky


def beach(rng: random.Random) -> Canvas:
    c = blue_sky(rng)
    c.clouds(3)
    c.disc(c.between(60, 450), c.between(50, 120), 30, (255, 226, 110))
    c.draw.rectangle([0, 230, SIDE, SIDE], fill=c.vary((36, 146, 205)))
    c.waves(232, (140, 212, 240), 7)
    c.ridge(c.between(330, 360), 9, (250, 250, 240))
    c.ridge(c.between(345, 372), 9, c.vary((240, 212, 150)))
    if rng.random() < 0.5:
        x = rng.choice([50, 460])
        c.draw.line([(x, 400), (x + 8, 300), (x + 22, 230)], fill=(130, 90, 55), width=12)
        for leaf in range(6):
            turn = leaf * math.pi / 3 + 0.4
            tips = [(x + 22, 228), (x + 22 + 42 * math.cos(turn), 205 + 40 * math.sin(turn)), (x + 22 + 80 * math.cos(turn), 232 + 45 * math.sin(turn))]
            c.draw.polygon(tips, fill=c.vary((50, 150, 70)))
    return c


def ocean(rng: random.Random) -> Canvas:
    c = blue_sky(rng)
    c.clouds(4)
    c.draw.rectangle([0, 240, SIDE, SIDE], fill=c.vary((22, 98, 178)))
    c.waves(245, (88, 164, 220), 11)
    return c


def underwater(rng: random.Random) -> Canvas:
    c = Canvas(rng, [(0, vary(rng, (70, 190, 225))), (1, vary(rng, (10, 50, 110)))])
    for _ in range(5):
        x = c.between(0, SIDE)
        c.draw.polygon([(x, 0), (x + 40, 0), (x + c.between(60, 150), SIDE), (x - 20, SIDE)], fill=(255, 255, 255, 26))
    for _ in range(22):
        x, y, r = c.between(0, SIDE), c.between(0, SIDE), c.between(3, 9)
        c.draw.ellipse([x - r, y - r, x + r, y + r], outline=(220, 245, 255, 190), width=2)
    c.ridge(450, 12, c.vary((206, 190, 140)))
    for _ in range(7):
        x, colour = c.between(0, SIDE), c.vary(rng.choice([(230, 80, 110), (250, 150, 60), (50, 160, 90), (160, 90, 200)]))
        for branch in range(4):
            c.draw.line([(x, 470), (x + (branch - 1.5) * 12, 470 - c.between(30, 75))], fill=colour, width=7)
    return c


def sea_sunset(rng: random.Random) -> Canvas:
    c = Canvas(rng, [(0, (86, 60, 130)), (0.3, (226, 104, 100)), (0.5, (255, 190, 96)), (1, (255, 214, 130))])
    x = c.between(170, 350)
    c.disc(x, c.between(205, 235), 40, (255, 226, 130), 3)
    c.clouds(3, 130, (240, 150, 130))
    c.draw.rectangle([0, 262, SIDE, SIDE], fill=c.vary((96, 62, 116), 8))
    c.waves(264, (150, 92, 124), 10)
    for row in range(11):
        y, w = 270 + row * 21, c.between(14, 36) + row * 5
        c.draw.line([(x - w, y), (x + w, y)], fill=(255, 206, 120), width=4 + row // 3)
    return c
