"""The text encoder (CLIP's text transformer, small) and its tokenizer."""

from __future__ import annotations

from pathlib import Path

from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

CONTEXT_TOKENS = 77
WIDTH = 256


def load_tokenizer(folder: Path) -> CLIPTokenizer:
    """The tokenizer saved in `folder` (vocab.json, merges.txt)."""
    return CLIPTokenizer.from_pretrained(str(folder), model_max_length=CONTEXT_TOKENS)


def make_text_encoder(vocabulary: int, start_id: int, end_id: int) -> CLIPTextModel:
    """A freshly initialised text encoder: 3 layers, 256 wide, 77 positions."""
    config = CLIPTextConfig(
        vocab_size=vocabulary, hidden_size=WIDTH, intermediate_size=768, num_hidden_layers=3,
        num_attention_heads=4, max_position_embeddings=CONTEXT_TOKENS, hidden_act="quick_gelu",
        projection_dim=WIDTH, bos_token_id=start_id, eos_token_id=end_id, pad_token_id=end_id,
        attn_implementation="eager",
    )
    return CLIPTextModel(config)


def token_ids(tokenizer: CLIPTokenizer, captions: list[str]):
    """Token ids [b, 77], padded with the end token as the standard pipelines do."""
    return tokenizer(
        captions, padding="max_length", truncation=True, max_length=CONTEXT_TOKENS, return_tensors="pt"
    ).input_ids
