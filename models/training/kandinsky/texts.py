"""Captions as the two text encoders of the small Kandinsky read them."""

from __future__ import annotations

from pathlib import Path

import torch
from diffusers.pipelines.kandinsky import MultilingualCLIP
from transformers import CLIPTextModelWithProjection, CLIPTokenizer, PreTrainedTokenizerFast

from runtime import load_checkpoint

from .networks import CONTEXT, make_clip_text, make_multilingual


def load_tokenizer(work: Path) -> PreTrainedTokenizerFast:
    return PreTrainedTokenizerFast.from_pretrained(str(work / "tokenizer"))


def load_clip_tokenizer(work: Path) -> CLIPTokenizer:
    return CLIPTokenizer.from_pretrained(str(work / "prior_tokenizer"))


def new_multilingual(tokenizer: PreTrainedTokenizerFast) -> MultilingualCLIP:
    return make_multilingual(len(tokenizer))


def new_clip_text(tokenizer: CLIPTokenizer) -> CLIPTextModelWithProjection:
    return make_clip_text(len(tokenizer), tokenizer.bos_token_id, tokenizer.eos_token_id)


def read(tokenizer: PreTrainedTokenizerFast | CLIPTokenizer, captions: list[str], spare: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and mask [b, n], n the longest caption's tokens and `spare` more of padding, at most 77."""
    found = tokenizer(captions, truncation=True, max_length=CONTEXT)["input_ids"]
    length = min(CONTEXT, max(map(len, found)) + spare)
    ids = torch.full((len(found), length), tokenizer.pad_token_id)
    mask = torch.zeros(len(found), length, dtype=torch.long)
    for row, tokens in enumerate(found):
        ids[row, : len(tokens)] = torch.tensor(tokens)
        mask[row, : len(tokens)] = 1
    return ids, mask


class Texts:
    """The trained text encoders, frozen."""

    def __init__(self, work: Path) -> None:
        self.tokenizer, self.clip_tokenizer = load_tokenizer(work), load_clip_tokenizer(work)
        self.multilingual = new_multilingual(self.tokenizer)
        self.multilingual.load_state_dict(load_checkpoint(work / "text_multilingual.pt")["average"])
        self.clip = new_clip_text(self.clip_tokenizer)
        self.clip.load_state_dict(load_checkpoint(work / "text_clip.pt")["average"])
        self.multilingual.eval().requires_grad_(False)
        self.clip.eval().requires_grad_(False)

    @torch.no_grad()
    def decoder(self, captions: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
        """States [b, 77, 256] and pooled vectors [b, 384]."""
        ids, mask = read(self.tokenizer, captions, spare=1)
        pooled, states = self.multilingual(ids, mask)
        # All rows of padding are equal: they have one position and see the same words.
        return torch.cat([states, states[:, -1:].expand(-1, CONTEXT - states.shape[1], -1)], 1), pooled

    @torch.no_grad()
    def prior(self, captions: list[str]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """States [b, n, 384], text embeddings [b, 384] and the mask [b, n], n the longest caption's tokens."""
        ids, mask = read(self.clip_tokenizer, captions)
        found = self.clip(ids)
        return found.last_hidden_state, found.text_embeds, mask
