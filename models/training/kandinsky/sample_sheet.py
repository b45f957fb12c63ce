"""Draws prompts with an exported folder on ONNX Runtime, by diffusers' schedulers: a contact sheet, and with --clip how
well the small CLIP finds each picture's prompt among all of them."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from diffusers import DDIMScheduler, UnCLIPScheduler
from PIL import Image, ImageDraw, ImageFont
from transformers import CLIPTokenizer, PreTrainedTokenizerFast

from evaluate_clip import Folder
from export_fluent_world import session
from runtime import device_from

from .networks import CONTEXT, LATENT_CHANNELS

PROMPTS = (
    ("red cat on the beach", "красный кот на пляже"), ("blue dog at the beach", "синяя собака на пляже"),
    ("a ship in ice", "корабль во льдах"), ("a penguin in space", "пингвин в космосе"),
    ("a golden castle on green hills", "золотой замок на зелёных холмах"), ("a car at night in the city", "машина ночью в городе"),
    ("a deer by the lake", "олень у озера"), ("pink trees in spring", "розовые деревья весной"),
    ("a lion in the desert", "лев в пустыне"), ("a purple butterfly among flowers", "фиолетовая бабочка среди цветов"),
    ("an owl at night", "сова ночью"), ("beautiful sea sunset", "красивый закат на море"),
)
"""English, and the same in Russian."""


class Drawer:
    """The folder's files and schedulers, numbers as diffusers' combined pipeline has them but the noise."""

    def __init__(self, folder: Path) -> None:
        names = ("text_encoder", "prior_text_encoder", "prior", "unet", "vae_decoder", "prior_image_encoder")
        self.run = {name: session(folder / name / "model.onnx") for name in names}
        self.tokenizer = PreTrainedTokenizerFast.from_pretrained(str(folder / "tokenizer"))
        self.clip_tokenizer = CLIPTokenizer.from_pretrained(str(folder / "prior_tokenizer"))
        config = json.loads((folder / "prior/config.json").read_text(encoding="utf-8"))
        self.mean, self.std, self.zero = (np.float32(config[key]) for key in ("clip_mean", "clip_std", "zero_image_embedding"))
        self.prior_scheduler, self.scheduler = UnCLIPScheduler.from_pretrained(folder / "prior_scheduler"), DDIMScheduler.from_pretrained(folder / "scheduler")

    def _ids(self, tokenizer: PreTrainedTokenizerFast | CLIPTokenizer, prompt: str) -> dict[str, np.ndarray]:
        found = tokenizer([prompt], padding="max_length", truncation=True, max_length=CONTEXT, return_tensors="np")
        return {name: found[name].astype(np.int64) for name in ("input_ids", "attention_mask")}

    def imagine(self, prompt: str, seed: int, steps: int = 25, guidance: float = 4.0) -> np.ndarray:
        """The prior's embedding [1, 384]."""
        read = [self._ids(self.clip_tokenizer, text) for text in ("", prompt)]
        states, pooled = zip(*(self.run["prior_text_encoder"].run(None, {"input_ids": r["input_ids"]}) for r in read))
        given = {"proj_embedding": np.concatenate(pooled), "encoder_hidden_states": np.concatenate(states), "attention_mask": np.concatenate([r["attention_mask"] for r in read])}
        source = torch.Generator().manual_seed(seed)
        self.prior_scheduler.set_timesteps(steps)
        sample = torch.randn(1, len(self.mean), generator=source)
        times = self.prior_scheduler.timesteps
        for at, now in enumerate(times):
            feeds = {**given, "hidden_states": np.repeat(sample.numpy(), 2, 0), "timestep": np.array(float(now), np.float32)}
            without, wanted = torch.from_numpy(self.run["prior"].run(None, feeds)[0]).chunk(2)
            before = None if at + 1 == len(times) else times[at + 1]
            sample = self.prior_scheduler.step(without + guidance * (wanted - without), now, sample, generator=source, prev_timestep=before).prev_sample
        return sample.numpy() * self.std + self.mean

    def draw(self, prompt: str, seed: int, steps: int, guidance: float, embedding: np.ndarray | None = None) -> Image.Image:
        """A picture of 256 pixels; with the embedding given, the prior is not asked."""
        told = [self.run["text_encoder"].run(None, self._ids(self.tokenizer, text)) for text in ("", prompt)]
        seen = np.concatenate([self.zero[None], self.imagine(prompt, seed) if embedding is None else embedding])
        given = {"encoder_hidden_states": np.concatenate([t[0] for t in told]), "text_embeds": np.concatenate([t[1] for t in told]), "image_embeds": seen.astype(np.float32)}
        self.scheduler.set_timesteps(steps)
        sample = torch.randn(1, LATENT_CHANNELS, 16, 16, generator=torch.Generator().manual_seed(seed))
        for now in self.scheduler.timesteps:
            feeds = {**given, "sample": np.repeat(sample.numpy(), 2, 0), "timestep": np.array(float(now), np.float32)}
            without, wanted = torch.from_numpy(self.run["unet"].run(None, feeds)[0])[:, :LATENT_CHANNELS].chunk(2)
            sample = self.scheduler.step(without + guidance * (wanted - without), now, sample).prev_sample
        pixels = self.run["vae_decoder"].run(None, {"latent_sample": sample.numpy()})[0][0]
        return Image.fromarray(((pixels.clip(-1, 1) + 1) * 127.5).round().astype(np.uint8).transpose(1, 2, 0))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="the exported folder")
    parser.add_argument("--out", type=Path, required=True, help="the sheet to write (.jpg or .png)")
    parser.add_argument("--clip", type=Path, help="folder of the small CLIP")
    parser.add_argument("--count", type=int, default=len(PROMPTS), help="so many of the prompts, each in both languages")
    parser.add_argument("--steps", type=int, default=25)
    parser.add_argument("--guidance", type=float, default=4.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--side", type=int, default=160)
    parser.add_argument("--font", default="DejaVuSans.ttf", help="a font with Cyrillic letters")
    options = parser.parse_args()
    device_from("cpu")
    drawer, start = Drawer(options.model), time.monotonic()
    chosen = PROMPTS[: options.count]
    pictures = [[drawer.draw(text, options.seed + i, options.steps, options.guidance) for text in pair] for i, pair in enumerate(chosen)]
    print(f"{2 * len(chosen)} pictures, {(time.monotonic() - start) / 2 / len(chosen):.1f} s each", flush=True)
    side, head, columns = options.side, 15, 6
    rows = 2 * -(-len(chosen) // columns)
    sheet = Image.new("RGB", (columns * side, rows * (side + head)), "white")
    writer = ImageDraw.Draw(sheet)
    font = ImageFont.truetype(options.font, 10)
    for i, (pair, made) in enumerate(zip(chosen, pictures)):
        for language in (0, 1):
            x, y = i % columns * side, (2 * (i // columns) + language) * (side + head)
            sheet.paste(made[language].resize((side, side), Image.LANCZOS), (x, y + head))
            writer.text((x + 2, y + 1), pair[language][: side // 7], fill="black", font=font)
    sheet.save(options.out, quality=84)
    if options.clip is not None:
        clip = Folder(options.clip)
        texts = clip.texts([pair[0] for pair in chosen])
        for language, name in enumerate(("English", "Russian")):
            order = np.argsort(-(clip.pictures([made[language] for made in pictures]) @ texts.T), 1)
            ranks = [int(np.where(row == i)[0][0]) + 1 for i, row in enumerate(order)]
            print(f"{name}: the own prompt comes first of {len(chosen)} in {sum(r == 1 for r in ranks)}, ranks {ranks}", flush=True)


if __name__ == "__main__":
    main()
