"""Textual-inversion files in the layouts that artists have, and their use in diffusers."""

from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

# File name -> the word for it in prompts.
WORDS = {
    "fox-toy.bin": "<fox-toy>",
    "three.pt": "three-vectors",
    "glow.safetensors": "glow",
    "xl-style.safetensors": "xl-style",
}


def write_embeddings(folder: Path) -> None:
    """Vectors of the tiny encoders' sizes: 32, and for Stable Diffusion XL 32 and 40."""
    folder.mkdir(parents=True)
    generator = torch.Generator().manual_seed(5)
    rows = lambda *shape: 0.05 * torch.randn(shape, generator=generator)  # noqa: E731
    # A view with an offset and a stride that is not the plain one, in half precision.
    torch.save({"<fox-toy>": rows(3, 64).half()[1, ::2]}, folder / "fox-toy.bin")
    torch.save(
        OrderedDict(
            string_to_token={"*": 265},
            string_to_param={"*": torch.nn.Parameter(rows(3, 32))},
            name="three-vectors",
            step=500,
            sd_checkpoint=None,
            sd_checkpoint_name=None,
        ),
        folder / "three.pt",
    )
    save_file({"emb_params": rows(2, 32)}, folder / "glow.safetensors")
    save_file({"clip_l": rows(2, 32), "clip_g": rows(2, 40)}, folder / "xl-style.safetensors")


def load_into(pipeline: Any, file: Path) -> None:
    """As the documentation of diffusers says for each kind of file."""
    word = WORDS[file.name]
    if file.name != "xl-style.safetensors":
        pipeline.load_textual_inversion(str(file), token=word)
        return
    parts = load_file(file)
    for part, encoder, tokenizer in (
        ("clip_l", pipeline.text_encoder, pipeline.tokenizer),
        ("clip_g", pipeline.text_encoder_2, pipeline.tokenizer_2),
    ):
        pipeline.load_textual_inversion(parts[part], token=word, text_encoder=encoder, tokenizer=tokenizer)
