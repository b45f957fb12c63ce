"""The text encoder: a pretrained sentence encoder (all-MiniLM-L6-v2), frozen, and its WordPiece tokenizer.

The denoiser sees one row for each token.  The rows of the start token and of the padding carry the
mean of all text rows, the vector that the encoder was trained to place by meaning: prompts of the
same meaning in other words land near each other, and the rows of the words bind colours to things.
"""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import BertModel, PreTrainedTokenizerFast

CONTEXT_TOKENS = 32
WIDTH = 384


def load_tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    """The tokenizer saved in `folder` (tokenizer.json)."""
    return PreTrainedTokenizerFast.from_pretrained(str(folder))


def token_ids(tokenizer: PreTrainedTokenizerFast, captions: list[str], length: int = CONTEXT_TOKENS) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids and attention mask, both [b, length] int64."""
    found = tokenizer(captions, padding="max_length", truncation=True, max_length=length, return_tensors="pt")
    return found.input_ids, found.attention_mask


class TextEncoder(torch.nn.Module):
    """Token ids and mask [b, n] to rows [b, n, 384] and their mean [b, 384]."""

    def __init__(self, bert: BertModel) -> None:
        super().__init__()
        self.bert = bert

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        # The additive mask is made here: the library's own depends on its version and on the exporter.
        seen = attention_mask.float()
        hidden = self.bert.embeddings(input_ids=input_ids)
        bias = (1 - seen)[:, None, None, :] * -1e4
        for layer in self.bert.encoder.layer:
            output = layer(hidden, bias)
            hidden = output[0] if isinstance(output, tuple) else output
        mean = (hidden * seen[..., None]).sum(1) / seen.sum(1, keepdim=True)
        words = seen.clone()
        words[:, 0] = 0
        keep = words[..., None]
        return hidden * keep + mean[:, None, :] * (1 - keep), mean


def load_text_encoder(folder: Path) -> TextEncoder:
    """The encoder that prepare_text.py put into `folder`."""
    return TextEncoder(BertModel.from_pretrained(str(folder), attn_implementation="eager", add_pooling_layer=False)).eval()


class Captions:
    """Text states of captions, with what is needed to turn them into rows."""

    def __init__(self, work: Path) -> None:
        self.tokenizer = load_tokenizer(work / "tokenizer")
        self.encoder = load_text_encoder(work / "text_encoder")

    @torch.no_grad()
    def states(self, captions: list[str], batch: int = 32) -> torch.Tensor:
        """Rows [b, 32, 384] in float32."""
        ids, mask = token_ids(self.tokenizer, captions)
        rows = torch.empty(len(captions), CONTEXT_TOKENS, WIDTH)
        # Short captions together: what is padding in all of them need not be computed.
        for chosen in mask.sum(1).argsort().split(batch):
            length = int(mask[chosen].sum(1).max())
            found, mean = self.encoder(ids[chosen, :length], mask[chosen, :length])
            rows[chosen] = mean[:, None, :].expand(-1, CONTEXT_TOKENS, -1)
            rows[chosen, :length] = found
        return rows
