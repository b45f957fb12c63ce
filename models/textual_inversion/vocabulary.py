"""A new word in a text encoder: its tokens, its rows, and keeping all other rows as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file


class NewWord:
    """Adds `word` to a tokenizer and its encoder, as `vectors` rows that start as the initializer's."""

    def __init__(self, tokenizer: Any, encoder: Any, word: str, initializer: str, vectors: int) -> None:
        """:raises SystemExit: the word is known already, or the initializer is not one known token"""
        tokens = [word, *(f"{word}_{i}" for i in range(1, vectors))]
        known = tokenizer.get_vocab()
        if word in known or len(tokenizer.tokenize(word)) == 1 and tokenizer.tokenize(word)[0] in known:
            raise SystemExit(f"--placeholder_token {word} is a token of this model already; choose another word")
        start = tokenizer.encode(initializer, add_special_tokens=False)
        if len(start) != 1:
            raise SystemExit(
                f"--initializer_token {initializer} is {len(start)} tokens in this model; accepted: a word of one token"
            )
        tokenizer.add_tokens(tokens)
        self.word, self.tokens = word, tokens
        self.ids = tokenizer.convert_tokens_to_ids(tokens)
        encoder.resize_token_embeddings(len(tokenizer), mean_resizing=False)
        self.table = encoder.get_input_embeddings().weight
        with torch.no_grad():
            for row in self.ids:
                self.table[row] = self.table[start[0]]
        self._frozen = self.table.detach().clone()
        self._others = torch.ones(len(self.table), dtype=torch.bool)
        self._others[self.ids] = False

    @property
    def text(self) -> str:
        """The word as the tokenizer wants it written: one name for each vector."""
        return " ".join(self.tokens)

    @property
    def rows(self) -> torch.Tensor:
        return self.table[self.ids].detach().clone()

    @torch.no_grad()
    def restore_others(self) -> None:
        """Undoes what the optimizer (its weight decay too) did to the other rows."""
        self.table[self._others] = self._frozen[self._others]

    def save(self, path: Path) -> None:
        """{word: rows} as diffusers, other tools and Inbetween read it; whole or not at all."""
        part = path.with_suffix(".part")
        save_file({self.word: self.rows.contiguous().float()}, part)
        part.replace(path)

    @torch.no_grad()
    def load(self, path: Path) -> None:
        self.table[self.ids] = load_file(path)[self.word]
