"""Writes the small Kandinsky 2.1 as an ONNX folder in the layout that the studio's exporter writes.

Weights are stored in 8 bits or half precision and widened on load. Each file must agree with torch on two shapes before
the folder appears, and torch here is the library's own classes.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import numpy
import torch
from diffusers import DDIMScheduler, UnCLIPScheduler
from diffusers.pipelines.kandinsky import MultilingualCLIP
from transformers import CLIPTextModelWithProjection

from export_clip import PREPROCESSOR
from export_fluent_world import STORED, export, write_json
from nets.autoencoder import DOWNSCALE, Decoder, Encoder
from nets.clip import SIDE
from nets.unet import WIDTH
from runtime import load_checkpoint

from .networks import BETAS, CONTEXT, LATENT_CHANNELS, SPREAD, alphas_cumprod, make_prior, make_unet
from .teacher import image_encoder
from .texts import Texts, read

STUDIO = {
    "title": "Fluent World Prior",
    "description": "A small Kandinsky 2.1 of toy-like subjects, colours and scenes: reads English and Russian, imagines a picture's embedding first, and mixes texts with pictures.",
    "license": "MIT",
    "defaults": {"steps": 25, "guidanceScale": 4, "scheduler": "ddim", "width": SIDE, "height": SIDE},
}
PIPELINE = {
    "_class_name": "KandinskyCombinedPipeline",
    **{name: ["diffusers", "OnnxRuntimeModel"] for name in ("text_encoder", "unet", "vae_decoder", "vae_encoder", "prior", "prior_image_encoder", "prior_text_encoder")},
    "tokenizer": ["transformers", "PreTrainedTokenizerFast"], "scheduler": ["diffusers", "DDIMScheduler"],
    "prior_tokenizer": ["transformers", "CLIPTokenizer"], "prior_scheduler": ["diffusers", "UnCLIPScheduler"],
}
ALLOWED = 3e-3


class DecoderText(torch.nn.Module):
    """Ids and mask [b, n] to rows [b, n, 256], padding included, and the pooled vector [b, 384]."""

    def __init__(self, model: MultilingualCLIP) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        # The additive mask is made here: the library's own does not trace.
        seen = attention_mask.float()
        hidden = self.model.transformer.embeddings(input_ids=input_ids)
        for layer in self.model.transformer.encoder.layer:
            hidden = layer(hidden, (1 - seen)[:, None, None, :] * -1e4)
        mean = (hidden * seen[..., None]).sum(1) / seen.sum(1, keepdim=True)
        return hidden, self.model.LinearTransformation(mean)


class PriorText(torch.nn.Module):
    """Ids [b, n] to rows [b, n, 384] and the embedding [b, 384] at the first end token."""

    def __init__(self, model: CLIPTextModelWithProjection) -> None:
        super().__init__()
        self.model, self.inner = model, getattr(model, "text_model", model)

    def forward(self, input_ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        length = input_ids.shape[1]
        later = torch.full((CONTEXT, CONTEXT), -1e4).triu(1)[:length, :length]
        hidden = self.inner.embeddings(input_ids=input_ids)
        for layer in self.inner.encoder.layers:
            hidden = layer(hidden, later[None, None])
        hidden = self.inner.final_layer_norm(hidden)
        end = (input_ids == self.model.config.eos_token_id).to(torch.int32).argmax(-1)
        pooled = hidden.gather(1, end[:, None, None].expand(-1, 1, hidden.shape[2]))[:, 0]
        return hidden, self.model.text_projection(pooled)


class Prior(torch.nn.Module):
    """One timestep for the whole batch."""

    def __init__(self, prior: torch.nn.Module) -> None:
        super().__init__()
        self.prior = prior

    def forward(self, hidden_states, timestep, proj_embedding, encoder_hidden_states, attention_mask):  # noqa: ANN001, ANN201
        times = timestep.expand(hidden_states.shape[0])
        return self.prior(hidden_states, times, proj_embedding, encoder_hidden_states, attention_mask=attention_mask, return_dict=False)[0]


class Noise(torch.nn.Module):
    """The U-Net's v as the noise that Kandinsky's samplers expect, its variance behind it unchanged.

    Samples come with latents of SPREAD and unit noise; the U-Net knows latents of unit variance. A sample of signal s
    divided by q = sqrt((SPREAD s)^2 + 1 - s^2) is one of signal SPREAD s / q with the same noise in it, of a later timestep
    of the same schedule. noise = sqrt(1 - signal^2) sample / q + signal v.
    """

    def __init__(self, unet: torch.nn.Module) -> None:
        super().__init__()
        self.unet = unet
        alphas = alphas_cumprod().double()
        size = (SPREAD**2 * alphas + 1 - alphas).sqrt()
        signal = SPREAD * alphas.sqrt() / size
        # What is noisier than the schedule's end takes its end.
        ratio = lambda signal_squared: torch.log(signal_squared / (1 - signal_squared))  # noqa: E731
        times = numpy.interp(-ratio(signal**2).numpy(), -ratio(alphas).numpy(), numpy.arange(1000))
        # No buffer: tables of doubles are stored as they are; in half precision the last steps' noise would be lost.
        self.tables = [torch.cat([row, row[-1:]]) for row in (torch.from_numpy(times), 1 / size, signal)]

    def forward(self, sample, timestep, encoder_hidden_states, text_embeds, image_embeds):  # noqa: ANN001, ANN201
        at = timestep.clamp(0, 999)
        low = at.floor().to(torch.int64)
        # Between the whole timesteps, of both in proportion.
        time, shrunk, signal = (
            table[low].float() + (table[low + 1] - table[low]).float() * (at - low.to(at.dtype)) for table in self.tables
        )
        known = sample * shrunk
        found = self.unet(known, time, encoder_hidden_states, added_cond_kwargs={"text_embeds": text_embeds, "image_embeds": image_embeds}).sample
        noise = ((1 - signal) * (1 + signal)).sqrt() * known + signal * found[:, :LATENT_CHANNELS]
        return torch.cat([noise, found[:, LATENT_CHANNELS:]], 1)


class SpreadEncoder(torch.nn.Module):
    """Pixels to latents of SPREAD."""

    def __init__(self, encoder: Encoder, scale: float) -> None:
        super().__init__()
        self.encoder, self.factor = encoder, SPREAD / scale

    def forward(self, sample: torch.Tensor) -> torch.Tensor:
        return self.encoder(sample) * self.factor


class SpreadDecoder(torch.nn.Module):
    """Latents of SPREAD to pixels."""

    def __init__(self, decoder: Decoder, scale: float) -> None:
        super().__init__()
        self.decoder, self.factor = decoder, scale / SPREAD

    def forward(self, latent_sample: torch.Tensor) -> torch.Tensor:
        return self.decoder(latent_sample * self.factor)


def check_text(texts: Texts, first: DecoderText, second: PriorText) -> None:
    """The modules that are exported say what the library's classes say."""
    ids, mask = read(texts.tokenizer, ["red cat on the beach", "кот"], spare=2)
    pooled, states = texts.multilingual(ids, mask)
    found, row = first(ids, mask)
    clip_ids, _ = read(texts.clip_tokenizer, ["red cat on the beach", "кот"])
    wanted = texts.clip(clip_ids)
    states_found, embedding = second(clip_ids)
    apart = [(states, found), (pooled, row), (wanted.last_hidden_state, states_found), (wanted.text_embeds, embedding)]
    worst = max(float((a - b).abs().max()) for a, b in apart)
    if worst > 1e-4:
        raise SystemExit(f"The text encoders' exported modules differ from the library's by {worst:.1e}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, required=True, help="folder of the embedded model's checkpoints")
    parser.add_argument("--clip", type=Path, required=True, help="folder of the small CLIP (../fluent-world-clip)")
    parser.add_argument("--work", type=Path, required=True, help="folder of the trained parts")
    parser.add_argument("--out", type=Path, required=True, help="the model folder to write")
    options = parser.parse_args()
    torch.manual_seed(0)
    texts, work = Texts(options.work), options.work
    for model in (texts.multilingual.transformer, texts.clip):
        model.set_attn_implementation("eager")
    prior, unet = make_prior().eval(), make_unet().eval()
    prior.load_state_dict(load_checkpoint(work / "prior.pt")["average"])
    unet.load_state_dict(load_checkpoint(work / "unet.pt")["average"])
    autoencoder = load_checkpoint(options.base / "autoencoder.pt")
    encoder, decoder = Encoder(), Decoder()
    encoder.load_state_dict(autoencoder["encoder"])
    decoder.load_state_dict(autoencoder["decoder"])
    scale = float(load_checkpoint(options.base / "unet.pt")["latent_std"])
    pictures = image_encoder(options.clip, options.base)
    first, second = DecoderText(texts.multilingual), PriorText(texts.clip)
    check_text(texts, first, second)
    STORED.update(prior_text_encoder="int8", prior="int8", prior_image_encoder="int8", vae_encoder="int8", vae_decoder="half")
    stage = options.out.with_name(options.out.name + ".part")
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir(parents=True)

    row, batch, plane = {0: "batch", 1: "tokens"}, {0: "batch"}, {0: "batch", 2: "height", 3: "width"}
    said = lambda captions, spare: dict(zip(("input_ids", "attention_mask"), read(texts.tokenizer, captions, spare)))  # noqa: E731
    export(
        stage / "text_encoder/model.onnx", first, said(["red cat", "a dog at the beach"], 4), ["last_hidden_state", "text_embeds"],
        {"input_ids": row, "attention_mask": row, "last_hidden_state": row, "text_embeds": batch},
        [said(["синяя собака на пляже", "", "замок"], 60), said(["puppy by the sea"], 0)], ALLOWED,
    )
    ids = lambda captions: {"input_ids": read(texts.clip_tokenizer, captions)[0]}  # noqa: E731
    whole = torch.full((1, CONTEXT), texts.clip_tokenizer.eos_token_id)
    whole[:, :5] = ids(["red cat, 4k photo"])["input_ids"][:, :5]
    export(
        stage / "prior_text_encoder/model.onnx", second, ids(["red cat", "a dog at the beach"]), ["last_hidden_state", "text_embeds"],
        {"input_ids": row, "last_hidden_state": row, "text_embeds": batch}, [ids(["синяя собака на пляже", "", "замок"]), {"input_ids": whole}], ALLOWED,
    )

    def imagined(count: int, time: float) -> dict[str, torch.Tensor]:
        mask = (torch.arange(CONTEXT) < torch.randint(2, 20, (count, 1))).long()
        return {
            "hidden_states": torch.randn(count, WIDTH), "timestep": torch.tensor(time), "proj_embedding": torch.randn(count, WIDTH),
            "encoder_hidden_states": torch.randn(count, CONTEXT, WIDTH), "attention_mask": mask,
        }

    export(
        stage / "prior/model.onnx", Prior(prior), imagined(2, 500.0), ["predicted_image_embedding"],
        {**{name: batch for name in ("hidden_states", "proj_embedding", "encoder_hidden_states", "attention_mask", "predicted_image_embedding")}},
        [imagined(1, 999.0), imagined(3, 40.0)], ALLOWED,
    )
    pixels = lambda count: {"pixel_values": torch.rand(count, 3, SIDE, SIDE) * 2 - 1}  # noqa: E731
    export(stage / "prior_image_encoder/model.onnx", pictures, pixels(2), ["image_embeds"], {"pixel_values": batch, "image_embeds": batch}, [pixels(1)], ALLOWED)
    with torch.no_grad():
        zero = pictures(torch.zeros(1, 3, SIDE, SIDE))[0]

    def noised(count: int, height: int, width: int, time: float, tokens: int) -> dict[str, torch.Tensor]:
        return {
            "sample": torch.randn(count, LATENT_CHANNELS, height, width), "timestep": torch.tensor(time),
            "encoder_hidden_states": torch.randn(count, tokens, unet.config.encoder_hid_dim),
            "text_embeds": torch.randn(count, WIDTH) * 0.3, "image_embeds": torch.randn(count, WIDTH),
        }

    export(
        stage / "unet/model.onnx", Noise(unet), noised(2, 16, 16, 500.0, CONTEXT), ["out_sample"],
        {"sample": plane, "encoder_hidden_states": row, "text_embeds": batch, "image_embeds": batch, "out_sample": plane},
        [noised(1, 10, 18, 37.5, 40), noised(3, 16, 12, 999.0, CONTEXT)], ALLOWED,
    )
    export(
        stage / "vae_decoder/model.onnx", SpreadDecoder(decoder, scale), {"latent_sample": torch.randn(1, LATENT_CHANNELS, 16, 16)}, ["sample"],
        {"latent_sample": plane, "sample": plane}, [{"latent_sample": torch.randn(2, LATENT_CHANNELS, 18, 10)}], ALLOWED,
    )
    export(
        stage / "vae_encoder/model.onnx", SpreadEncoder(encoder, scale), {"sample": torch.rand(1, 3, 256, 256) * 2 - 1}, ["latent_sample"],
        {"sample": plane, "latent_sample": plane}, [{"sample": torch.rand(2, 3, 160, 288) * 2 - 1}], ALLOWED,
    )
    for name in ("tokenizer", "prior_tokenizer"):
        shutil.copytree(work / name, stage / name)
    text_config = json.loads(texts.multilingual.config.to_json_string(use_diff=False))
    write_json(stage / "text_encoder/config.json", {**text_config, "max_position_embeddings": CONTEXT})
    write_json(stage / "prior_text_encoder/config.json", json.loads(texts.clip.config.to_json_string(use_diff=False)))
    write_json(stage / "prior_image_encoder/config.json", {"image_size": SIDE, "num_channels": 3, "projection_dim": WIDTH})
    prior.save_config(stage / "prior")
    numbers = {"clip_mean": prior.clip_mean[0].tolist(), "clip_std": prior.clip_std[0].tolist(), "zero_image_embedding": zero.tolist()}
    known = json.loads((stage / "prior/config.json").read_text(encoding="utf-8"))
    write_json(stage / "prior/config.json", {**known, **numbers})
    unet.save_config(stage / "unet")
    coder = {
        "_class_name": "AutoencoderTiny", "in_channels": 3, "out_channels": 3, "latent_channels": LATENT_CHANNELS,
        "block_out_channels": [96, 128, 192, 192, 192], "scaling_factor": 1, "sample_size": 16 * DOWNSCALE,
    }
    for name in ("vae_decoder", "vae_encoder"):
        write_json(stage / name / "config.json", coder)
    DDIMScheduler(**BETAS, clip_sample=False, set_alpha_to_one=False, steps_offset=1, prediction_type="epsilon").save_pretrained(stage / "scheduler")
    UnCLIPScheduler(
        variance_type="fixed_small_log", prediction_type="sample", num_train_timesteps=1000, clip_sample=True, clip_sample_range=5.0,
    ).save_pretrained(stage / "prior_scheduler")
    (stage / "prior_image_processor").mkdir()
    write_json(stage / "prior_image_processor/preprocessor_config.json", PREPROCESSOR)
    write_json(stage / "model_index.json", PIPELINE)
    write_json(stage / "inbetween.json", STUDIO)
    for kept in ("README.md", "samples.jpg"):
        if (options.out / kept).exists():
            shutil.copy(options.out / kept, stage / kept)
    shutil.rmtree(options.out, ignore_errors=True)
    stage.rename(options.out)
    print(f"{options.out}: {sum(f.stat().st_size for f in options.out.rglob('*') if f.is_file()) / 1e6:.1f} MB", flush=True)


if __name__ == "__main__":
    main()
