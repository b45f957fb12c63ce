"""A learned word of two text encoders, in the original implementation's layout, and how the reference takes it."""

from pathlib import Path
from typing import Any

import torch
from kandinsky_cases import WORD
from tiny_kandinsky import WIDTH


def write_word(file: Path) -> None:
    generator = torch.Generator().manual_seed(9)
    row = lambda: 0.5 * torch.randn(WIDTH, generator=generator)  # noqa: E731
    torch.save({"t1": {WORD: row()}, "t2": {WORD: row()}}, file)


def load_word(file: Path, tokenizer: Any, encoder: Any, part: str) -> None:
    """One more token in the tokenizer, one more row in the encoder's table."""
    tokenizer.add_tokens([WORD])
    encoder.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    row = torch.load(file, weights_only=True)[part][WORD]
    with torch.no_grad():
        encoder.get_input_embeddings().weight[tokenizer.convert_tokens_to_ids(WORD)] = row
