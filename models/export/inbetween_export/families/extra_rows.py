"""A token table that goes on with rows given to each run: what learned words need of a text encoder."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


class ExtraRows(torch.nn.Module):
    """Stands in for the token table `name` of `embeddings` while rows are given. Ids from the table's size on are theirs."""

    def __init__(self, embeddings: torch.nn.Module, name: str) -> None:
        super().__init__()
        self.table: torch.nn.Embedding = getattr(embeddings, name)
        # In a list, so that the two modules do not contain each other.
        self._place = [(embeddings, name)]
        self._extra: list[torch.Tensor] = []
        # transformers looks at its embedding's weight.
        self.weight = self.table.weight

    @contextmanager
    def given(self, rows: torch.Tensor) -> Iterator[None]:
        """:param rows: float32 [extra, width]"""
        embeddings, name = self._place[0]
        self._extra.append(rows)
        setattr(embeddings, name, self)
        try:
            yield
        finally:
            setattr(embeddings, name, self.table)
            self._extra.clear()

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        size = self.table.num_embeddings
        known = self.table(input_ids.clamp(max=size - 1))
        learned = torch.nn.functional.embedding((input_ids - size).clamp(min=0), self._extra[0])
        return torch.where((input_ids >= size).unsqueeze(-1), learned, known)
