"""The training that is the same for every kind of model: epochs, files, pictures, going on where a run ended.

A run writes to --output_dir: EPOCH_epoch_embeds.* every --log_embed_frequency epochs, images/EPOCH_epoch_images.jpg every
--log_image_frequency epochs, learned_embeds.* at the end, losses.json, and state.pt, from which a second run goes on.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from pathlib import Path
from typing import Protocol

import torch
from PIL import Image

from memory import activation_bytes, free_bytes, parameter_bytes, report
from pictures import epoch_examples, picture_files
from vocabulary import NewWord

_EPOCH_SEED = 100_003


class Lesson(Protocol):
    """A model that learns a word."""

    words: list[NewWord]
    """The word, once for each text encoder."""
    modules: list[torch.nn.Module]
    multiple: int
    """Sides of pictures are multiples of this."""
    ending: str
    """Of its files of words."""
    sample_sentences: tuple[str, str]

    def loss(self, pictures: torch.Tensor, sentences: list[str]) -> torch.Tensor:
        """:param pictures: float32 [batch, 3, size, size] in -1 .. 1"""

    def sample(self, sentence: str, generator: torch.Generator) -> Image.Image:
        """A picture of a sentence with {} for the word. Must not draw from torch's own random numbers."""

    def save(self, path: Path) -> None:
        """Writes the word's file."""


def with_noise(scheduler, latents: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Latents with noise of a random level each.

    :returns: the noisy latents, the noise, the timesteps [batch]
    """
    noise = torch.randn_like(latents)
    timesteps = torch.randint(0, scheduler.config.num_train_timesteps, (len(latents),), device=latents.device)
    return scheduler.add_noise(latents, noise, timesteps), noise, timesteps


def sampling_of(options: argparse.Namespace, generator: torch.Generator) -> dict:
    """How pipelines make sample pictures."""
    size = options.img_size
    return {
        "num_inference_steps": options.sample_steps,
        "guidance_scale": 7.5,
        "height": size,
        "width": size,
        "generator": generator,
    }


def freeze(modules: list[torch.nn.Module]) -> None:
    for module in modules:
        module.requires_grad_(False).eval()


def teach(lesson: Lesson, options: argparse.Namespace) -> None:
    """:raises SystemExit: pictures or options that do not do"""
    files = picture_files(options.data_root)
    if options.img_size % lesson.multiple:
        raise SystemExit(f"--img_size {options.img_size} is no multiple of {lesson.multiple}, which this model needs")
    rows = [word.rows for word in lesson.words]
    for parameter in rows:
        parameter.requires_grad_(True)
    print(_memory(lesson, options), flush=True)
    optimizer = torch.optim.AdamW(
        rows,
        lr=options.learning_rate,
        betas=(options.adam_beta1, options.adam_beta2),
        weight_decay=options.adam_weight_decay,
        eps=options.adam_epsilon,
    )
    out: Path = options.output_dir
    (out / "images").mkdir(parents=True, exist_ok=True)
    first, losses = _resume(out / "state.pt", lesson, optimizer, options.device)
    started = time.monotonic()
    for epoch in range(first + 1, options.epochs + 1):
        losses += _train_epoch(lesson, optimizer, files, epoch, options)
        if _is_due(epoch, options.log_embed_frequency):
            _save_words(lesson, out / f"{epoch}_epoch_embeds{lesson.ending}")
        if _is_due(epoch, options.log_image_frequency):
            _save_samples(lesson, options, out / "images" / f"{epoch}_epoch_images.jpg")
        _save_state(out, epoch, losses, lesson, optimizer, options)
        recent = losses[-100:]
        left = (time.monotonic() - started) / (epoch - first) * (options.epochs - epoch) / 60
        print(f"epoch {epoch} of {options.epochs}, loss {sum(recent) / len(recent):.4f}, {left:.0f} min left", flush=True)
    learned = out / f"learned_embeds{lesson.ending}"
    _save_words(lesson, learned)
    print(f"Learned: {learned}", flush=True)


def _train_epoch(lesson: Lesson, optimizer, files: list[Path], epoch: int, options: argparse.Namespace) -> list[float]:
    """One pass over the pictures. Its random numbers depend on seed and epoch alone, so a run can go on from any epoch."""
    seed = options.seed * _EPOCH_SEED + epoch
    torch.manual_seed(seed)
    examples = epoch_examples(
        files,
        lesson.words[0].text,
        options.learnable_property,
        options.img_size,
        options.center_crop,
        random.Random(seed),
        options.num_workers,
    )
    losses = []
    for at in range(0, len(examples), options.train_batch_size):
        batch = examples[at : at + options.train_batch_size]
        pictures = torch.stack([picture for picture, _ in batch]).to(options.device)
        loss = lesson.loss(pictures, [sentence for _, sentence in batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if not torch.isfinite(loss):
            raise SystemExit(f"The loss became {losses[-1]} in epoch {epoch}; choose a smaller --learning_rate")
    return losses


def _memory(lesson: Lesson, options: argparse.Namespace) -> str:
    batch = options.train_batch_size
    sentence = f"a photo of a {lesson.words[0].text}"

    def step(size: int) -> torch.Tensor:
        return lesson.loss(torch.zeros(batch, 3, size, size, device=options.device), [sentence] * batch)

    # At the smallest size of all, norms would have a single value.
    activations = activation_bytes(step, lesson.modules, options.img_size, 2 * lesson.multiple)
    return report(parameter_bytes(lesson.modules), activations, free_bytes(options.device), options.img_size, batch)


def _save_samples(lesson: Lesson, options: argparse.Namespace, path: Path) -> None:
    """Two pictures of each sentence side by side."""
    generator = torch.Generator().manual_seed(options.seed)
    pictures = [lesson.sample(sentence, generator) for sentence in lesson.sample_sentences for _ in range(2)]
    sheet = Image.new("RGB", (options.img_size * len(pictures), options.img_size))
    for i, picture in enumerate(pictures):
        sheet.paste(picture, (i * options.img_size, 0))
    sheet.save(path)


def _save_words(lesson: Lesson, path: Path) -> None:
    """Whole or not at all."""
    part = path.with_name(f"{path.name}.part")
    lesson.save(part)
    part.replace(path)


def _resume(path: Path, lesson: Lesson, optimizer, device: str) -> tuple[int, list[float]]:
    """:return: the last whole epoch of an earlier run, and its losses"""
    if not path.exists():
        return 0, []
    state = torch.load(path, map_location=device, weights_only=True)
    tokens = [word.tokens for word in lesson.words]
    if state["tokens"] != tokens:
        raise SystemExit(f"{path} is of the word {state['tokens']}; choose another --output_dir for {tokens}")
    with torch.no_grad():
        for word, rows in zip(lesson.words, state["rows"], strict=True):
            word.rows.copy_(rows)
    # The settings are this run's; only what it remembers of the steps is the earlier one's.
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state["optimizer"]})
    print(f"Going on after epoch {state['epoch']}", flush=True)
    return state["epoch"], state["losses"]


def _save_state(out: Path, epoch: int, losses: list[float], lesson: Lesson, optimizer, options: argparse.Namespace) -> None:
    state = {
        "epoch": epoch,
        "losses": losses,
        "tokens": [word.tokens for word in lesson.words],
        "rows": [word.rows.detach() for word in lesson.words],
        "optimizer": optimizer.state_dict()["state"],
    }
    part = out / "state.part"
    torch.save(state, part)
    part.replace(out / "state.pt")
    settings = {key: str(value) for key, value in vars(options).items()}
    (out / "losses.json").write_text(json.dumps({"settings": settings, "losses": losses}), encoding="utf-8")


def _is_due(epoch: int, frequency: int) -> bool:
    return frequency > 0 and epoch % frequency == 0
