"""Draws losses.json of train.py as a PNG: every step's loss, and the running mean of the last 100."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 900, 420, 60, 20, 40, 40
INK, FAINT, LINE, GRID = (32, 34, 38), (176, 188, 205), (214, 110, 30), (226, 228, 232)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("losses", type=Path, help="losses.json")
    parser.add_argument("--out", type=Path, required=True, help="PNG to write")
    options = parser.parse_args()
    content = json.loads(options.losses.read_text(encoding="utf-8"))
    losses = content["losses"]
    if len(losses) < 2:
        raise SystemExit(f"{options.losses}: {len(losses)} losses; a curve needs two")
    # The first steps are far above the rest and would flatten it.
    top = sorted(losses)[int(0.97 * (len(losses) - 1))] * 1.15
    x = lambda step: LEFT + (WIDTH - LEFT - RIGHT) * step / (len(losses) - 1)  # noqa: E731
    y = lambda loss: TOP + (HEIGHT - TOP - BOTTOM) * (1 - min(loss, top) / top)  # noqa: E731
    picture = Image.new("RGB", (WIDTH, HEIGHT), "white")
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(13)
    for part in range(5):
        value = top * part / 4
        draw.line([LEFT, y(value), WIDTH - RIGHT, y(value)], fill=GRID)
        draw.text((LEFT - 8, y(value)), f"{value:.3f}", fill=INK, font=font, anchor="rm")
        step = round((len(losses) - 1) * part / 4)
        draw.text((x(step), HEIGHT - BOTTOM + 8), str(step + 1), fill=INK, font=font, anchor="mt")
    means = [sum(losses[max(0, i - 99) : i + 1]) / min(100, i + 1) for i in range(len(losses))]
    draw.line([(x(i), y(loss)) for i, loss in enumerate(losses)], fill=FAINT)
    draw.line([(x(i), y(mean)) for i, mean in enumerate(means)], fill=LINE, width=2)
    title = f"Mean squared error by step; orange: mean of the last 100, at the end {means[-1]:.4f}"
    draw.text((LEFT, 12), title, fill=INK, font=font)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    picture.save(options.out)


if __name__ == "__main__":
    main()
