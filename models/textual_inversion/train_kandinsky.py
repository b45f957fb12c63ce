"""Teaches Kandinsky 2.1 a new word from a few pictures: a row of the multilingual text encoder (t1) and one of the prior's
CLIP text encoder (t2). The second learns through all sampling steps of the prior.

Writes to --output_dir: learned_embeds.bin for --embedding of `inbetween image` and `render`, EPOCH_epoch_embeds.bin,
images/EPOCH_epoch_images.jpg, losses.json and state.pt, from which a second run goes on. A full-size model in float32 takes
22 to 24 GB of a graphics card, and 27 to 28 GB with --log_image_frequency above 0.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch  # noqa: E402
from diffusers import (  # noqa: E402
    DDPMScheduler,
    KandinskyCombinedPipeline,
    KandinskyPipeline,
    KandinskyPriorPipeline,
)
from PIL import Image  # noqa: E402

from options import parser_of  # noqa: E402
from prior_sampling import PriorSampler, encode  # noqa: E402
from training import freeze, sampling_of, teach, with_noise  # noqa: E402
from vocabulary import NewWord, check_word, token_ids  # noqa: E402

BETAS = {"beta_schedule": "linear", "beta_start": 0.00085, "beta_end": 0.012}


def main(arguments: list[str] | None = None) -> None:
    options = _options(arguments)
    teach(KandinskyLesson(options), options)


class KandinskyLesson:
    ending = ".bin"
    sample_sentences = ("a photo of a {}", "Professional high-quality art of a {}. photorealistic, 4k, HQ")

    def __init__(self, options: argparse.Namespace) -> None:
        pipe = open_pipeline(options.model, options.prior)
        self.pipe, self.options = pipe, options
        word, initializer = options.placeholder_token, options.initializer_token
        check_word(pipe.prior_tokenizer, word, "the prior's text encoder")
        of = lambda tokenizer, encoder, where: NewWord(tokenizer, encoder, word, initializer, options.num_vectors, where)  # noqa: E731
        self.t1 = of(pipe.tokenizer, pipe.text_encoder.transformer, "the multilingual text encoder")
        self.t2 = of(pipe.prior_tokenizer, pipe.prior_text_encoder, "the prior's text encoder")
        self.words = [self.t1, self.t2]
        self.modules = [
            pipe.text_encoder, pipe.prior_text_encoder, pipe.prior_prior, pipe.prior_image_encoder, pipe.unet, pipe.movq
        ]
        freeze(self.modules)
        for module in self.modules:
            module.to(options.device)
        pipe.decoder_pipe.set_progress_bar_config(disable=True)
        self.schedule = DDPMScheduler(num_train_timesteps=1000, **BETAS)
        pipe.decoder_pipe.scheduler = _original_sampler(pipe.unet.config.out_channels)
        self.prior = PriorSampler(pipe.prior_prior, options.prior_steps)
        levels = [len(part.config.block_out_channels) - 1 for part in (pipe.movq, pipe.unet)]
        self.multiple = 2 ** sum(levels)
        with torch.no_grad():
            self.nothing = encode(pipe.prior_tokenizer, pipe.prior_text_encoder, [""])
            size = pipe.prior_image_encoder.config.image_size
            self.no_picture = pipe.prior_image_encoder(torch.zeros(1, 3, size, size, device=options.device)).image_embeds

    def imagine(self, texts: list[str], generator: torch.Generator | None = None) -> torch.Tensor:
        """The embeddings of pictures of the texts, float32 [batch, width]; gradients reach the new word."""
        text = encode(self.pipe.prior_tokenizer, self.pipe.prior_text_encoder, texts)
        return self.prior(text, self.nothing, self.options.prior_cf_scale, generator)

    def loss(self, pictures: torch.Tensor, sentences: list[str]) -> torch.Tensor:
        pipe = self.pipe
        with torch.no_grad():
            latents = pipe.movq.encode(pictures).latents
        noisy, noise, timesteps = with_noise(self.schedule, latents)
        read = token_ids(pipe.tokenizer, sentences, latents.device)
        pooled, states = pipe.text_encoder(read.input_ids, read.attention_mask)
        told = {"text_embeds": pooled, "image_embeds": self.imagine(sentences)}
        predicted = pipe.unet(noisy, timesteps, states, added_cond_kwargs=told).sample
        return torch.nn.functional.mse_loss(predicted[:, : latents.shape[1]], noise)

    @torch.no_grad()
    def sample(self, sentence: str, generator: torch.Generator) -> Image.Image:
        text = sentence.format(self.t1.text)
        return self.pipe.decoder_pipe(
            text,
            image_embeds=self.imagine([text], generator),
            negative_image_embeds=self.no_picture,
            **sampling_of(self.options, generator),
        ).images[0]

    def save(self, path: Path) -> None:
        """{t1: {word: row}, t2: {word: row}}, as the original implementation has it."""
        torch.save({name: {word.word: word.stored} for name, word in (("t1", self.t1), ("t2", self.t2))}, path)


def open_pipeline(folder: Path, prior: Path | None) -> Any:
    """Decoder and prior in one folder, or in the subfolders decoder and prior, or the prior in a folder of its own."""
    if prior is None and (folder / "decoder").is_dir() and (folder / "prior").is_dir():
        folder, prior = folder / "decoder", folder / "prior"
    accepted = ("KandinskyCombinedPipeline",) if prior is None else ("KandinskyPipeline", "KandinskyCombinedPipeline")
    index = folder / "model_index.json"
    try:
        found = json.loads(index.read_text(encoding="utf-8")).get("_class_name")
    except (OSError, ValueError) as error:
        raise SystemExit(f"--model {folder}: {index.name} is not readable: {error}") from error
    if found not in accepted:
        raise SystemExit(f"--model {folder} is a {found}; accepted: {', '.join(accepted)}; a KandinskyPipeline with --prior")
    if prior is None:
        return KandinskyCombinedPipeline.from_pretrained(folder)
    decoder = KandinskyPipeline.from_pretrained(folder)
    parts = KandinskyPriorPipeline.from_pretrained(prior).components
    return KandinskyCombinedPipeline(**decoder.components, **{f"prior_{name}": part for name, part in parts.items()})


def _original_sampler(out_channels: int) -> DDPMScheduler:
    """The original p_sampler in diffusers' form."""
    learned = {"variance_type": "learned_range"} if out_channels == 8 else {}
    return DDPMScheduler(num_train_timesteps=1000, **BETAS, **learned, thresholding=True, sample_max_value=2.0, clip_sample=False)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    add = parser.add_argument
    add(
        "--model", "--cache_root", required=True, type=Path, dest="model",
        help="Kandinsky 2.1 folder, as save_pretrained writes it: decoder and prior together, or in subfolders of these names",
    )
    add("--prior", type=Path, help="the prior's folder, where --model is the decoder alone")
    add("--prior_steps", type=int, default=5, help="sampling steps of the prior, in training and in sample pictures")
    add("--prior_cf_scale", type=float, default=4.0, help="guidance of the prior")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
