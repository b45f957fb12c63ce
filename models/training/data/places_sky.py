"""Scenes made of sky, stars and weather."""

from __future__ import annotations

import random

from .canvas import SIDE, Canvas, vary


def blue_sky(rng: random.Random) -> Canvas:
    return Canvas(rng, [(0, vary(rng, (84, 160, 238))), (0.62, vary(rng, (196, 228, 252))), (1, (225, 240, 250))])


def space(rng: random.Random) -> Canvas:
    c = Canvas(rng, [(0, vary(rng, (8, 8, 30), 6)), (1, vary(rng, (24, 12, 56), 8))])
    for _ in range(3):
        c.glow(c.between(0, SIDE), c.between(0, SIDE), c.between(90, 200), rng.choice([(90, 30, 120), (20, 60, 130), (120, 40, 70)]))
    c.stars(190)
    if rng.random() < 0.4:
        colour = rng.choice([(220, 150, 100), (150, 190, 230), (230, 200, 140)])
        c.disc(rng.choice([60, 440]), c.between(50, 150), c.between(20, 46), colour, 1.4)
    return c


def alien_world(rng: random.Random) -> Canvas:
    top, low = rng.choice([((44, 16, 84), (216, 110, 150)), ((16, 40, 84), (90, 190, 180)), ((60, 20, 70), (240, 150, 90))])
    c = Canvas(rng, [(0, vary(rng, top)), (0.65, vary(rng, low)), (1, low)])
    c.stars(60, 180)
    c.disc(c.between(90, 420), c.between(80, 130), c.between(44, 70), rng.choice([(240, 190, 130), (170, 210, 240), (230, 150, 190)]), 1.3)
    c.disc(c.between(40, 470), c.between(40, 170), c.between(14, 24), (220, 230, 250), 1.3)
    c.peaks(320, 110, tuple(int(v * 0.55) for v in low), None, 4)
    c.ridge(330, 18, vary(rng, (70, 46, 110)))
    for _ in range(7):
        x, y, h = c.between(0, SIDE), c.between(350, 430), c.between(60, 130)
        colour = vary(rng, rng.choice([(60, 220, 190), (240, 110, 190), (150, 240, 110)]))
        c.draw.line([(x, y), (x + c.between(-14, 14), y - h)], fill=(96, 66, 140), width=9)
        c.dot(x, y - h, 0.2 * h, colour)
    c.ridge(400, 10, vary(rng, (54, 34, 88)))
    return c


def rainbow(rng: random.Random) -> Canvas:
    c = blue_sky(rng)
    x, y, radius = SIDE / 2 + c.between(-60, 60), c.between(350, 400), c.between(220, 260)
    bands = [(238, 64, 64), (250, 150, 50), (252, 226, 70), (84, 192, 90), (66, 140, 236), (126, 84, 204)]
    for i, colour in enumerate(bands):
        r = radius - 15 * i
        c.draw.arc([x - r, y - r, x + r, y + r], 180, 360, fill=colour, width=16)
    for side in (-1, 1):
        c.cloud(x + side * (radius - 40), y, 58, (255, 255, 255), 255)
    c.ridge(y + 30, 10, c.vary((120, 196, 96)))
    return c


def night(rng: random.Random) -> Canvas:
    c = Canvas(rng, [(0, vary(rng, (12, 18, 58), 6)), (1, vary(rng, (56, 70, 130), 8))])
    c.stars(120, 300)
    c.disc(c.between(60, 450), c.between(50, 110), 32, (250, 244, 214))
    c.ridge(330, 26, c.vary((26, 44, 70), 6))
    c.ridge(385, 14, c.vary((20, 34, 48), 6))
    return c


def sunset(rng: random.Random) -> Canvas:
    c = Canvas(rng, [(0, (66, 48, 120)), (0.3, (206, 84, 120)), (0.5, (252, 150, 80)), (1, (255, 200, 110))])
    c.disc(c.between(120, 400), c.between(190, 240), 44, (255, 214, 110), 3)
    c.ridge(310, 26, c.vary((120, 60, 96)))
    c.ridge(365, 16, c.vary((74, 40, 76)))
    return c


def rain(rng: random.Random) -> Canvas:
    c = Canvas(rng, [(0, vary(rng, (84, 96, 116))), (1, vary(rng, (160, 172, 186)))])
    c.clouds(5, 120, (110, 120, 136))
    c.ridge(350, 16, c.vary((90, 120, 96)))
    for _ in range(110):
        x, y = c.between(0, SIDE), c.between(0, SIDE)
        c.draw.line([(x, y), (x - 6, y + 20)], fill=(190, 210, 232), width=2)
    return c


def cloudy(rng: random.Random) -> Canvas:
    c = Canvas(rng, [(0, vary(rng, (70, 150, 236))), (1, vary(rng, (190, 224, 252)))])
    for _ in range(8):
        c.cloud(c.between(0, SIDE), c.between(40, SIDE), c.between(30, 70), (255, 255, 255), rng.randint(170, 250))
    return c
