"""Makes what the trainings read: pictures' embeddings, captions in both languages with the sentence encoder's vectors,
and the two tokenizers. The shards' pictures stay where they are."""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

import torch
from torch.nn import functional as F
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import CLIPTokenizer, PreTrainedTokenizerFast

from data.russian import translated
from runtime import device_from, load_checkpoint, save_checkpoint

from .networks import CONTEXT, wide_text
from .teacher import image_encoder, text_projection

ROWS = 20
"""Rows of the sentence encoder that are kept; longer captions are rare."""
VARIANTS = 4
"""Russian captions of one picture."""
PIECES = 3000


def multilingual_tokenizer(captions: list[str], folder: Path) -> PreTrainedTokenizerFast:
    """A SentencePiece-like unigram tokenizer with the special tokens of XLM-R."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    space = {"replacement": "\u2581", "prepend_scheme": "always"}
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(**space)])
    tokenizer.decoder = decoders.Metaspace(**space)
    specials = ["<s>", "<pad>", "</s>", "<unk>"]
    letters = [chr(c) for c in (*range(33, 127), *range(0x430, 0x450), 0x451)]
    tokenizer.train_from_iterator(captions, trainers.UnigramTrainer(
        vocab_size=PIECES, special_tokens=specials, unk_token="<unk>", initial_alphabet=letters, show_progress=False,
    ))
    tokenizer.add_special_tokens(["<mask>"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", sep_token="</s>", cls_token="<s>", unk_token="<unk>",
        pad_token="<pad>", mask_token="<mask>", model_max_length=CONTEXT,
    )
    fast.save_pretrained(folder)
    return fast


def clip_tokenizer(captions: list[str], folder: Path) -> CLIPTokenizer:
    """A byte-level tokenizer of CLIP's kind with merges of its own."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in printable]
    alphabet = [chr(byte) for byte in printable] + [chr(256 + i) for i in range(len(rest))]
    bpe = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    words = Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")
    bpe.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(words, "removed", invert=True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    bpe.train_from_iterator([c.lower() for c in captions], trainers.BpeTrainer(
        vocab_size=PIECES, end_of_word_suffix="</w>", show_progress=False, initial_alphabet=alphabet,
    ))
    merges = [tuple(m.split(" ") if isinstance(m, str) else m) for m in json.loads(bpe.to_str())["model"]["merges"]]
    tokens = dict.fromkeys([*alphabet, *(letter + "</w>" for letter in alphabet), *("".join(m) for m in merges)])
    vocabulary = {token: i for i, token in enumerate([*tokens, "<|startoftext|>", "<|endoftext|>"])}
    tokenizer = CLIPTokenizer(vocab=vocabulary, merges=merges, pad_token="<|endoftext|>", model_max_length=CONTEXT)
    tokenizer.save_pretrained(folder)
    return tokenizer


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, required=True, help="folder of the embedded model's checkpoints and shards/")
    parser.add_argument("--clip", type=Path, required=True, help="folder of the small CLIP (../fluent-world-clip)")
    parser.add_argument("--work", type=Path, required=True, help="folder to write to")
    options = parser.parse_args()
    device_from("cpu")
    rng = random.Random(12)
    pictures, project = image_encoder(options.clip, options.base), text_projection(options.clip)
    zero = pictures(torch.zeros(1, 3, 256, 256))[0]
    scale = float(load_checkpoint(options.base / "unet.pt")["latent_std"])
    parts: dict[str, list] = {name: [] for name in ("latents", "images", "means", "rows", "english", "russian")}
    paths = sorted((options.base / "shards").glob("shard-*.pt"))
    for done, path in enumerate(paths, 1):
        shard = torch.load(path, weights_only=True, mmap=True)
        latents = shard["latents"].float()
        parts["images"].append(torch.cat([pictures.of_latents(some) for some in latents.split(100)]).half())
        parts["latents"].append((latents / scale).half())
        parts["means"].append(shard["states"][:, 0].clone())
        parts["rows"].append(shard["states"][:, :ROWS].clone())
        for shown in shard["shown"]:
            parts["english"].append(shown[0])
            parts["russian"].append([t for t in (translated(rng, *shown) for _ in range(VARIANTS)) if t is not None])
        print(f"{path.name}: {done}/{len(paths)} shards", flush=True)
    captions = parts["english"] + [t for texts in parts["russian"] for t in texts]
    chosen = sorted(set(captions))
    rng.shuffle(chosen)
    print(f"{len(chosen)} different captions", flush=True)
    multilingual_tokenizer(chosen[:40_000], options.work / "tokenizer")
    clip_tokenizer(chosen[:40_000], options.work / "prior_tokenizer")
    joined = {name: torch.cat(parts[name]) for name in ("latents", "images", "means", "rows")}
    texts = wide_text(F.normalize(joined["means"].float(), dim=1) @ project)
    print(f"pictures and their texts: mean cosine {F.cosine_similarity(joined['images'].float(), texts).mean():.3f}", flush=True)
    save_checkpoint(options.work / "pairs.pt", {
        **joined, "texts": texts.half(), "english": parts["english"], "russian": parts["russian"], "zero": zero, "latent_std": scale,
    })


if __name__ == "__main__":
    main()
