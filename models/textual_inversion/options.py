"""The command line's options that are the same for every kind of model."""

from __future__ import annotations

import argparse
from pathlib import Path

_DEFAULT_OUT = Path("textual-inversion")


def parser_of(description: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--data_root", required=True, type=Path, help="folder of 3 to 10 pictures")
    add("--placeholder_token", required=True, help="the new word")
    add("--initializer_token", required=True, help="a known word of one token to start from")
    add("--num_vectors", type=_count, default=1, help="tokens that the word stands for")
    add("--learnable_property", choices=("object", "style"), default="object")
    add("--output_dir", type=Path, default=_DEFAULT_OUT, help=f"default {_DEFAULT_OUT}")
    add("--device", default="cpu", help="cpu or cuda")
    add("--img_size", type=_count, default=512)
    add("--center_crop", action="store_true", help="crop to a square instead of squeezing")
    add("--train_batch_size", type=_count, default=1)
    add("--epochs", type=_count, default=1000, help="passes over the pictures")
    add("--learning_rate", type=float, default=1e-4)
    add("--num_workers", type=int, default=0, help="threads that read pictures; 0: none beside the training")
    add("--adam_beta1", type=float, default=0.9)
    add("--adam_beta2", type=float, default=0.999)
    add("--adam_weight_decay", type=float, default=1e-2)
    add("--adam_epsilon", type=float, default=1e-8)
    add("--log_image_frequency", type=int, default=-1, help="epochs between sample pictures; -1: none")
    add("--log_embed_frequency", type=int, default=500, help="epochs between saved words; -1: the last one only")
    add("--sample_steps", type=_count, default=50)
    add("--seed", type=int, default=0)
    return parser


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number of 1 or more")
    return value
