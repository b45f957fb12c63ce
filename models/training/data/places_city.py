"""Scenes in town and indoors."""

from __future__ import annotations

import random

from .canvas import SIDE, Canvas, vary
from .places_sky import blue_sky

DAWN = [(0, (92, 108, 190)), (0.3, (226, 140, 160)), (0.5, (255, 196, 120)), (0.65, (255, 232, 170)), (1, (255, 236, 190))]


def day(rng: random.Random) -> Canvas:
    c = blue_sky(rng)
    c.clouds(3)
    c.buildings(380, [(168, 190, 214), (188, 204, 220)], None, (120, 300))
    c.buildings(380, [(196, 120, 96), (220, 190, 150), (120, 150, 184), (170, 176, 190)], (225, 240, 250), (70, 200), 0.9)
    c.road()
    return c


def night(rng: random.Random) -> Canvas:
    c = Canvas(rng, [(0, vary(rng, (10, 14, 44), 6)), (0.7, vary(rng, (48, 36, 96), 8)), (1, (80, 50, 110))])
    c.stars(70, 200)
    c.disc(c.between(50, 460), c.between(40, 90), 22, (245, 240, 215))
    c.buildings(380, [(30, 34, 72)], (120, 110, 120), (140, 310), 0.35)
    c.buildings(380, [(20, 22, 50), (34, 28, 64), (16, 30, 56)], (255, 214, 110), (70, 210))
    c.road((38, 40, 54))
    return c


def dawn(rng: random.Random) -> Canvas:
    c = Canvas(rng, DAWN)
    c.disc(c.between(120, 400), c.between(190, 250), 42, (255, 226, 130), 3)
    c.buildings(380, [(206, 136, 140), (220, 160, 140)], None, (110, 250))
    c.buildings(380, [(122, 84, 120), (150, 92, 110), (98, 76, 116)], (255, 222, 150), (60, 180), 0.5)
    c.road((110, 84, 100))
    return c


def room(rng: random.Random) -> Canvas:
    wall = vary(rng, rng.choice([(238, 222, 200), (206, 224, 232), (226, 210, 230), (214, 230, 206)]))
    c = Canvas(rng, [(0, wall), (1, wall)])
    c.draw.rectangle([0, 360, SIDE, SIDE], fill=c.vary((176, 126, 84)))
    for y in (395, 435, 480):
        c.draw.line([(0, y), (SIDE, y)], fill=(150, 104, 68), width=3)
    c.draw.rectangle([0, 350, SIDE, 362], fill=(250, 246, 240))
    x, frame = rng.choice([40, 320]), (250, 250, 250)
    c.draw.rectangle([x, 70, x + 150, 230], fill=frame)
    c.draw.rectangle([x + 10, 80, x + 140, 220], fill=(150, 206, 244))
    c.draw.line([(x + 75, 80), (x + 75, 220)], fill=frame, width=8)
    c.draw.line([(x, 150), (x + 150, 150)], fill=frame, width=8)
    x = 360 - x
    c.draw.rectangle([x, 100, x + 110, 190], fill=(140, 100, 60))
    c.draw.rectangle([x + 9, 109, x + 101, 181], fill=c.vary(rng.choice([(220, 90, 80), (80, 130, 190), (240, 190, 80)])))
    return c
