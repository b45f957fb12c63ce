"""Turns the embedded model's denoiser into Kandinsky's: it is told the multilingual text's rows and pooled vector and a
picture's embedding, on Kandinsky's linear schedule, and says the variance besides.

The start is the embedded model's weights, so that some hundred steps are enough: the new projections begin where they
give what the old ones knew, the time embedding is fitted to the new schedule first. The network predicts v; the export
turns that into the noise that Kandinsky's samplers expect.

Three stages. --teacher tells it the sentence encoder's own rows, so that it can run while the text encoders are trained;
without a flag it goes on from there (or from the embedded model) with the multilingual encoder; --inpainting goes on
from that and is given the kept picture and the mask besides.

Each goes on where its checkpoint (unet_teacher.pt, unet.pt, unet_inpainting.pt) stands. Stops after --minutes of training in all, or when a file named
`stop-unet` appears in the work folder; both ways save everything.
"""

from __future__ import annotations

import argparse
import math
import random
import time
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from torch.nn import functional as F

from nets import schedule as base_schedule
from nets.schedule import add_noise, velocity
from nets.text_encoder import Captions
from nets.unet import make_unet as make_base
from runtime import Learning, Progress, arithmetic, device_from, load_checkpoint

from .networks import CONTEXT, IMAGE_TOKENS, LATENT_CHANNELS, alphas_cumprod, make_inpainting_unet, make_unet
from .texts import Texts
from .train_text import HELD, draw

NOTHING = 0.1
"""How often neither text nor picture is told, for guidance."""
PICTURE_ALONE, TEXT_ALONE = 0.15, 0.03
"""How often the text, and how often the picture, is left out alone: a mixture of pictures comes without words."""
ROUGH = 0.25
"""Largest noise on a picture's embedding, whose numbers are about 1 large: the prior's are never quite right."""
VARIANCE_WEIGHT = 0.02


def fit_times(unet: UNet2DConditionModel, base: UNet2DConditionModel, steps: int = 400) -> float:
    """Fits the time embedding to the new schedule: each timestep gives what the old one with as much noise gave.

    :returns: the mean squared error left
    """
    ours, theirs = alphas_cumprod(), base_schedule.alphas_cumprod()
    # Old timesteps with our signal, fractional; what is beyond the old schedule's end takes its end.
    at = torch.searchsorted(-theirs, -ours).clamp(1, 999)
    share = ((theirs[at - 1].log() - ours.log()) / (theirs[at - 1].log() - theirs[at].log())).clamp(0, 1)
    with torch.no_grad():
        wanted = base.time_embedding(base.time_proj(at - 1 + share))
    optimizer = torch.optim.Adam(unet.time_embedding.parameters(), lr=1e-3)
    given = unet.time_proj(torch.arange(1000))
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = 1e-3 * (1 - step / steps)
        loss = F.mse_loss(unet.time_embedding(given), wanted)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item()


@torch.no_grad()
def begin(unet: UNet2DConditionModel, base: dict[str, torch.Tensor], images: torch.Tensor, means: torch.Tensor) -> None:
    """Puts the embedded model's weights into `unet` and sets the new projections so that it begins where that stood."""
    own = unet.state_dict()
    for name, value in base.items():
        if own[name].shape == value.shape:
            own[name] = value.clone()
        else:  # The last layer's further outputs are the variance; halfway between its bounds at first.
            own[name] = torch.zeros_like(own[name])
            own[name][:LATENT_CHANNELS] = value
    # A picture's embedding becomes the sentence vector that it is nearest to, the same in each row.
    inputs = torch.cat([images, torch.ones(len(images), 1)], 1)
    fitted = torch.linalg.lstsq(inputs.T @ inputs + 10 * torch.eye(inputs.shape[1]), inputs.T @ means).solution
    own["encoder_hid_proj.image_embeds.weight"] = fitted[:-1].T.repeat(IMAGE_TOKENS, 1)
    own["encoder_hid_proj.image_embeds.bias"] = fitted[-1].repeat(IMAGE_TOKENS)
    for name in ("image_proj.weight", "image_proj.bias", "text_norm.weight"):
        own[f"add_embedding.{name}"] = torch.zeros_like(own[f"add_embedding.{name}"])
    unet.load_state_dict(own)


def told_by(texts: Texts, unet: UNet2DConditionModel) -> None:
    """Rows of the multilingual text become what its pooled vector is made of, which was taught the sentence vectors."""
    unet.encoder_hid_proj.text_proj.load_state_dict(texts.multilingual.LinearTransformation.state_dict())


def widen(state: dict[str, torch.Tensor], unet: UNet2DConditionModel) -> None:
    """The plain U-Net's weights in the inpainting one; what it is given besides counts nothing at first."""
    first = torch.zeros_like(unet.conv_in.weight)
    first[:, :LATENT_CHANNELS] = state["conv_in.weight"]
    unet.load_state_dict({**state, "conv_in.weight": first})


def masks(count: int) -> torch.Tensor:
    """Random kept cells [count, 1, 16, 16], 1 keeps: boxes and halves to repaint, now and then everything."""
    keep = torch.ones(count, 1, 16, 16)
    for one in keep:
        if torch.rand(()) < 0.1:
            one.zero_()
            continue
        height, width = torch.randint(4, 15, (2,)).tolist()
        top, left = torch.randint(0, 17 - height, ()).item(), torch.randint(0, 17 - width, ()).item()
        one[:, top : top + height, left : left + width] = 0
        if torch.rand(()) < 0.25:
            one.mul_(-1).add_(1)
    return keep


def variance_loss(share: torch.Tensor, clean: torch.Tensor, guess: torch.Tensor, noised: torch.Tensor, times: torch.Tensor, alphas: torch.Tensor) -> torch.Tensor:
    """The variational bound's term (Nichol and Dhariwal, 2102.09672) for the variance alone: the mean does not learn
    from it. `share` -1 to 1 lies between the logarithms of the posterior's variance and of beta."""
    pick = lambda values: values[times].view(-1, 1, 1, 1)  # noqa: E731
    before = torch.cat([torch.ones(1), alphas[:-1]])
    betas = 1 - alphas / before
    posterior = betas * (1 - before) / (1 - alphas)
    posterior[0] = posterior[1]
    low, high = pick(posterior.log()), pick(betas.log())
    log_variance = low + (share + 1) / 2 * (high - low)
    factor = pick(betas * before.sqrt() / (1 - alphas))
    # Both means share the term in the noised sample.
    apart = (factor * (clean - guess.detach())).square()
    return 0.5 * (log_variance - low + (low.exp() + apart) / log_variance.exp() - 1).mean()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, required=True, help="folder of the embedded model's checkpoints")
    parser.add_argument("--work", type=Path, required=True, help="folder of pairs.pt and the text encoders")
    parser.add_argument("--minutes", type=float, default=25)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=3e-4)
    parser.add_argument("--decay", type=float, default=0.995, help="of the averaged weights, a step")
    parser.add_argument("--new-rate", type=float, default=3.0, help="factor on the rate of the projections of what the U-Net is told")
    stage = parser.add_mutually_exclusive_group()
    stage.add_argument("--teacher", action="store_true", help="tell the sentence encoder's rows")
    stage.add_argument("--inpainting", action="store_true", help="give the kept picture and the mask besides")
    options = parser.parse_args()
    device = device_from("cpu")
    torch.manual_seed(4)
    texts = None if options.teacher else Texts(options.work)
    pairs = torch.load(options.work / "pairs.pt", weights_only=True, mmap=True)
    latents, images, zero = pairs["latents"].float(), pairs["images"], pairs["zero"]
    count = len(latents) - HELD
    name = "unet_inpainting" if options.inpainting else "unet_teacher" if options.teacher else "unet"
    unet = make_inpainting_unet() if options.inpainting else make_unet()
    checkpoint, earlier = options.work / f"{name}.pt", options.work / "unet_teacher.pt"
    if not checkpoint.exists():
        if options.inpainting:
            widen(load_checkpoint(options.work / "unet.pt")["average"], unet)
        elif not options.teacher and earlier.exists():
            unet.load_state_dict(load_checkpoint(earlier)["average"], strict=False)
        else:
            base = load_checkpoint(options.base / "unet.pt")["average"]
            begin(unet, base, images[:count:3].float(), pairs["means"][:count:3].float())
            old = make_base()
            old.load_state_dict(base)
            print(f"time embedding off by {fit_times(unet, old):.1e}", flush=True)
        if texts is not None and not options.inpainting:
            told_by(texts, unet)
    if options.teacher:
        # The untrained projection is left out of the checkpoint; it starts from the text encoder later.
        unet.encoder_hid_proj.text_proj = torch.nn.Identity()
        nothing = Captions(options.base).states([""])[0, 0]
    unet.train()
    # Plain attention: with so few tokens the fused kernel costs more than it saves.
    unet.set_attn_processor(AttnProcessor())
    told = ("encoder_hid_proj", "add_embedding", "attn2.to_k", "attn2.to_v")
    groups = [
        {"params": [p for n, p in unet.named_parameters() if any(part in n for part in told)], "factor": options.new_rate},
        {"params": [p for n, p in unet.named_parameters() if not any(part in n for part in told)], "factor": 1.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=options.rate, betas=(0.9, 0.99), weight_decay=1e-3)
    learning = Learning(unet, optimizer)
    spent = learning.go_on(checkpoint, device).get("spent", 0.0)
    alphas, rng = alphas_cumprod(), random.Random(len(learning.losses))
    order: list[int] = []
    progress = Progress(options.minutes * 60, spent)
    saved = time.monotonic()
    while not progress.over and not (options.work / "stop-unet").exists():
        step = len(learning.losses)
        fall = 1.0 if progress.share < 0.3 else 0.5 * (1 + math.cos(math.pi * (progress.share - 0.3) / 0.7)) * 0.98 + 0.02
        for group in optimizer.param_groups:
            group["lr"] = options.rate * group["factor"] * min(1, (step + 1) / 40) * fall
        if len(order) < options.batch:
            order = torch.randperm(count).tolist()
        chosen, order = order[: options.batch], order[options.batch :]
        captions, seen = draw(pairs, chosen, rng), images[chosen].float()
        seen = seen + ROUGH * torch.rand(len(seen), 1) * torch.randn_like(seen)
        for i in range(len(chosen)):
            chance = rng.random()
            if chance < NOTHING + PICTURE_ALONE:
                captions[i] = ""
            if chance < NOTHING or chance > 1 - TEXT_ALONE:
                seen[i] = zero
        if texts is not None:
            states, pooled = texts.decoder(captions)
        else:
            silent = torch.tensor([caption == "" for caption in captions])[:, None]
            pooled = torch.where(silent, nothing, pairs["means"][chosen].float())
            words = torch.where(silent[..., None], nothing, pairs["rows"][chosen].float())
            states = torch.cat([words, pooled[:, None].expand(-1, CONTEXT - words.shape[1], -1)], 1)
        clean = latents[chosen]
        times = ((torch.arange(len(chosen)) + torch.rand(len(chosen))) * 1000 / len(chosen)).long().clamp(max=999)
        noise, alpha = torch.randn_like(clean), alphas[times]
        noised = add_noise(clean, noise, alpha)
        given = noised
        if options.inpainting:
            keep = masks(len(clean))
            given = torch.cat([noised, clean * keep, keep], 1)
        with arithmetic(torch.device("cpu")):
            found = unet(given, times, states, added_cond_kwargs={"text_embeds": pooled, "image_embeds": seen}).sample.float()
        predicted, share = found.chunk(2, 1)
        drawing = F.mse_loss(predicted, velocity(clean, noise, alpha))
        guess = base_schedule.clean_from_velocity(noised, predicted, alpha)
        loss = drawing + VARIANCE_WEIGHT * variance_loss(share, clean, guess, noised, times, alphas)
        learning.step(loss, options.decay, drawing.item())
        progress.note(drawing.item())
        if (step + 1) % 25 == 0:
            progress.line(f"step {step + 1}, loss {{loss:.4f}}, {(step + 1) * options.batch} pictures")
        if time.monotonic() - saved > 150:
            learning.save(checkpoint, {"spent": progress.elapsed})
            saved = time.monotonic()
    learning.save(checkpoint, {"spent": progress.elapsed})
    print(f"done: {len(learning.losses)} steps", flush=True)


if __name__ == "__main__":
    main()
