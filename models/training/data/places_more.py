"""Further scenes: jungle, farmland, polar night, the moon, a village, a waterfall."""

from __future__ import annotations

import math
import random

from .canvas import SIDE, Canvas, Colour, vary
from .places_sky import blue_sky


def _leaf(c: Canvas, x: float, y: float, length: float, angle: float, colour: Colour) -> None:
    """A long leaf from (x, y), bent by its weight."""
    dx, dy = math.cos(angle), math.sin(angle)
    middle = (x + 0.5 * length * dx, y + 0.5 * length * dy)
    side = (0.13 * length * -dy, 0.13 * length * dx)
    tip = (x + length * dx, y + length * dy + 0.14 * length)
    c.draw.polygon([(x, y), (middle[0] + side[0], middle[1] + side[1]), tip, (middle[0] - side[0], middle[1] - side[1])], fill=colour)
    c.draw.line([(x, y), middle, tip], fill=tuple(int(v * 0.8) for v in colour), width=2)


def jungle(rng: random.Random) -> Canvas:
    c = Canvas(rng, [(0, vary(rng, (186, 226, 150))), (0.6, vary(rng, (92, 168, 96))), (1, vary(rng, (30, 84, 52)))])
    for _ in range(7):
        x, w = c.between(0, SIDE), c.between(10, 20)
        c.draw.rectangle([x - w, 0, x + w, 400], fill=c.vary((92, 112, 66), 10))
    for row, colour in enumerate(((74, 150, 78), (44, 122, 62), (24, 92, 50))):
        for _ in range(5):
            x, y = c.between(-20, SIDE + 20), 250 + 70 * row + c.between(-20, 20)
            for turn in range(6):
                _leaf(c, x, y, c.between(80, 130), -math.pi * (turn + 0.5) / 6, c.vary(colour, 10))
    c.ridge(415, 8, c.vary((34, 84, 44)))
    for x in (0, SIDE):
        for turn in range(4):
            _leaf(c, x, c.between(0, 60), 150, math.pi * (turn + 0.4) / 4, c.vary((20, 76, 42), 8))
    return c


def wheat(rng: random.Random) -> Canvas:
    c = blue_sky(rng)
    c.clouds(3, 130)
    c.ridge(262, 14, c.vary((120, 160, 92)))
    c.ridge(290, 8, c.vary((236, 196, 92)))
    for row in range(9):
        y = 312 + 24 * row
        for _ in range(46):
            x, h = c.between(0, SIDE), c.between(20, 34) + 2 * row
            c.draw.line([(x, y + 22), (x + 3, y + 22 - h)], fill=c.vary((214, 168, 66), 16), width=2)
            c.draw.ellipse([x, y + 12 - h, x + 7, y + 28 - h], fill=c.vary((246, 208, 104), 12))
    return c


def aurora(rng: random.Random) -> Canvas:
    c = Canvas(rng, [(0, vary(rng, (8, 14, 44), 5)), (0.7, vary(rng, (22, 52, 88), 8)), (1, (60, 90, 120))])
    c.stars(110, 260)
    for colour, height in (((70, 240, 160), 120), ((80, 200, 220), 160), ((170, 100, 230), 90)):
        phase, swing = c.between(0, 6.3), c.between(22, 44)
        for step in range(0, SIDE, 32):
            c.glow(step, height + swing * math.sin(step / 70 + phase), 40, tuple(int(0.34 * v) for v in colour))
    c.peaks(350, 90, (44, 66, 100), (214, 228, 246), 4)
    c.ridge(350, 14, c.vary((196, 214, 236), 6))
    c.ridge(400, 10, c.vary((226, 236, 248), 5))
    return c


def moon_surface(rng: random.Random) -> Canvas:
    c = Canvas(rng, [(0, (6, 6, 16)), (1, (24, 24, 38))])
    c.stars(130, 300)
    c.disc(c.between(70, 440), c.between(60, 120), c.between(30, 46), (96, 160, 232), 1.3)
    c.ridge(300, 16, c.vary((124, 124, 132), 8))
    c.ridge(345, 10, c.vary((164, 164, 170), 8))
    for _ in range(11):
        x, y = c.between(0, SIDE), c.between(360, 505)
        w = c.between(14, 34) * (y - 250) / 170
        c.draw.ellipse([x - w, y - 0.34 * w, x + w, y + 0.34 * w], fill=(122, 122, 130))
        c.draw.ellipse([x - 0.86 * w, y - 0.2 * w, x + 0.86 * w, y + 0.34 * w], fill=(148, 148, 154))
    return c


def village(rng: random.Random) -> Canvas:
    c = blue_sky(rng)
    c.clouds(3, 120)
    c.ridge(250, 26, c.vary((142, 196, 116)))
    for row in range(3):
        for place in range(5):
            x, y, w = 110 * place + 50 * (row % 2) + c.between(-20, 20), 290 + 44 * row, c.between(56, 74)
            wall = c.vary(rng.choice([(248, 236, 214), (236, 218, 190), (226, 232, 238)]), 6)
            c.draw.rectangle([x - w / 2, y - 44, x + w / 2, y + 14], fill=wall)
            c.draw.polygon([(x - 0.62 * w, y - 42), (x, y - 82), (x + 0.62 * w, y - 42)], fill=c.vary((206, 84, 62), 16))
            for side in (-0.28, 0.12):
                c.draw.rectangle([x + side * w, y - 30, x + (side + 0.17) * w, y - 14], fill=(104, 150, 190))
    c.ridge(392, 8, c.vary((112, 180, 88)))
    c.draw.polygon([(200, SIDE), (312, SIDE), (276, 392), (244, 392)], fill=(222, 200, 158))
    return c


def waterfall(rng: random.Random) -> Canvas:
    c = blue_sky(rng)
    c.clouds(2, 90)
    x, w = c.between(180, 330), c.between(46, 64)
    c.draw.polygon([(0, 150), (x - 40, 130), (x + 60, 130), (SIDE, 160), (SIDE, 400), (0, 400)], fill=c.vary((118, 108, 100), 8))
    for _ in range(16):
        rx, ry = c.between(0, SIDE), c.between(170, 370)
        c.draw.polygon([(rx - 30, ry + 22), (rx - 8, ry - 18), (rx + 34, ry + 20)], fill=c.vary((100, 92, 88), 12))
    c.draw.rectangle([0, 132, SIDE, 152], fill=c.vary((92, 164, 80)))
    c.draw.polygon([(x - w / 2, 132), (x + w / 2, 132), (x + 0.75 * w, 392), (x - 0.75 * w, 392)], fill=(206, 232, 248))
    for _ in range(14):
        lx = x + c.between(-0.45, 0.45) * w
        c.draw.line([(lx, 140), (lx + c.between(-8, 8), 386)], fill=c.vary((150, 200, 236), 12), width=3)
    for px in (40, 96, 430, 480):
        c.pine(px, 180, c.between(80, 120), c.vary((52, 112, 72)))
    c.draw.rectangle([0, 384, SIDE, 440], fill=c.vary((70, 150, 206)))
    for _ in range(12):
        c.dot(x + c.between(-60, 60), c.between(378, 396), c.between(8, 18), (240, 248, 255))
    c.ridge(430, 8, c.vary((98, 172, 80)))
    return c
