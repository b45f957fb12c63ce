"""Writes the trained model as an ONNX folder in the layout that diffusers and Optimum exports use.

Weights are stored in 8 bits or half precision and widened on load, so that inputs, outputs and the
computation stay in float32.  Batch, height and width are free (multiples of 32 pixels).  Every
file must agree with torch on two shapes before it is kept.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from diffusers import PNDMScheduler

from nets.autoencoder import DOWNSCALE, LATENT_CHANNELS, Decoder, Encoder
from nets.schedule import SCHEDULER_CONFIG
from nets.storage import Kind, round_as_stored, store_weights
from nets.text_encoder import CONTEXT_TOKENS, WIDTH, load_text_encoder, load_tokenizer, token_ids
from nets.unet import make_unet
from runtime import load_checkpoint

OPSET = 17
STORED: dict[str, Kind] = {"text_encoder": "int8", "unet": "int8", "vae_decoder": "half", "vae_encoder": "half"}
"""How each part keeps its weights."""

PIPELINE = {
    "_class_name": "OnnxStableDiffusionPipeline",
    "text_encoder": ["diffusers", "OnnxRuntimeModel"],
    "tokenizer": ["transformers", "PreTrainedTokenizerFast"],
    "unet": ["diffusers", "OnnxRuntimeModel"],
    "vae_decoder": ["diffusers", "OnnxRuntimeModel"],
    "vae_encoder": ["diffusers", "OnnxRuntimeModel"],
    "scheduler": ["diffusers", "PNDMScheduler"],
}

STUDIO = {
    "title": "Fluent World",
    "description": "A small text-to-image model of toy-like subjects, colours and scenes that reads plain English; ships with the studio.",
    "license": "MIT; text encoder Apache-2.0",
    "defaults": {"steps": 15, "guidanceScale": 4, "scheduler": "dpm++2m", "width": 256, "height": 256},
}


class DenoiserOutput(torch.nn.Module):
    """Sample [b, 12, h, w], timestep [] (float, may be fractional), states [b, n, 384] to v."""

    def __init__(self, unet: torch.nn.Module) -> None:
        super().__init__()
        self.unet = unet

    def forward(self, sample: torch.Tensor, timestep: torch.Tensor, encoder_hidden_states: torch.Tensor) -> torch.Tensor:
        return self.unet(sample, timestep, encoder_hidden_states).sample


def session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = max(1, int(os.environ.get("OMP_NUM_THREADS", "1")))
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def export(path: Path, module: torch.nn.Module, inputs: dict, outputs: list[str], free: dict, probes: list[dict], limit: float) -> None:
    """Exports `module`, stores its weights small and compares the file with torch on every probe."""
    path.parent.mkdir(parents=True, exist_ok=True)
    module = module.float().eval().to(memory_format=torch.contiguous_format)
    # Both sides of the comparison use the weights as they are stored.
    round_as_stored(module, STORED[path.parent.name])
    with torch.no_grad():
        torch.onnx.export(
            module, tuple(inputs.values()), str(path), input_names=list(inputs), output_names=outputs,
            dynamic_axes=free, opset_version=OPSET, dynamo=False, do_constant_folding=True,
        )
    model = onnx.load(str(path))
    store_weights(model, STORED[path.parent.name])
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    runner = session(path)
    for probe in [inputs, *probes]:
        got = runner.run(None, {name: value.numpy() for name, value in probe.items()})
        with torch.no_grad():
            wanted = module(*probe.values())
        wanted = wanted if isinstance(wanted, tuple) else (wanted,)
        worst = max(float(np.abs(a - b.numpy()).max()) for a, b in zip(got, wanted))
        shapes = {name: list(value.shape) for name, value in probe.items()}
        print(f"{path.parent.name}: {shapes}, worst difference {worst:.1e}", flush=True)
        if worst > limit:
            raise SystemExit(f"{path}: differs from torch by {worst:.1e}, allowed {limit:.0e}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder of checkpoints")
    parser.add_argument("--out", type=Path, required=True, help="the model folder to write")
    parser.add_argument("--weights", choices=("average", "weights"), default="average", help="averaged or raw denoiser weights")
    options = parser.parse_args()
    torch.manual_seed(0)

    autoencoder = load_checkpoint(options.work / "autoencoder.pt")
    denoiser = load_checkpoint(options.work / "unet.pt")
    encoder, decoder, unet = Encoder(), Decoder(), make_unet()
    encoder.load_state_dict(autoencoder["encoder"])
    decoder.load_state_dict(autoencoder["decoder"])
    unet.load_state_dict(denoiser[options.weights])
    text = load_text_encoder(options.work / "text_encoder")
    tokenizer = load_tokenizer(options.work / "tokenizer")
    scale = float(denoiser["latent_std"])

    stage = options.out.with_name(options.out.name + ".part")
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir(parents=True)

    def states(batch: int, tokens: int = CONTEXT_TOKENS) -> torch.Tensor:
        return torch.randn(batch, tokens, WIDTH)

    def latents(batch: int, height: int, width: int) -> torch.Tensor:
        return torch.randn(batch, LATENT_CHANNELS, height, width)

    def words(prompts: list[str]) -> dict[str, torch.Tensor]:
        return dict(zip(("input_ids", "attention_mask"), token_ids(tokenizer, prompts)))

    row = {0: "batch", 1: "tokens"}
    export(
        stage / "text_encoder/model.onnx", text, words(["red cat"]), ["last_hidden_state", "pooler_output"],
        {"input_ids": row, "attention_mask": row, "last_hidden_state": row, "pooler_output": {0: "batch"}},
        [words(["a blue dog at the beach", "", "castle"]), {name: ids[:, :9] for name, ids in words(["puppy by the sea"]).items()}], 2e-3,
    )
    plane = {0: "batch", 2: "height", 3: "width"}
    export(
        stage / "unet/model.onnx", DenoiserOutput(unet),
        {"sample": latents(2, 16, 16), "timestep": torch.tensor(500.0), "encoder_hidden_states": states(2)},
        ["out_sample"], {"sample": plane, "encoder_hidden_states": row, "out_sample": plane},
        [{"sample": latents(1, 10, 18), "timestep": torch.tensor(37.5), "encoder_hidden_states": states(1, 2 * CONTEXT_TOKENS)}], 2e-3,
    )
    export(
        stage / "vae_decoder/model.onnx", decoder, {"latent_sample": latents(1, 16, 16)}, ["sample"],
        {"latent_sample": plane, "sample": plane}, [{"latent_sample": latents(2, 18, 10)}], 2e-3,
    )
    export(
        stage / "vae_encoder/model.onnx", encoder, {"sample": torch.rand(1, 3, 256, 256) * 2 - 1}, ["latent_sample"],
        {"sample": plane, "latent_sample": plane}, [{"sample": torch.rand(2, 3, 160, 288) * 2 - 1}], 2e-3,
    )

    tokenizer.save_pretrained(stage / "tokenizer")
    scheduler = json.loads(PNDMScheduler(**SCHEDULER_CONFIG, skip_prk_steps=True, steps_offset=1).to_json_string())
    (stage / "scheduler").mkdir(exist_ok=True)
    # Other schedulers read this file too: latents reach beyond 1, so DDIM and DDPM must not clip them.
    write_json(stage / "scheduler" / "scheduler_config.json", {**scheduler, "clip_sample": False})
    unet.save_config(stage / "unet")
    text.bert.config.save_pretrained(stage / "text_encoder")
    image = {
        "_class_name": "AutoencoderTiny", "in_channels": 3, "out_channels": 3, "latent_channels": LATENT_CHANNELS,
        "block_out_channels": [96, 128, 192, 192, 192], "scaling_factor": 1 / scale, "sample_size": 16 * DOWNSCALE,
    }
    for name in ("vae_decoder", "vae_encoder"):
        write_json(stage / name / "config.json", image)
    write_json(stage / "model_index.json", PIPELINE)
    write_json(stage / "inbetween.json", STUDIO)
    for name in ("README.md", "samples.jpg"):
        if (options.out / name).exists():
            shutil.copy(options.out / name, stage / name)
    # The finished folder takes the old one's place at once.
    old = options.out.with_name(options.out.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if options.out.exists():
        options.out.rename(old)
    stage.rename(options.out)
    shutil.rmtree(old, ignore_errors=True)
    size = sum(f.stat().st_size for f in options.out.rglob("*") if f.is_file())
    print(f"{options.out}: {size / 1e6:.1f} MB", flush=True)


def write_json(path: Path, content: dict) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
