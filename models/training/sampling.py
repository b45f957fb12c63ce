"""Draws pictures with the model, from the training checkpoints or from an exported folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from diffusers import DPMSolverMultistepScheduler
from PIL import Image, ImageDraw

from nets.autoencoder import LATENT_CHANNELS, Decoder
from nets.schedule import SCHEDULER_CONFIG
from nets.text_encoder import Captions, load_tokenizer, token_ids
from nets.unet import make_unet
from runtime import load_checkpoint


class Model(Protocol):
    """What sampling needs of a model, whatever runs it."""

    latent_std: float

    def encode(self, prompts: list[str]) -> torch.Tensor: ...
    def velocity(self, sample: torch.Tensor, time: float, states: torch.Tensor) -> torch.Tensor: ...
    def decode(self, latents: torch.Tensor) -> torch.Tensor: ...


class CheckpointModel:
    """The model as the training's checkpoints hold it."""

    def __init__(self, work: Path, weights: str = "average") -> None:
        autoencoder, denoiser = load_checkpoint(work / "autoencoder.pt"), load_checkpoint(work / "unet.pt")
        self.decoder, self.unet = Decoder().eval(), make_unet().eval()
        self.decoder.load_state_dict(autoencoder["decoder"])
        self.unet.load_state_dict(denoiser[weights])
        self.captions = Captions(work)
        self.latent_std = float(denoiser["latent_std"])
        self.pictures = int(denoiser["pictures"])

    @torch.no_grad()
    def encode(self, prompts: list[str]) -> torch.Tensor:
        return self.captions.states(prompts)

    @torch.no_grad()
    def velocity(self, sample: torch.Tensor, time: float, states: torch.Tensor) -> torch.Tensor:
        return self.unet(sample, torch.tensor(time), states).sample

    @torch.no_grad()
    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        return self.decoder(latents)


class FolderModel:
    """An exported model folder on ONNX Runtime, as the studio runs it."""

    def __init__(self, folder: Path) -> None:
        import onnxruntime

        def session(name: str):
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = torch.get_num_threads()
            return onnxruntime.InferenceSession(str(folder / name / "model.onnx"), options, providers=["CPUExecutionProvider"])

        self.text, self.unet, self.decoder = session("text_encoder"), session("unet"), session("vae_decoder")
        self.tokenizer = load_tokenizer(folder / "tokenizer")
        fixed = self.text.get_inputs()[0].shape[1]
        self.tokens = fixed if isinstance(fixed, int) else self.tokenizer.model_max_length
        config = json.loads((folder / "vae_decoder/config.json").read_text(encoding="utf-8"))
        self.latent_std = 1 / config["scaling_factor"]

    def encode(self, prompts: list[str]) -> torch.Tensor:
        ids, mask = token_ids(self.tokenizer, prompts, self.tokens)
        given = {"input_ids": ids.numpy(), "attention_mask": mask.numpy()}
        feeds = {i.name: given[i.name] for i in self.text.get_inputs()}
        return torch.from_numpy(self.text.run(["last_hidden_state"], feeds)[0])

    def velocity(self, sample: torch.Tensor, time: float, states: torch.Tensor) -> torch.Tensor:
        feeds = {"sample": sample.numpy(), "timestep": np.array(time, np.float32), "encoder_hidden_states": states.numpy()}
        return torch.from_numpy(self.unet.run(None, feeds)[0])

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(self.decoder.run(None, {"latent_sample": latents.numpy()})[0])


def pictures_of(pixels: torch.Tensor) -> list[Image.Image]:
    """Pixels [b, 3, h, w] in [-1, 1], cut off there, as 8-bit pictures."""
    values = ((pixels.float().clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1)
    return [Image.fromarray(picture) for picture in values.cpu().numpy()]


def fixed_noise(count: int, seed: int, height: int = 16, width: int = 16) -> torch.Tensor:
    """Standard normal noise [count, 12, height, width] that depends on the seed alone."""
    return torch.randn(count, LATENT_CHANNELS, height, width, generator=torch.Generator().manual_seed(seed))


@torch.no_grad()
def draw(model: Model, states: torch.Tensor, noise: torch.Tensor, steps: int = 15, guidance: float = 4.0, batch: int = 8) -> list[Image.Image]:
    """Samples with DPM-Solver++ (2M) and classifier-free guidance; one picture per row of `states`."""
    empty, pictures = model.encode([""]), []
    for at in range(0, len(states), batch):
        wanted = states[at : at + batch]
        scheduler = DPMSolverMultistepScheduler(**SCHEDULER_CONFIG)
        scheduler.set_timesteps(steps)
        sample = noise[at : at + batch] * scheduler.init_noise_sigma
        both = torch.cat([empty.expand(len(wanted), -1, -1), wanted])
        for time in scheduler.timesteps:
            given = scheduler.scale_model_input(sample, time)
            without, guided = model.velocity(torch.cat([given, given]), float(time), both).chunk(2)
            sample = scheduler.step(without + guidance * (guided - without), time, sample).prev_sample
        pictures += pictures_of(model.decode(sample * model.latent_std))
    return pictures


def contact_sheet(pictures: list[Image.Image], labels: list[str], columns: int, side: int = 160) -> Image.Image:
    """The pictures in rows, each below its label."""
    rows, head = -(-len(pictures) // columns), 14
    sheet = Image.new("RGB", (columns * side, rows * (side + head)), "white")
    writer = ImageDraw.Draw(sheet)
    for i, (picture, label) in enumerate(zip(pictures, labels)):
        x, y = i % columns * side, i // columns * (side + head)
        sheet.paste(picture.resize((side, side), Image.LANCZOS), (x, y + head))
        writer.text((x + 2, y + 1), label[: side // 6], fill="black")
    return sheet
