"""Trains the prior: a caption's CLIP encoding to the embedding of a picture of it, by diffusion (unCLIP's cosine schedule,
the clean embedding predicted). Needs the prior's text encoder.

Goes on where prior.pt stands. Stops after --minutes of training in all, or when a file named `stop-prior` appears in the
work folder; both ways save everything.
"""

from __future__ import annotations

import argparse
import math
import random
import time
from pathlib import Path

import torch
from diffusers import PriorTransformer
from torch.nn import functional as F

from runtime import Learning, Progress, arithmetic, device_from, falling_rate

from .networks import make_prior
from .texts import Texts
from .train_text import HELD, draw

NOTHING = 0.1
"""How often the caption is empty, for guidance."""


def alphas_of_unclip() -> torch.Tensor:
    """The cumulative products of unCLIP's schedule, [1000]."""
    level = lambda share: math.cos((share + 0.008) / 1.008 * math.pi / 2) ** 2  # noqa: E731
    betas = [min(1 - level((t + 1) / 1000) / level(t / 1000), 0.999) for t in range(1000)]
    return torch.cumprod(1 - torch.tensor(betas, dtype=torch.float64), 0).float()


def predict(prior: PriorTransformer, noised: torch.Tensor, times: torch.Tensor, pooled: torch.Tensor, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """What the network's own forward gives for 77 rows of text, by the rows that are seen at all: padding is hidden from
    the rest, so a batch of short captions need not compute it."""
    length, further = states.shape[1], prior.config.additional_embeddings
    rows = torch.cat([
        prior.encoder_hidden_states_proj(states), prior.embedding_proj(pooled)[:, None],
        prior.time_embedding(prior.time_proj(times).to(noised.dtype))[:, None], prior.proj_in(noised)[:, None],
        prior.prd_embedding.expand(len(noised), -1, -1),
    ], 1)
    places = prior.positional_embedding
    rows = rows + torch.cat([places[:, :length], places[:, -further:]], 1)
    hidden = F.pad((1 - mask.float()) * -10000.0, (0, further))
    size = length + further
    bias = hidden[:, None, :] + torch.full((size, size), -10000.0).triu(1)
    bias = bias.repeat_interleave(prior.config.num_attention_heads, 0)
    for block in prior.transformer_blocks:
        rows = block(rows, attention_mask=bias)
    return prior.proj_to_clip_embeddings(prior.norm_out(rows)[:, -1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder of pairs.pt and the text encoders")
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=8e-4)
    options = parser.parse_args()
    device = device_from("cpu")
    torch.manual_seed(3)
    pairs = torch.load(options.work / "pairs.pt", weights_only=True, mmap=True)
    texts, images = Texts(options.work), pairs["images"].float()
    count = len(images) - HELD
    prior = make_prior()
    with torch.no_grad():
        prior.clip_mean.copy_(images[:count].mean(0, keepdim=True))
        prior.clip_std.copy_(images[:count].std(0, keepdim=True))
    prior.clip_mean.requires_grad_(False)
    prior.clip_std.requires_grad_(False)
    clean = (images - prior.clip_mean) / prior.clip_std
    learned = [p for p in prior.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(learned, lr=options.rate, betas=(0.9, 0.98), weight_decay=0.01)
    learning, checkpoint = Learning(prior, optimizer), options.work / "prior.pt"
    spent = learning.go_on(checkpoint, device).get("spent", 0.0)
    rng, alphas = random.Random(len(learning.losses)), alphas_of_unclip()

    def loss_of(net: PriorTransformer, chosen: list[int], captions: list[str], times: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        wanted, alpha = clean[chosen], alphas[times][:, None]
        with arithmetic(torch.device("cpu")):
            states, pooled, mask = texts.prior(captions)
            found = predict(net, alpha.sqrt() * wanted + (1 - alpha).sqrt() * noise, times, pooled, states, mask)
        return F.mse_loss(found.float(), wanted)

    @torch.no_grad()
    def measure() -> str:
        watcher = make_prior()
        watcher.load_state_dict(learning.average)
        watcher.eval()
        held, source, results = list(range(count, count + 256)), torch.Generator().manual_seed(1), []
        for language, share in (("English", 0.0), ("Russian", 1.0)):
            noise = torch.randn(256, clean.shape[1], generator=source)
            times = torch.arange(256) * 1000 // 256
            results.append(f"{language} {loss_of(watcher, held, draw(pairs, held, random.Random(1), share), times, noise):.3f}")
        return "loss on pictures not trained on: " + ", ".join(results)

    progress = Progress(options.minutes * 60, spent)
    saved = time.monotonic()
    while not progress.over and not (options.work / "stop-prior").exists():
        step = len(learning.losses)
        rate = falling_rate(options.rate, progress.share, step, 60)
        for group in optimizer.param_groups:
            group["lr"] = rate
        chosen = [rng.randrange(count) for _ in range(options.batch)]
        captions = [("" if rng.random() < NOTHING else text) for text in draw(pairs, chosen, rng)]
        times = ((torch.arange(options.batch) + torch.rand(options.batch)) * 1000 / options.batch).long().clamp(max=999)
        learning.step(loss_of(prior, chosen, captions, times, torch.randn(options.batch, clean.shape[1])), 0.99)
        progress.note(learning.losses[-1])
        if (step + 1) % 25 == 0:
            progress.line(f"step {step + 1}, loss {{loss:.4f}}")
        if time.monotonic() - saved > 120:
            learning.save(checkpoint, {"spent": progress.elapsed})
            print(measure(), flush=True)
            saved = time.monotonic()
    learning.save(checkpoint, {"spent": progress.elapsed})
    print(measure(), flush=True)


if __name__ == "__main__":
    main()
