"""Trains the small CLIP on shards of latents: a head for pictures and a projection for sentences, contrastively.

Goes on where clip.pt stands. Stops after --minutes of training in all, or when a file named `stop` appears in the
output folder; both ways save everything.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import torch
from torch.nn import functional as F

from nets.clip import SmallClip, contrastive_loss
from runtime import Learning, arithmetic, device_from, falling_rate

SAME = 0.999
"""Cosine of two sentence vectors from which their captions count as one."""
NOISE = 0.15
"""Standard deviation of the noise on latents in training, so that painted pictures are known as well as composed ones."""


def load_pairs(folder: Path, most: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Latents [n, 12, 16, 16] and sentence vectors [n, 384], float16, of at most `most` pictures, the newest shards first."""
    latents, sentences, count = [], [], 0
    for path in sorted(folder.glob("shard-*.pt"), reverse=True):
        shard = torch.load(path, weights_only=True, mmap=True)
        latents.append(shard["latents"].clone())
        # The start token's row carries the mean of all rows.
        sentences.append(shard["states"][:, 0].clone())
        count += len(latents[-1])
        if count >= most:
            break
    if count == 0:
        raise SystemExit(f"{folder}: no shards; run make_shards.py first")
    return torch.cat(latents)[:most], torch.cat(sentences)[:most]


@torch.no_grad()
def retrieval(net: SmallClip, shard: Path, batch: int = 64) -> float:
    """How often the caption of a picture is the first of `batch` captions, on pictures that training never sees."""
    watched = torch.load(shard, weights_only=True)
    latents, sentences = watched["latents"].float(), watched["states"][:, 0].float()
    hits = total = 0
    for at in range(0, len(latents) - batch + 1, batch):
        logits = net(latents[at : at + batch], sentences[at : at + batch])
        hits += (logits.argmax(1) == torch.arange(batch)).sum().item()
        total += batch
    return hits / total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder with shards/")
    parser.add_argument("--out", type=Path, required=True, help="folder for clip.pt and losses.json")
    parser.add_argument("--watch", type=Path, help="a shard that is not trained on")
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--pictures", type=int, default=40_000, help="at most so many")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    device = device_from(options.device)
    torch.manual_seed(0)
    latents, sentences = load_pairs(options.work / "shards", options.pictures)
    net = SmallClip().to(device)
    optimizer = torch.optim.AdamW(net.parameters(), lr=options.rate, weight_decay=0.05)
    learning, checkpoint = Learning(net, optimizer), options.out / "clip.pt"
    spent = learning.go_on(checkpoint, device).get("spent", 0.0)
    losses = learning.losses
    print(f"{len(latents)} pictures, {sum(p.numel() for p in net.parameters()):,} values to learn", flush=True)
    started, before, limit = time.monotonic(), spent, options.minutes * 60
    watcher = SmallClip()

    def save() -> None:
        learning.save(checkpoint, {"spent": spent})
        (options.out / "losses.json").write_text(json.dumps([round(loss, 4) for loss in losses]) + "\n", encoding="utf-8")

    def report() -> None:
        line = f"step {len(losses)}, loss {sum(losses[-50:]) / len(losses[-50:]):.3f}, scale {net.logit_scale.exp().item():.1f}"
        if options.watch is not None:
            watcher.load_state_dict(learning.average)
            line += f", held-out caption first of 64: {retrieval(watcher.eval(), options.watch):.1%}"
        print(f"{line}, ETA {max(0.0, limit - spent) / 60:.1f} min", flush=True)

    order = torch.empty(0, dtype=torch.long)
    while spent < limit and not (options.out / "stop").exists():
        if len(order) < options.batch:
            order = torch.randperm(len(latents))
        chosen, order = order[: options.batch], order[options.batch :]
        for group in optimizer.param_groups:
            group["lr"] = falling_rate(options.rate, min(1.0, spent / limit), len(losses), 50)
        seen = latents[chosen].float().to(device)
        texts = sentences[chosen].float().to(device)
        with arithmetic(device):
            logits = net(seen + NOISE * torch.randn_like(seen), texts)
        directions = F.normalize(texts, dim=1)
        loss = contrastive_loss(logits.float(), (directions @ directions.T > SAME).float())
        learning.step(loss, 0.99)
        spent = before + time.monotonic() - started
        if len(losses) % 50 == 0:
            report()
        if len(losses) % 200 == 0:
            save()
    save()
    report()


if __name__ == "__main__":
    main()
