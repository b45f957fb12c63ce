"""Teaches a Stable Diffusion model a new word from a few pictures: only the word's rows of the token table are trained.

Writes to --output_dir: embeds/STEP.safetensors and learned_embeds.safetensors (the last ones) for --embedding of
`inbetween image` and `render`, images/STEP.jpg, losses.json and state.pt, from which a second run goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import time
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch  # noqa: E402
from diffusers import DDPMScheduler, StableDiffusionPipeline  # noqa: E402
from PIL import Image  # noqa: E402

from pictures import epoch_examples, picture_files  # noqa: E402
from vocabulary import NewWord  # noqa: E402

SAMPLE_SENTENCES = ("a photo of a {}", "a painting of a {} by the sea, highly detailed")


def main() -> None:
    options = _options()
    torch.manual_seed(options.seed)
    files = picture_files(options.data_root)
    pipeline = StableDiffusionPipeline.from_pretrained(options.model, safety_checker=None).to(options.device)
    pipeline.set_progress_bar_config(disable=True)
    _check_size(pipeline, options.img_size)
    word = NewWord(
        pipeline.tokenizer, pipeline.text_encoder, options.placeholder_token, options.initializer_token, options.num_vectors
    )
    for part in (pipeline.vae, pipeline.unet, pipeline.text_encoder):
        part.requires_grad_(False).eval()
    word.table.requires_grad_(True)
    scheduler = DDPMScheduler.from_config(pipeline.scheduler.config)
    optimizer = torch.optim.AdamW(
        [word.table],
        lr=options.learning_rate,
        betas=(options.adam_beta1, options.adam_beta2),
        weight_decay=options.adam_weight_decay,
        eps=options.adam_epsilon,
    )
    out: Path = options.output_dir
    for folder in (out / "embeds", out / "images"):
        folder.mkdir(parents=True, exist_ok=True)
    first, losses = _resume(out / "state.pt", options, word, optimizer)
    started, step = time.monotonic(), len(losses)
    begin = step
    per_epoch = -(-len(files) // options.train_batch_size)
    total = per_epoch * options.epochs

    for epoch in range(first, options.epochs):
        generator = random.Random(options.seed * 100_003 + epoch)
        torch.manual_seed(options.seed * 100_003 + epoch)
        examples = epoch_examples(
            files, word.text, options.learnable_property, options.img_size, options.center_crop, generator
        )
        for at in range(0, len(examples), options.train_batch_size):
            batch = examples[at : at + options.train_batch_size]
            losses.append(_train_step(pipeline, scheduler, optimizer, word, batch, options.device))
            step += 1
            if _is_due(step, options.log_embed_frequency):
                word.save(out / "embeds" / f"{step}.safetensors")
            if _is_due(step, options.log_image_frequency):
                _save_samples(pipeline, word, options, out / "images" / f"{step}.jpg")
            if step % 10 == 0 or step == total:
                rate = (time.monotonic() - started) / (step - begin)
                recent = sum(losses[-100:]) / len(losses[-100:])
                print(f"step {step} of {total}, loss {recent:.4f}, {rate * (total - step) / 60:.0f} min left", flush=True)
        _save_state(out, epoch + 1, losses, word, optimizer, options)
    word.save(out / "learned_embeds.safetensors")
    print(f"Learned: {out / 'learned_embeds.safetensors'}", flush=True)


def _train_step(pipeline, scheduler, optimizer, word: NewWord, batch: list, device: str) -> float:
    pictures = torch.stack([picture for picture, _ in batch]).to(device)
    ids = pipeline.tokenizer(
        [sentence for _, sentence in batch], padding="max_length", max_length=77, truncation=True, return_tensors="pt"
    ).input_ids.to(device)
    with torch.no_grad():
        latents = pipeline.vae.encode(pictures).latent_dist.sample() * pipeline.vae.config.scaling_factor
    noise = torch.randn_like(latents)
    timesteps = torch.randint(0, scheduler.config.num_train_timesteps, (len(latents),), device=device)
    noisy = scheduler.add_noise(latents, noise, timesteps)
    is_v = scheduler.config.prediction_type == "v_prediction"
    wanted = scheduler.get_velocity(latents, noise, timesteps) if is_v else noise
    predicted = pipeline.unet(noisy, timesteps, pipeline.text_encoder(ids)[0]).sample
    loss = torch.nn.functional.mse_loss(predicted, wanted)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    word.restore_others()
    return loss.item()


def _save_samples(pipeline, word: NewWord, options: argparse.Namespace, path: Path) -> None:
    """Two pictures of each sentence side by side. Training goes on from its own random numbers."""
    generator = torch.Generator().manual_seed(options.seed)
    pictures = [
        pipeline(
            sentence.format(word.text),
            num_inference_steps=options.sample_steps,
            guidance_scale=7.5,
            height=options.img_size,
            width=options.img_size,
            generator=generator,
        ).images[0]
        for sentence in SAMPLE_SENTENCES
        for _ in range(2)
    ]
    sheet = Image.new("RGB", (options.img_size * len(pictures), options.img_size))
    for i, picture in enumerate(pictures):
        sheet.paste(picture, (i * options.img_size, 0))
    sheet.save(path)


def _resume(path: Path, options: argparse.Namespace, word: NewWord, optimizer) -> tuple[int, list[float]]:
    if not path.exists():
        return 0, []
    state = torch.load(path, map_location=options.device, weights_only=True)
    if state["tokens"] != word.tokens:
        raise SystemExit(f"{path} is of the word {state['tokens']}; choose another --output_dir for {word.tokens}")
    with torch.no_grad():
        word.table[word.ids] = state["rows"]
    own = optimizer.state[word.table]
    own["step"] = state["step"]
    for name in ("exp_avg", "exp_avg_sq"):
        own[name] = torch.zeros_like(word.table)
        own[name][word.ids] = state[name]
    print(f"Going on after epoch {state['epoch']}", flush=True)
    return state["epoch"], state["losses"]


def _save_state(out: Path, epoch: int, losses: list, word: NewWord, optimizer, options: argparse.Namespace) -> None:
    state = {
        "epoch": epoch,
        "losses": losses,
        "tokens": word.tokens,
        "rows": word.rows,
        # Of the optimizer's memory only the word's rows matter: all others are put back after every step.
        "step": optimizer.state[word.table]["step"],
        **{name: optimizer.state[word.table][name][word.ids].clone() for name in ("exp_avg", "exp_avg_sq")},
    }
    part = out / "state.part"
    torch.save(state, part)
    part.replace(out / "state.pt")
    settings = {key: str(value) for key, value in vars(options).items()}
    (out / "losses.json").write_text(json.dumps({"settings": settings, "losses": losses}), encoding="utf-8")


def _is_due(step: int, frequency: int) -> bool:
    return frequency > 0 and step % frequency == 0


def _check_size(pipeline, size: int) -> None:
    multiple = pipeline.vae_scale_factor * 2 ** (len(pipeline.unet.config.block_out_channels) - 1)
    if size % multiple:
        raise SystemExit(f"--img_size {size} is no multiple of {multiple}, which this model needs")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--model", required=True, type=Path, help="Stable Diffusion 1.x or 2.x folder, as save_pretrained writes it")
    add("--data_root", required=True, type=Path, help="folder of 3 to 10 pictures")
    add("--placeholder_token", required=True, help="the new word")
    add("--initializer_token", required=True, help="a known word of one token to start from")
    add("--num_vectors", type=int, default=1, help="tokens that the word stands for")
    add("--learnable_property", choices=("object", "style"), default="object")
    add("--output_dir", type=Path, default=Path("textual-inversion"))
    add("--device", default="cpu", help="cpu or cuda")
    add("--img_size", type=int, default=512)
    add("--center_crop", action="store_true", help="crop to a square instead of squeezing")
    add("--train_batch_size", type=int, default=1)
    add("--epochs", type=int, default=1000, help="passes over the pictures")
    add("--learning_rate", type=float, default=1e-4)
    add("--adam_beta1", type=float, default=0.9)
    add("--adam_beta2", type=float, default=0.999)
    add("--adam_weight_decay", type=float, default=1e-2)
    add("--adam_epsilon", type=float, default=1e-8)
    add("--log_image_frequency", type=int, default=-1, help="steps between sample pictures; -1: none")
    add("--log_embed_frequency", type=int, default=500, help="steps between saved embeddings; -1: the last ones only")
    add("--sample_steps", type=int, default=50)
    add("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
