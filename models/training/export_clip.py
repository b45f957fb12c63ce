"""Writes the small CLIP as an ONNX folder: text_model, vision_model, tokenizer, image_processor.

Weights are stored in 8 bits and widened on load. Each file
must agree with torch on two shapes before the folder appears.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import torch

from export_fluent_world import STORED, export, write_json
from nets.autoencoder import Encoder
from nets.clip import EMBEDDING, LARGEST_SCALE, SIDE, PictureModel, SmallClip, TextModel
from nets.text_encoder import CONTEXT_TOKENS, load_text_encoder, load_tokenizer, token_ids
from runtime import load_checkpoint

STUDIO = {
    "title": "Fluent World CLIP",
    "description": "Compares pictures with words: puts takes in order by how well they match their prompt.",
    "license": "MIT; text encoder Apache-2.0",
}
PREPROCESSOR = {
    "do_resize": True, "size": {"shortest_edge": SIDE}, "resample": 3, "do_center_crop": True,
    "crop_size": {"height": SIDE, "width": SIDE}, "do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True,
    "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5], "do_convert_rgb": True,
    "image_processor_type": "CLIPImageProcessor",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder of autoencoder.pt, text_encoder/ and tokenizer/")
    parser.add_argument("--clip", type=Path, required=True, help="folder of clip.pt")
    parser.add_argument("--out", type=Path, required=True, help="the model folder to write")
    options = parser.parse_args()
    torch.manual_seed(0)
    net, encoder = SmallClip(), Encoder()
    net.load_state_dict(load_checkpoint(options.clip / "clip.pt")["average"])
    encoder.load_state_dict(load_checkpoint(options.work / "autoencoder.pt")["encoder"])
    tokenizer = load_tokenizer(options.work / "tokenizer")
    bert = load_text_encoder(options.work / "text_encoder")
    stage = options.out.with_name(options.out.name + ".part")
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir(parents=True)

    STORED.update(text_model="int8", vision_model="int8")
    words = lambda texts: dict(zip(("input_ids", "attention_mask"), token_ids(tokenizer, texts)))  # noqa: E731
    row = {0: "batch", 1: "tokens"}
    export(
        stage / "text_model/model.onnx", TextModel(bert, net.text), words(["red cat", "a dog"]), ["text_embeds"],
        {"input_ids": row, "attention_mask": row, "text_embeds": {0: "batch"}},
        [words(["a blue dog at the beach", "", "castle"]), {name: ids[:, :9] for name, ids in words(["puppy by the sea"]).items()}], 2e-3,
    )
    pixels = lambda batch: {"pixel_values": torch.rand(batch, 3, SIDE, SIDE) * 2 - 1}  # noqa: E731
    export(
        stage / "vision_model/model.onnx", PictureModel(encoder, net.head), pixels(2), ["image_embeds"],
        {"pixel_values": {0: "batch"}, "image_embeds": {0: "batch"}}, [pixels(1)], 2e-3,
    )
    write_json(stage / "text_model/config.json", {
        "model_type": "bert", "max_position_embeddings": CONTEXT_TOKENS, "projection_dim": EMBEDDING,
        "vocab_size": bert.bert.config.vocab_size,
    })
    write_json(stage / "vision_model/config.json", {"image_size": SIDE, "num_channels": 3, "projection_dim": EMBEDDING})
    tokenizer.save_pretrained(stage / "tokenizer")
    (stage / "image_processor").mkdir()
    write_json(stage / "image_processor/preprocessor_config.json", PREPROCESSOR)
    write_json(stage / "model_index.json", {
        "_class_name": "CLIPModel", "text_model": ["diffusers", "OnnxRuntimeModel"],
        "vision_model": ["diffusers", "OnnxRuntimeModel"],
        "logit_scale": net.logit_scale.exp().clamp(max=LARGEST_SCALE).log().item(),
    })
    write_json(stage / "inbetween.json", STUDIO)
    if (options.out / "README.md").exists():
        shutil.copy(options.out / "README.md", stage / "README.md")
    shutil.rmtree(options.out, ignore_errors=True)
    stage.rename(options.out)
    print(f"{options.out}: {sum(f.stat().st_size for f in options.out.rglob('*') if f.is_file()) / 1e6:.1f} MB", flush=True)


if __name__ == "__main__":
    main()
