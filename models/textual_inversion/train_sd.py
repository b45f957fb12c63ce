"""Teaches a Stable Diffusion model a new word from a few pictures: only the word's rows of the token table are trained.

Writes to --output_dir: learned_embeds.safetensors for --embedding of `inbetween image` and `render`,
EPOCH_epoch_embeds.safetensors, images/EPOCH_epoch_images.jpg, losses.json and state.pt, from which a second run goes on.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch  # noqa: E402
from diffusers import DDPMScheduler, StableDiffusionPipeline  # noqa: E402
from PIL import Image  # noqa: E402
from safetensors.torch import save_file  # noqa: E402

from options import parser_of  # noqa: E402
from training import freeze, sampling_of, teach, with_noise  # noqa: E402
from vocabulary import NewWord, token_ids  # noqa: E402


def main(arguments: list[str] | None = None) -> None:
    options = _options(arguments)
    teach(StableDiffusionLesson(options), options)


class StableDiffusionLesson:
    ending = ".safetensors"
    sample_sentences = ("a photo of a {}", "a painting of a {} by the sea, highly detailed")

    def __init__(self, options: argparse.Namespace) -> None:
        pipeline = StableDiffusionPipeline.from_pretrained(options.model, safety_checker=None).to(options.device)
        pipeline.set_progress_bar_config(disable=True)
        self.pipeline, self.options = pipeline, options
        self.word = NewWord(
            pipeline.tokenizer, pipeline.text_encoder, options.placeholder_token, options.initializer_token, options.num_vectors
        )
        self.words = [self.word]
        self.modules = [pipeline.vae, pipeline.unet, pipeline.text_encoder]
        freeze(self.modules)
        self.scheduler = DDPMScheduler.from_config(pipeline.scheduler.config)
        self.multiple = pipeline.vae_scale_factor * 2 ** (len(pipeline.unet.config.block_out_channels) - 1)

    def loss(self, pictures: torch.Tensor, sentences: list[str]) -> torch.Tensor:
        pipeline, scheduler = self.pipeline, self.scheduler
        with torch.no_grad():
            latents = pipeline.vae.encode(pictures).latent_dist.sample() * pipeline.vae.config.scaling_factor
        noisy, noise, timesteps = with_noise(scheduler, latents)
        is_v = scheduler.config.prediction_type == "v_prediction"
        wanted = scheduler.get_velocity(latents, noise, timesteps) if is_v else noise
        states = pipeline.text_encoder(token_ids(pipeline.tokenizer, sentences, latents.device).input_ids)[0]
        return torch.nn.functional.mse_loss(pipeline.unet(noisy, timesteps, states).sample, wanted)

    def sample(self, sentence: str, generator: torch.Generator) -> Image.Image:
        # diffusers writes out the further names of a word of several vectors.
        text = sentence.format(self.word.word)
        return self.pipeline(text, **sampling_of(self.options, generator)).images[0]

    def save(self, path: Path) -> None:
        """{word: rows} as diffusers, other tools and Inbetween read it."""
        save_file({self.word.word: self.word.stored}, path)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--model", required=True, type=Path, help="Stable Diffusion 1.x or 2.x folder, as save_pretrained writes it")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
