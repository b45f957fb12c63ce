"""Scenes on land: fields, woods, hills, seasons."""

from __future__ import annotations

import random

from .canvas import SIDE, Canvas, vary
from .places_sky import blue_sky


def ice(rng: random.Random) -> Canvas:
    c = Canvas(rng, [(0, vary(rng, (150, 190, 230))), (0.6, vary(rng, (222, 236, 248))), (1, (235, 245, 252))])
    c.peaks(290, 110, (176, 212, 238), (250, 252, 255), 4)
    c.draw.rectangle([0, 285, SIDE, SIDE], fill=c.vary((198, 226, 242), 8))
    for _ in range(9):
        x, y, w = c.between(0, SIDE), c.between(300, 500), c.between(40, 110)
        floe = [(-1, 0), (-0.4, -0.18), (0.6, -0.15), (1, 0), (0.3, 0.16), (-0.6, 0.14)]
        c.draw.polygon([(x + dx * w, y + dy * w) for dx, dy in floe], fill=c.vary((238, 248, 254), 5))
        edge = [(-1, 0), (-0.6, 0.14), (0.3, 0.16), (1, 0)]
        c.draw.line([(x + dx * w, y + dy * w) for dx, dy in edge], fill=(140, 190, 222), width=4)
    return c


def snow(rng: random.Random) -> Canvas:
    c = Canvas(rng, [(0, vary(rng, (160, 184, 214))), (1, (232, 240, 248))])
    c.ridge(270, 28, c.vary((212, 224, 240), 6))
    for _ in range(9):
        c.pine(c.between(0, SIDE), c.between(285, 335), c.between(80, 150), c.vary((70, 116, 112)))
    c.ridge(350, 14, c.vary((244, 248, 253), 4))
    for _ in range(90):
        c.dot(c.between(0, SIDE), c.between(0, SIDE), c.between(1.5, 4), (255, 255, 255))
    return c


def forest(rng: random.Random) -> Canvas:
    c = Canvas(rng, [(0, vary(rng, (160, 208, 190))), (1, vary(rng, (90, 150, 100)))])
    for row, colour in enumerate(((116, 168, 128), (66, 128, 80), (32, 92, 56))):
        for _ in range(10):
            c.pine(c.between(0, SIDE), 300 + 38 * row + c.between(-10, 10), c.between(150, 250), c.vary(colour, 8))
    c.ridge(385, 10, c.vary((70, 120, 56)))
    return c


def grass(rng: random.Random) -> Canvas:
    c = blue_sky(rng)
    c.clouds(3)
    c.ridge(275, 26, c.vary((150, 204, 110)))
    c.ridge(320, 20, c.vary((106, 184, 76)))
    c.ridge(365, 12, c.vary((76, 164, 56)))
    for _ in range(120):
        x, y, h = c.between(0, SIDE), c.between(372, SIDE), c.between(8, 18)
        c.draw.line([(x, y), (x + c.between(-4, 4), y - h)], fill=c.vary((56, 136, 44)), width=3)
    return c


def flowers(rng: random.Random) -> Canvas:
    c = grass(rng)
    for _ in range(70):
        x, y = c.between(0, SIDE), c.between(350, SIDE)
        r = 2 + (y - 340) / 28
        c.dot(x, y, r, rng.choice([(255, 90, 120), (255, 220, 70), (255, 255, 255), (190, 110, 240), (255, 150, 60)]))
        c.dot(x, y, 0.4 * r, (255, 200, 60))
    return c


def lavender(rng: random.Random) -> Canvas:
    c = blue_sky(rng)
    c.clouds(2, 130)
    c.ridge(265, 18, c.vary((134, 180, 120)))
    c.draw.rectangle([0, 292, SIDE, SIDE], fill=c.vary((118, 150, 84), 8))
    # Rows that run together towards the horizon.
    for row in range(-7, 8):
        near, far = SIDE / 2 + row * 92, SIDE / 2 + row * 26
        c.draw.polygon([(far - 8, 292), (far + 8, 292), (near + 34, SIDE), (near - 34, SIDE)], fill=c.vary((136, 92, 190), 10))
    for _ in range(170):
        y = c.between(300, SIDE)
        c.dot(c.between(0, SIDE), y, 1.5 + (y - 290) / 55, c.vary(rng.choice([(166, 120, 220), (120, 80, 176), (190, 150, 236)])))
    return c


def desert(rng: random.Random) -> Canvas:
    c = Canvas(rng, [(0, vary(rng, (100, 176, 236))), (0.55, vary(rng, (250, 226, 180))), (1, (250, 220, 170))])
    c.disc(c.between(60, 450), c.between(60, 130), 34, (255, 240, 180))
    c.ridge(290, 34, c.vary((232, 184, 110)))
    c.ridge(345, 26, c.vary((222, 164, 86)))
    c.ridge(405, 18, c.vary((238, 190, 110)))
    for _ in range(rng.randint(0, 3)):
        x = rng.choice([c.between(20, 120), c.between(390, 490)])
        y, green = c.between(330, 400), c.vary((66, 140, 76))
        for box, radius in (((-9, -90, 9, 0), 9), ((-32, -62, -20, -30), 6), ((-28, -40, 0, -30), 0), ((20, -75, 32, -42), 6), ((0, -52, 28, -42), 0)):
            c.draw.rounded_rectangle([x + box[0], y + box[1], x + box[2], y + box[3]], radius, fill=green)
    return c


def mountain_lake(rng: random.Random) -> Canvas:
    c = blue_sky(rng)
    if rng.random() < 0.5:
        c.clouds(3, 120, sizes=(40, 62))
    else:
        c.clouds(2, 110)
    c.peaks(270, c.between(120, 180), c.vary((112, 128, 160)), (248, 250, 255), 5)
    c.ridge(262, 10, c.vary((80, 140, 90)))
    for _ in range(10):
        c.pine(c.between(0, SIDE), c.between(262, 285), c.between(50, 90), c.vary((44, 110, 72)))
    c.mirror_lake(275, 130, c.vary((70, 150, 210)))
    c.ridge(405, 10, c.vary((96, 168, 76)))
    return c


def mountains(rng: random.Random) -> Canvas:
    c = blue_sky(rng)
    c.clouds(3, 120)
    c.peaks(330, c.between(190, 240), c.vary((126, 136, 164)), (248, 250, 255), 4)
    c.ridge(330, 20, c.vary((110, 160, 110)))
    c.ridge(375, 14, c.vary((84, 146, 74)))
    return c


def spring(rng: random.Random) -> Canvas:
    c = blue_sky(rng)
    c.clouds(2)
    c.ridge(290, 20, c.vary((160, 212, 120)))
    c.ridge(340, 12, c.vary((116, 190, 90)))
    for _ in range(6):
        c.round_tree(c.between(0, SIDE), c.between(300, 370), c.between(110, 190), c.vary((248, 160, 196)))
    c.ridge(395, 8, c.vary((96, 178, 78)))
    for _ in range(40):
        x, y = c.between(0, SIDE), c.between(380, SIDE)
        c.draw.ellipse([x - 4, y - 3, x + 4, y + 3], fill=c.vary((248, 160, 196)))
    return c


def autumn(rng: random.Random) -> Canvas:
    c = Canvas(rng, [(0, vary(rng, (150, 190, 220))), (1, vary(rng, (250, 226, 180)))])
    c.ridge(290, 20, c.vary((206, 160, 80)))
    for _ in range(7):
        c.round_tree(c.between(0, SIDE), c.between(300, 370), c.between(120, 200), c.vary(rng.choice([(226, 110, 40), (206, 60, 40), (240, 170, 50)])))
    c.ridge(395, 8, c.vary((196, 140, 66)))
    return c


def volcano(rng: random.Random) -> Canvas:
    c = Canvas(rng, [(0, vary(rng, (60, 36, 60))), (1, vary(rng, (230, 110, 60)))])
    x = c.between(150, 360)
    c.draw.polygon([(x - 210, 380), (x - 36, 120), (x + 36, 120), (x + 210, 380)], fill=c.vary((78, 56, 60)))
    lava = [(-36, 120), (36, 120), (22, 190), (40, 300), (4, 240), (-16, 330), (-20, 200)]
    c.draw.polygon([(x + dx, y) for dx, y in lava], fill=(255, 120, 40))
    c.cloud(x, 80, 60, (90, 70, 80), 230)
    c.ridge(375, 14, c.vary((54, 42, 46)))
    return c


def wonderland(rng: random.Random) -> Canvas:
    c = Canvas(rng, [(0, vary(rng, (150, 130, 226))), (0.6, vary(rng, (250, 196, 226))), (1, (255, 226, 236))])
    c.clouds(2, 120, (255, 236, 246))
    c.ridge(300, 22, c.vary((126, 196, 130)))
    for x, h in ((c.between(20, 90), c.between(190, 250)), (c.between(420, 490), c.between(170, 230)), (c.between(110, 160), c.between(90, 120)), (c.between(350, 400), c.between(90, 120))):
        c.mushroom(x, c.between(360, 395), h, c.vary(rng.choice([(226, 60, 70), (226, 60, 70), (150, 90, 210)])))
    c.ridge(385, 10, c.vary((92, 176, 96)))
    for _ in range(30):
        c.dot(c.between(0, SIDE), c.between(400, SIDE), c.between(3, 7), rng.choice([(255, 110, 150), (255, 226, 110), (255, 255, 255)]))
    return c
