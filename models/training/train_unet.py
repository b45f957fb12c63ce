"""Trains the denoiser on shards of latents: v-prediction, 10 % dropped captions, averaged weights.

Goes on where unet.pt stands (pass --fresh to start from nothing).  New shards that appear while it
runs are taken up at the next epoch.  Stops when the time is over or a file named `stop` appears in
the work folder; both ways save everything.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path

import torch
from torch.nn import functional as F
from transformers import CLIPTextModel

from nets.schedule import add_noise, alphas_cumprod, velocity
from nets.text_encoder import load_tokenizer, token_ids
from nets.unet import make_unet
from runtime import Progress, average_into, device_from, load_checkpoint, save_checkpoint

DROPPED_CAPTIONS = 0.1


class Captions:
    """Text states of captions, computed once each by the frozen text encoder."""

    def __init__(self, work: Path) -> None:
        self.tokenizer = load_tokenizer(work / "tokenizer")
        self.encoder = CLIPTextModel.from_pretrained(work / "text_encoder").eval()
        self.known: dict[str, torch.Tensor] = {}

    @torch.no_grad()
    def states(self, captions: list[str]) -> torch.Tensor:
        """States [b, 77, 256] in float32."""
        new = sorted({c for c in captions if c not in self.known})
        if new:
            found = self.encoder(input_ids=token_ids(self.tokenizer, new)).last_hidden_state.half()
            self.known.update(zip(new, found))
        return torch.stack([self.known[c] for c in captions]).float()


class Shards:
    """All shards in a folder as one list, reshuffled every epoch; grows as shards are added."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.loaded = folder, {}
        self.order: list[tuple[str, int]] = []
        self.shuffler = torch.Generator().manual_seed(11)

    def _refill(self) -> None:
        for path in sorted(self.folder.glob("shard-*.pt")):
            if path.name not in self.loaded:
                shard = torch.load(path, weights_only=True)
                self.loaded[path.name] = (shard["latents"], [row[0] for row in shard["shown"]])
        if not self.loaded:
            raise SystemExit(f"{self.folder}: no shards; run make_shards.py first")
        places = [(name, i) for name, (latents, _) in self.loaded.items() for i in range(len(latents))]
        self.order = [places[i] for i in torch.randperm(len(places), generator=self.shuffler)]

    def batch(self, size: int) -> tuple[torch.Tensor, list[str]]:
        """Latents [size, 12, 16, 16] and their captions."""
        if len(self.order) < size:
            self._refill()
        chosen, self.order = self.order[:size], self.order[size:]
        latents = torch.stack([self.loaded[name][0][i] for name, i in chosen]).float()
        return latents, [self.loaded[name][1][i] for name, i in chosen]


def rate_at(share: float, step: int, peak: float) -> float:
    """Short warm-up, then flat for 40 % of the time and down a cosine to 1 %."""
    fall = 1.0 if share < 0.4 else 0.5 * (1 + math.cos(math.pi * (share - 0.4) / 0.6)) * 0.99 + 0.01
    return peak * min(1, (step + 1) / 50) * fall


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder of checkpoints and shards")
    parser.add_argument("--minutes", type=float, required=True, help="planned time of this phase; a resumed phase counts what it has used")
    parser.add_argument("--batch", type=int, default=24)
    parser.add_argument("--rate", type=float, default=3e-4)
    parser.add_argument("--decay", type=float, default=0.998, help="of the averaged weights, a step")
    parser.add_argument("--fresh", action="store_true", help="start from random weights")
    parser.add_argument("--new-phase", action="store_true", help="keep the weights, start time and optimizer anew")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    device = device_from(options.device)
    # On CPUs without matrix units the backward pass prefers channels first, on GPUs channels last.
    layout = {"memory_format": torch.channels_last if device.type == "cuda" else torch.contiguous_format}

    unet = make_unet()
    state = {"pictures": 0, "step": 0, "spent": 0.0}
    optimizer_state = None
    if not options.fresh:
        state = load_checkpoint(options.work / "unet.pt")
        optimizer_state = state.pop("optimizer", None)
        unet.load_state_dict(state["weights"])
        if options.new_phase:
            optimizer_state, state["spent"] = None, 0.0
            unet.load_state_dict(state["average"])
    unet.to(device, **layout).train()
    average = {k: v.to(device) for k, v in state["average"].items()} if not options.fresh else {k: v.detach().clone() for k, v in unet.state_dict().items()}
    optimizer = torch.optim.AdamW(unet.parameters(), lr=options.rate, betas=(0.9, 0.99), weight_decay=0.01, fused=True)
    if optimizer_state:
        optimizer.load_state_dict(optimizer_state)
    scale = state.get("latent_std") or load_checkpoint(options.work / "autoencoder.pt")["latent_std"]
    captions, shards, alphas = Captions(options.work), Shards(options.work / "shards"), alphas_cumprod(device)
    pictures, total_steps = state["pictures"], state["step"]
    torch.manual_seed(1000 + total_steps)

    def save() -> None:
        save_checkpoint(options.work / "unet.pt", {
            "average": average, "weights": unet.state_dict(), "optimizer": optimizer.state_dict(), "latent_std": scale,
            "pictures": pictures, "step": total_steps, "spent": progress.elapsed, "loss": recent,
        })

    progress = Progress(options.minutes * 60, state.get("spent", 0.0))
    saved, step, recent = time.monotonic(), 0, 0.0
    stop = options.work / "stop"
    while not progress.over and not stop.exists():
        for group in optimizer.param_groups:
            group["lr"] = rate_at(progress.share, step, options.rate)
        latents, words = shards.batch(options.batch)
        dropped = torch.rand(options.batch) < DROPPED_CAPTIONS
        states = captions.states(["" if d else w for w, d in zip(words, dropped)]).to(device)
        clean = (latents / scale).to(device).contiguous(**layout)
        # Stratified times: each batch covers the whole range, which steadies the gradient.
        times = ((torch.arange(options.batch) + torch.rand(options.batch)) * 1000 / options.batch).long().clamp(max=999).to(device)
        noise = torch.randn(clean.shape).to(device).contiguous(**layout)
        alpha = alphas[times]
        with torch.autocast("cuda", torch.bfloat16, enabled=device.type == "cuda"):
            predicted = unet(add_noise(clean, noise, alpha), times, states).sample.float()
        loss = F.mse_loss(predicted, velocity(clean, noise, alpha))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(unet.parameters(), 1.0)
        optimizer.step()
        step, total_steps, pictures = step + 1, total_steps + 1, pictures + options.batch
        average_into(average, unet, min(options.decay, step / (step + 30)))
        progress.note(loss.item())
        if step % 25 == 0:
            recent = sum(progress.losses) / len(progress.losses)
            progress.line(f"step {step}, loss {{loss:.4f}}, rate {optimizer.param_groups[0]['lr']:.1e}, {pictures} pictures")
        if time.monotonic() - saved > 240:
            save()
            saved = time.monotonic()
    save()
    print(f"done: {pictures} pictures seen by these weights in this work folder", flush=True)


if __name__ == "__main__":
    main()
