"""Trains the denoiser on shards of latents: v-prediction, 10 % dropped captions, averaged weights.

The networks run in bfloat16 where that is fast, weights and optimizer stay in float32.
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
from diffusers.models.attention_processor import AttnProcessor
from torch.nn import functional as F

from nets.schedule import add_noise, alphas_cumprod, velocity
from nets.text_encoder import Captions
from nets.unet import make_unet
from optimizers import MuonAndAdamW
from runtime import Progress, arithmetic, average_into, device_from, load_checkpoint, save_checkpoint

DROPPED_CAPTIONS = 0.1


class Shards:
    """All shards of a folder as one list, reshuffled every epoch; follows what is added and taken away."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.loaded: dict[str, dict[str, torch.Tensor]] = {}
        self.order: list[tuple[str, int]] = []
        self.shuffler = torch.Generator().manual_seed(11)

    def _refill(self) -> None:
        found = {path.name: path for path in self.folder.glob("shard-*.pt")}
        self.loaded = {name: shard for name, shard in self.loaded.items() if name in found}
        for name in sorted(found.keys() - self.loaded.keys()):
            shard = torch.load(found[name], weights_only=True)
            self.loaded[name] = {"latents": shard["latents"], "states": shard["states"]}
        if not self.loaded:
            raise SystemExit(f"{self.folder}: no shards; run make_shards.py first")
        places = [(name, i) for name, shard in self.loaded.items() for i in range(len(shard["latents"]))]
        self.order = [places[i] for i in torch.randperm(len(places), generator=self.shuffler)]

    def batch(self, size: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Latents [size, 12, 16, 16] and text states [size, 32, 384], float32."""
        if len(self.order) < size:
            self._refill()
        chosen, self.order = self.order[:size], self.order[size:]
        return tuple(torch.stack([self.loaded[name][part][i] for name, i in chosen]).float() for part in ("latents", "states"))


class Watch:
    """The loss on a shard that training never sees, with the same noise each time."""

    def __init__(self, path: Path, scale: float, size: int = 192) -> None:
        shard = torch.load(path, weights_only=True)
        source = torch.Generator().manual_seed(3)
        self.clean, self.states = shard["latents"][:size].float() / scale, shard["states"][:size].float()
        self.noise = torch.randn(self.clean.shape, generator=source)
        self.times = torch.arange(size) * 1000 // size

    @torch.no_grad()
    def loss(self, unet: torch.nn.Module, device: torch.device, batch: int = 48) -> float:
        alphas, total = alphas_cumprod(device), 0.0
        for at in range(0, len(self.clean), batch):
            clean, states, noise, times = (v[at : at + batch].to(device) for v in (self.clean, self.states, self.noise, self.times))
            with arithmetic(device):
                found = unet(add_noise(clean, noise, alphas[times]), times, states).sample.float()
            total += F.mse_loss(found, velocity(clean, noise, alphas[times])).item() * len(clean)
        return total / len(self.clean)


def rate_at(share: float, step: int, peak: float) -> float:
    """Short warm-up, then flat for 40 % of the time and down a cosine to 1 %."""
    fall = 1.0 if share < 0.4 else 0.5 * (1 + math.cos(math.pi * (share - 0.4) / 0.6)) * 0.99 + 0.01
    return peak * min(1, (step + 1) / 50) * fall


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder of checkpoints and shards")
    parser.add_argument("--minutes", type=float, required=True, help="planned time of this phase; a resumed phase counts what it has used")
    parser.add_argument("--batch", type=int, default=48)
    parser.add_argument("--rate", type=float, default=4e-4)
    parser.add_argument("--decay", type=float, default=0.998, help="of the averaged weights, a step")
    parser.add_argument("--watch", type=Path, help="a shard that is not trained on; its loss is printed at every save")
    parser.add_argument("--fresh", action="store_true", help="start from random weights")
    parser.add_argument("--new-phase", action="store_true", help="keep the weights, start time and optimizer anew")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    device = device_from(options.device)
    # Measured: channels first is faster in the backward pass on AVX-512, channels last on GPUs.
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
    if device.type == "cpu":
        unet.set_attn_processor(AttnProcessor())  # A tenth less time for a step than the fused kernel's backward pass.
    average = {k: v.to(device) for k, v in state["average"].items()} if not options.fresh else {k: v.detach().clone() for k, v in unet.state_dict().items()}
    optimizer = MuonAndAdamW(unet, options.rate)
    if optimizer_state:
        optimizer.load_state_dict(optimizer_state)
    scale = state.get("latent_std") or load_checkpoint(options.work / "autoencoder.pt")["latent_std"]
    shards, alphas = Shards(options.work / "shards"), alphas_cumprod(device)
    nothing = Captions(options.work).states([""])
    watch = Watch(options.watch, scale) if options.watch else None
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
        rate = rate_at(progress.share, step, options.rate)
        optimizer.set_rate(rate)
        latents, states = shards.batch(options.batch)
        dropped = torch.rand(options.batch, 1, 1) < DROPPED_CAPTIONS
        states = torch.where(dropped, nothing, states).to(device)
        clean = (latents / scale).to(device).contiguous(**layout)
        # Stratified times: each batch covers the whole range, which steadies the gradient.
        times = ((torch.arange(options.batch) + torch.rand(options.batch)) * 1000 / options.batch).long().clamp(max=999).to(device)
        noise = torch.randn(clean.shape).to(device).contiguous(**layout)
        alpha = alphas[times]
        with arithmetic(device):
            predicted = unet(add_noise(clean, noise, alpha), times, states).sample.float()
        loss = F.mse_loss(predicted, velocity(clean, noise, alpha))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(unet.parameters(), 1.0)
        optimizer.step()
        step, total_steps, pictures = step + 1, total_steps + 1, pictures + options.batch
        average_into(average, unet, min(options.decay, total_steps / (total_steps + 30)))
        progress.note(loss.item())
        if step % 25 == 0:
            recent = sum(progress.losses) / len(progress.losses)
            progress.line(f"step {step}, loss {{loss:.4f}}, rate {rate:.1e}, {pictures} pictures")
        if time.monotonic() - saved > 240:
            save()
            saved = time.monotonic()
            if watch:
                print(f"loss on unseen pictures {watch.loss(unet, device):.4f}", flush=True)
    save()
    if watch:
        unet.load_state_dict(average)
        print(f"loss of the averaged weights on unseen pictures {watch.loss(unet, device):.4f}", flush=True)
    print(f"done: {pictures} pictures seen by these weights in this work folder", flush=True)


if __name__ == "__main__":
    main()
