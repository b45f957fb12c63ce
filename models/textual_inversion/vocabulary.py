"""A new word in a text encoder: its tokens, and the rows that stand for them."""

from __future__ import annotations

from typing import Any

import torch


class NewWord:
    """Adds `word` to a tokenizer and its encoder, as `vectors` rows that start as the initializer's.

    Only these rows can be trained: the table stays as it is, which is what putting back all other rows after every step
    comes to, without a table's worth of gradients and optimizer memory.
    """

    def __init__(self, tokenizer: Any, encoder: Any, word: str, initializer: str, vectors: int, where: str = "this model") -> None:
        """:param where: how messages call the tokenizer

        :raises SystemExit: the word is known already, or the initializer is not one known token
        """
        check_word(tokenizer, word, where)
        start = _initial_token(tokenizer, initializer, where)
        self.word, self.tokens = word, [word, *(f"{word}_{i}" for i in range(1, vectors))]
        tokenizer.add_tokens(self.tokens)
        self.ids: list[int] = tokenizer.convert_tokens_to_ids(self.tokens)
        table = encoder.get_input_embeddings()
        self._extended = _ExtendedTable(table, self.ids[0], table.weight[[start] * vectors])
        encoder.set_input_embeddings(self._extended)

    @property
    def text(self) -> str:
        """The word as the tokenizer wants it written: one name for each vector."""
        return " ".join(self.tokens)

    @property
    def rows(self) -> torch.nn.Parameter:
        """float32 [vectors, width]"""
        return self._extended.rows

    @property
    def stored(self) -> torch.Tensor:
        """The rows as files hold them: float32 [vectors, width], or [width] of a single vector."""
        rows = self.rows.detach().float().cpu().clone()
        return rows[0] if len(rows) == 1 else rows


class _ExtendedTable(torch.nn.Module):
    """A token table whose ids from `first` on stand for rows of their own."""

    def __init__(self, table: torch.nn.Embedding, first: int, rows: torch.Tensor) -> None:
        super().__init__()
        self.table, self.first = table, first
        self.rows = torch.nn.Parameter(rows.detach().clone())

    @property
    def weight(self) -> torch.Tensor:
        """transformers and diffusers ask it for its type."""
        return self.table.weight

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        known = self.table(ids.clamp(max=self.table.num_embeddings - 1))
        own = torch.nn.functional.embedding((ids - self.first).clamp(min=0), self.rows)
        return torch.where((ids >= self.first).unsqueeze(-1), own, known)


def check_word(tokenizer: Any, word: str, where: str) -> None:
    """:raises SystemExit: the tokenizer knows the word as one token"""
    if not word or any(letter.isspace() for letter in word):
        raise SystemExit(f"--placeholder_token {word!r} is no word; accepted: one without spaces")
    ids = tokenizer.encode(word, add_special_tokens=False)
    if word in tokenizer.get_vocab() or len(ids) == 1 and ids[0] != tokenizer.unk_token_id:
        raise SystemExit(f"--placeholder_token {word} is a token of {where} already; choose another word")


def _initial_token(tokenizer: Any, initializer: str, where: str) -> int:
    ids = tokenizer.encode(initializer, add_special_tokens=False)
    if len(ids) != 1:
        raise SystemExit(f"--initializer_token {initializer} is {len(ids)} tokens in {where}; accepted: a word of one token")
    if ids[0] == tokenizer.unk_token_id:
        raise SystemExit(f"--initializer_token {initializer} is not known to {where}; accepted: a word of one token")
    return ids[0]


def token_ids(tokenizer, sentences: list[str], device: torch.device):
    """What a text encoder of 77 tokens is given: input_ids and attention_mask, padded."""
    read = tokenizer(sentences, padding="max_length", max_length=77, truncation=True, return_tensors="pt")
    return read.to(device)
