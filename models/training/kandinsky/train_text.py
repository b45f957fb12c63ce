"""Trains one of the two text encoders on captions in English and Russian.

`multilingual` tells the decoder: its pooled vector is taught the English sentence encoder's vector of the same caption
(teacher learning, as Multilingual CLIP was made), its rows that encoder's rows. `clip` tells the prior: its embedding is
taught the small CLIP's.

Goes on where text_<which>.pt stands. Stops after --minutes of training in all, or when a file named `stop-text` appears
in the work folder; both ways save everything.
"""

from __future__ import annotations

import argparse
import random
import time
from pathlib import Path

import torch
from torch.nn import functional as F

from runtime import Learning, Progress, arithmetic, device_from, falling_rate

from .texts import load_clip_tokenizer, load_tokenizer, new_clip_text, new_multilingual, read

HELD = 500
"""Pictures at the end whose captions are not trained on."""
SHARPNESS = 20.0
"""How strongly a row of the teacher chooses among the pupil's rows, on mean squared differences."""


def draw(pairs: dict, chosen: list[int], rng: random.Random, russian: float = 0.5) -> list[str]:
    """A caption of each picture, in Russian with the given chance."""
    return [rng.choice(pairs["russian"][i] or [pairs["english"][i]]) if rng.random() < russian else pairs["english"][i] for i in chosen]


def multilingual_loss(net, tokenizer, captions: list[str], means: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """Squared errors of pooled vector, padding and rows, as shares of the teacher's variance."""
    ids, mask = read(tokenizer, captions, spare=1)
    with arithmetic(torch.device("cpu")):
        pooled, states = net(ids, mask)
        told = net.LinearTransformation(states).float()
    spread = means.var(0).mean()
    loss = (pooled.float() - means).square().mean() / spread + 0.3 * (told[:, -1] - means).square().mean() / spread
    words = (rows - means[:, None]).abs().amax(-1) > 1e-3
    apart = (rows[:, :, None] - told[:, None]).square().mean(-1) / spread
    share = (-SHARPNESS * apart + (1 - mask[:, None]) * -1e4).softmax(-1)
    near = (share @ told - rows).square().mean(-1)
    return loss + 0.5 * (near * words).sum() / words.sum() / spread


def clip_loss(net, tokenizer, captions: list[str], texts: torch.Tensor) -> torch.Tensor:
    """Squared error of the embedding, whose numbers are about 1 large."""
    ids, _ = read(tokenizer, captions)
    with arithmetic(torch.device("cpu")):
        found = net(ids).text_embeds
    return (found.float() - texts).square().mean()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("which", choices=("multilingual", "clip"))
    parser.add_argument("--work", type=Path, required=True, help="folder of pairs.pt and the tokenizers")
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    options = parser.parse_args()
    device = device_from("cpu")
    torch.manual_seed(2)
    pairs = torch.load(options.work / "pairs.pt", weights_only=True, mmap=True)
    count = len(pairs["english"])
    if options.which == "multilingual":
        tokenizer = load_tokenizer(options.work)
        net = new_multilingual(tokenizer)
    else:
        tokenizer = load_clip_tokenizer(options.work)
        net = new_clip_text(tokenizer)
    optimizer = torch.optim.AdamW(net.parameters(), lr=options.rate, betas=(0.9, 0.98), weight_decay=0.01)
    learning, checkpoint = Learning(net, optimizer), options.work / f"text_{options.which}.pt"
    spent = learning.go_on(checkpoint, device).get("spent", 0.0)
    rng = random.Random(len(learning.losses))

    def loss_of(module, chosen: list[int], captions: list[str]) -> torch.Tensor:
        part = lambda name: pairs[name][torch.tensor(chosen)].float()  # noqa: E731
        if options.which == "clip":
            return clip_loss(module, tokenizer, captions, part("texts"))
        return multilingual_loss(module, tokenizer, captions, part("means"), part("rows"))

    @torch.no_grad()
    def measure() -> str:
        watcher = new_multilingual(tokenizer) if options.which == "multilingual" else new_clip_text(tokenizer)
        watcher.load_state_dict(learning.average)
        watcher.eval()
        held, results = list(range(count - HELD, count)), []
        wanted = pairs["means" if options.which == "multilingual" else "texts"][count - HELD :].float()
        for language, share in (("English", 0.0), ("Russian", 1.0)):
            captions = draw(pairs, held, random.Random(1), share)
            ids, mask = read(tokenizer, captions)
            found = watcher(ids, mask)[0] if options.which == "multilingual" else watcher(ids).text_embeds
            results.append(f"{language} {F.cosine_similarity(found - wanted.mean(0), wanted - wanted.mean(0)).mean():.3f}")
        return "cosine about the mean on captions not trained on: " + ", ".join(results)

    progress = Progress(options.minutes * 60, spent)
    saved = time.monotonic()
    while not progress.over and not (options.work / "stop-text").exists():
        step = len(learning.losses)
        rate = falling_rate(options.rate, progress.share, step, 60)
        for group in optimizer.param_groups:
            group["lr"] = rate
        chosen = [rng.randrange(count - HELD) for _ in range(options.batch)]
        loss = loss_of(net, chosen, draw(pairs, chosen, rng))
        learning.step(loss, 0.99)
        progress.note(learning.losses[-1])
        if (step + 1) % 50 == 0:
            progress.line(f"step {step + 1}, loss {{loss:.4f}}, {(step + 1) * options.batch} captions")
        if time.monotonic() - saved > 90:
            learning.save(checkpoint, {"spent": progress.elapsed})
            print(measure(), flush=True)
            saved = time.monotonic()
    learning.save(checkpoint, {"spent": progress.elapsed})
    print(measure(), flush=True)


if __name__ == "__main__":
    main()
