"""Reference results for Kandinsky on tiny models: diffusers' combined pipelines, and the original samplers from their
numbers. Writes to --out what make_parity_fixtures.py writes, with Kandinsky's settings in the cases besides."""

import argparse
import inspect
import json
import multiprocessing
import os
import shutil
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
warnings.simplefilter("ignore")

import diffusers  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402
from PIL import Image  # noqa: E402

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
EXPORTER = HERE.parents[2] / "models" / "export"
sys.path.insert(0, str(EXPORTER))

from inbetween_export.cli import _export_component, main as export  # noqa: E402
from inbetween_export.families import kandinsky  # noqa: E402
from inbetween_export.precision import Precision, round_weights as round_to_precision  # noqa: E402
from inbetween_export.reuse import EarlierExports  # noqa: E402
from inbetween_export.source import open_source  # noqa: E402
from half_weights import round_weights  # noqa: E402
from kandinsky_cases import CASES, MODELS, ORIGINALS, Case, Model  # noqa: E402
from learned_word import load_word, write_word  # noqa: E402
from original_2_0_reference import decode_2_0, sample_2_0  # noqa: E402
from original_reference import sample as sample_original  # noqa: E402
from schedules import SCHEDULERS  # noqa: E402
from shared_parts import require_shared  # noqa: E402
from tiny_kandinsky import build, build_decoder  # noqa: E402
from tiny_original import write_2_0, write_2_1  # noqa: E402

INT8 = Precision("fp32", "int8")
ORIGINAL = ("p_sampler", "ddim_sampler", "plms_sampler")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True, type=Path, help="folder to write; emptied first")
    out: Path = parser.parse_args().out
    torch.set_num_threads(1)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    diffusers.utils.logging.set_verbosity_error()
    shutil.rmtree(out, ignore_errors=True)
    for folder in ("source", "models", "inputs", "latents", "pictures", "embeddings"):
        (out / folder).mkdir(parents=True)
    started = time.monotonic()
    originals = _make_models(out)
    print(f"Models: {time.monotonic() - started:.0f} s", flush=True)
    started = time.monotonic()
    _draw_inputs(out / "inputs")
    write_word(out / "embeddings" / "sapsan.bin")
    records = []
    for model in MODELS:
        pipelines = _pipelines(out / "source" / model.tiny.name, model)
        cases = [case for case in CASES if case.model == model.tiny.name]
        # Those with a learned word come last: it stays in the tokenizers.
        for case in sorted(cases, key=lambda case: case.embedding):
            if case.embedding:
                pipelines = _with_word(out, pipelines, model, case)
            records.append(_run(out, pipelines, model, case))
    for original in ORIGINALS:
        parts = originals[original.name]
        cases = [case for case in CASES if case.model == original.name]
        for case in sorted(cases, key=lambda case: case.embedding):
            if case.embedding:
                load_word(out / "embeddings" / case.embedding, parts.tokenizer, parts.text_encoder.transformer, "t1")
            records.append(_run_original(out, parts, original.second_zero, case))
    (out / "cases.json").write_text(json.dumps(records, indent=1) + "\n", encoding="utf-8")
    print(f"{len(records)} cases: {time.monotonic() - started:.0f} s", flush=True)


def _make_models(out: Path) -> dict[str, Any]:
    """Makes and exports all models; returns the modules of the original ones."""
    source, models, running = out / "source", out / "models", []
    originals: dict[str, Any] = {}

    def start(name: str, work: Callable[..., None], *arguments: Any) -> None:
        # A copy of this process: torch and diffusers take ten seconds to load.
        process = multiprocessing.get_context("fork").Process(target=work, args=arguments)
        process.start()
        running.append((name, process))

    def finish() -> None:
        for name, process in running:
            process.join()
            if process.exitcode != 0:
                raise SystemExit(f"The export of {name} failed")
        running.clear()

    for original in ORIGINALS:
        folder = source / original.name
        if not original.second_zero:
            originals[original.name] = write_2_1(folder, original.seed)
        else:
            others = originals.get(original.decoder_of or "")
            originals[original.name] = write_2_0(folder, original.seed, others, inpainting=others is not None)
        if original.decoder_of is None:
            start(original.name, _export, folder, models / original.name)
    for model in MODELS:
        folder = source / model.tiny.name
        if model.int8_of is not None:
            shutil.copytree(source / model.int8_of, folder)
            continue
        if model.decoder_of is not None:
            build_decoder(model.tiny, source / model.decoder_of, folder)
            continue
        build(model.tiny, folder)
        given = _save_apart(folder, source / f"{folder.name}-apart") if model.apart else folder
        start(model.tiny.name, _export, given, models / model.tiny.name, _dtype(model))
    finish()
    decoders = [(model.tiny.name, model.decoder_of, _dtype(model)) for model in MODELS]
    for name, base, dtype in [*decoders, *((one.name, one.decoder_of, "fp32") for one in ORIGINALS)]:
        if base is not None:
            start(name, _export_decoder, out, name, base, dtype)
    for model in MODELS:
        if model.int8_of is not None:
            start(model.tiny.name, _export_int8, out, model.tiny.name, model.int8_of)
    finish()
    return originals


def _dtype(model: Model) -> str:
    return "fp16" if model.half else "fp32"


def _export(source: Path, target: Path, dtype: str = "fp32") -> None:
    sys.exit(export(["--source", str(source), "--out", str(target), "--dtype", dtype]))


def _save_apart(folder: Path, target: Path) -> Path:
    """The combined pipeline's parts as the two pipelines that it combines."""
    combined = diffusers.DiffusionPipeline.from_pretrained(folder)
    combined.prior_pipe.save_pretrained(target / "prior")
    combined.decoder_pipe.save_pretrained(target / "decoder")
    return target


def _export_decoder(out: Path, name: str, base: str, dtype: str) -> None:
    """Only the U-Net is exported anew; everything else is the other model's."""
    source, target, other = out / "source" / name, out / "models" / name, out / "models" / base
    if export(["--source", str(source), "--out", str(target), "--dtype", dtype, "--reuse", str(other)]) != 0:
        raise SystemExit(f"The export of {name} failed")
    require_shared(target, other)


def _export_int8(out: Path, name: str, base: str) -> None:
    """The exported `base` with its U-Net in int8. The whole export in int8 would trace every part once more, most of
    which are too small to be stored in int8."""
    target = out / "models" / name
    shutil.copytree(out / "models" / base, target, ignore=shutil.ignore_patterns("unet"))
    component = kandinsky._unet_component(open_source(out / "source" / name, None), False)
    options = argparse.Namespace(opset=20, external_above=1500)
    record = _export_component(component, target, INT8, options, EarlierExports([]))
    if record["weights"]["int8"] == 0:
        raise SystemExit(f"{name}: no weights are stored in int8")


def _draw_inputs(folder: Path) -> None:
    """Pictures at every size that cases use, odd-sized ones for the picture encoder, and masks."""
    for width, height in ((48, 32), (32, 48), (48, 48)):
        y, x = np.mgrid[0:height, 0:width]
        picture = np.stack([x * 255 / width, y * 255 / height, 255 - x * 128 / width], axis=-1)
        picture[(x - width * 0.6) ** 2 + (y - height * 0.4) ** 2 < (min(width, height) * 0.3) ** 2] = (230, 60, 40)
        Image.fromarray(picture.astype(np.uint8)).save(folder / f"picture-{width}x{height}.png")
        mask = np.zeros((height, width), np.uint8)
        mask[height // 4 : height - 10, width // 3 : width - 12] = 255
        Image.fromarray(mask).save(folder / f"mask-{width}x{height}.png")
    random = np.random.default_rng(5)
    large = random.integers(0, 255, (25, 38, 3), dtype=np.uint8).repeat(4, 0).repeat(4, 1)[:100, :150]
    Image.fromarray(large).save(folder / "picture-large.png")
    for index, (width, height) in enumerate(((61, 43), (20, 50))):
        blocks = random.integers(0, 255, (height // 5 + 1, width // 5 + 1, 3), dtype=np.uint8)
        noisy = np.kron(blocks, np.ones((5, 5, 1), np.uint8))[:height, :width]
        Image.fromarray(noisy).save(folder / f"condition-{index}.png")


def _pipelines(folder: Path, model: Model) -> dict[str, Any]:
    name = "KandinskyV22" if model.tiny.second else "Kandinsky"
    base = getattr(diffusers, f"{name}CombinedPipeline").from_pretrained(folder)
    if model.half:
        round_weights(base)
    if model.int8_of is not None:
        round_to_precision(base.unet, INT8)
    made = {"text": base}
    for kind, task in (("image", "Img2Img"), ("inpaint", "Inpaint")):
        made[kind] = getattr(diffusers, f"{name}{task}CombinedPipeline")(**base.components)
    for pipeline in made.values():
        pipeline.set_progress_bar_config(disable=True)
    return made


def _with_word(out: Path, pipelines: dict[str, Any], model: Model, case: Case) -> dict[str, Any]:
    """Pipelines of their own with the case's word, for text."""
    combined = pipelines["text"]
    fresh = type(combined).from_pretrained(out / "source" / case.model)
    fresh.set_progress_bar_config(disable=True)
    if model.half:
        round_weights(fresh)
    file = out / "embeddings" / case.embedding
    load_word(file, fresh.prior_tokenizer, fresh.prior_text_encoder, "t2")
    if hasattr(fresh, "tokenizer"):
        load_word(file, fresh.tokenizer, fresh.text_encoder.transformer, "t1")
    return {**pipelines, "text": fresh}


def _run(out: Path, pipelines: dict[str, Any], model: Model, case: Case) -> dict[str, Any]:
    kind = "text" if case.strength is None else "inpaint" if case.mask else "image"
    inputs = _inputs(case)
    with torch.no_grad():
        if case.scheduler in ORIGINAL:
            latents = _original(out, pipelines["text"], case, inputs)
        elif case.mask and not model.tiny.inpainting:
            latents = _blended(out, pipelines["text" if case.strength == 1 else "image"], model, case, inputs)
        elif case.images:
            latents = _fused(out, pipelines["text"], model, case)
        else:
            latents = _combined(out, pipelines[kind], model, case, inputs)
        decoded = pipelines["text"].movq.decode(latents, force_not_quantize=True).sample
    return _record(out, case, inputs, latents, decoded)


def _run_original(out: Path, parts: Any, second_zero: bool, case: Case) -> dict[str, Any]:
    inputs = _inputs(case)
    with torch.no_grad():
        if second_zero:
            factor = 2 ** (len(parts.vae.config.block_out_channels) - 1)
            latents = sample_2_0(parts, case, *_pictures(out, case, inputs, factor))
            decoded = decode_2_0(parts, latents)
        else:
            latents = _original(out, parts, case, inputs)
            decoded = parts.movq.decode(latents, force_not_quantize=True).sample
    return _record(out, case, inputs, latents, decoded)


def _inputs(case: Case) -> dict[str, Any]:
    size = f"{case.width}x{case.height}"
    inputs: dict[str, Any] = {}
    if case.strength is not None:
        inputs = {"initImage": "inputs/picture-large.png" if case.large else f"inputs/picture-{size}.png", "strength": case.strength}
    if case.mask:
        inputs["mask"] = f"inputs/mask-{size}.png"
    return inputs


def _record(out: Path, case: Case, inputs: dict[str, Any], latents: torch.Tensor, decoded: torch.Tensor) -> dict[str, Any]:
    """Writes what a case gives; what is larger than the case's size is cropped, as the original does."""
    decoded = decoded[:, :, : case.height, : case.width]
    values = (decoded * 0.5 + 0.5).clamp(0, 1)[0].permute(1, 2, 0).numpy()
    image = Image.fromarray((values * 255).round().astype(np.uint8))
    array = latents.float().numpy()
    if not np.isfinite(array).all() or np.abs(array).max() > 60:
        raise SystemExit(f"{case.id}: latents reach {np.abs(array).max()}; the toy model is no fair comparison")
    np.save(out / "latents" / f"{case.id}.npy", array)
    image.save(out / "pictures" / f"{case.id}.png")
    settings = {key: value for key, value in asdict(case).items() if key not in ("mask", "strength", "images", "large", "embedding")}
    images = [
        {"asset": f"inputs/condition-{part['picture']}.png", "weight": part["weight"]} if "picture" in part else part
        for part in case.images
    ]
    return {
        **settings,
        **inputs,
        **({"images": images} if images else {}),
        **({"embedding": f"embeddings/{case.embedding}"} if case.embedding else {}),
        "model": f"models/{case.model}",
        "latents": f"latents/{case.id}.npy",
        "image": f"pictures/{case.id}.png",
        "pictureStd": float(np.asarray(image).std()),
    }


def _scheduler(out: Path, model: Model, name: str) -> Any:
    class_name, settings = SCHEDULERS[name]
    folder = out / "source" / model.tiny.name
    return getattr(diffusers, class_name).from_pretrained(folder, subfolder="scheduler", **settings)


def _combined(
    out: Path, pipeline: Any, model: Model, case: Case, inputs: dict[str, Any], after_step: dict[str, Any] | None = None
) -> torch.Tensor:
    pipeline.decoder_pipe.scheduler = _scheduler(out, model, case.scheduler)
    arguments: dict[str, Any] = {
        **(after_step or {}),
        "prompt": case.prompt,
        # Their prior has but one, which is the decoder's too.
        "negative_prompt": case.prior_negative if case.negative is None else case.negative,
        "num_inference_steps": case.steps,
        "guidance_scale": case.guidance,
        "prior_num_inference_steps": case.prior_steps,
        "prior_guidance_scale": case.prior_guidance,
        "generator": torch.Generator().manual_seed(case.seed),
        "width": case.width,
        "height": case.height,
    }
    # Of what is given, a pipeline is handed what it takes.
    given = {
        "image": lambda: Image.open(out / inputs["initImage"]),
        "mask_image": lambda: Image.open(out / inputs["mask"]),
        "strength": lambda: case.strength,
    }
    taken = inspect.signature(pipeline.__call__).parameters
    arguments |= {name: make() for name, make in given.items() if name in taken}
    return _latents_of(pipeline, lambda: pipeline(**arguments))


def _blended(out: Path, pipeline: Any, model: Model, case: Case, inputs: dict[str, Any]) -> torch.Tensor:
    """An ordinary U-Net under a mask, which diffusers has no Kandinsky pipeline for: text to image (strength 1) or image
    to image, in which the kept cells are put back after every step as its inpainting pipelines do it: at the noise of
    the next timestep, in the end as they are."""
    factor = 2 ** (len(pipeline.movq.config.block_out_channels) - 1)
    picture, repaint = _pictures(out, case, inputs, factor)
    known, keep = pipeline.movq.encode(picture).latents, torch.from_numpy(~repaint)
    first = case.steps - int(case.steps * case.strength)
    decoder = sys.modules[type(pipeline.decoder_pipe).__module__]
    draw, drawn = decoder.randn_tensor, []

    def put_back(step: int, latents: torch.Tensor) -> torch.Tensor:
        scheduler = pipeline.decoder_pipe.scheduler
        rest = scheduler.timesteps[first + step + 1 :]
        kept = scheduler.add_noise(known, drawn[0], rest[:1]) if len(rest) > 0 else known
        return torch.where(keep, kept, latents)

    if model.tiny.second:
        after_step = {"callback_on_step_end": lambda _, step, __, told: {"latents": put_back(step, told["latents"])}}
    else:
        # This one takes nothing back: its latents are changed where they are.
        after_step = {"callback": lambda step, _, latents: latents.copy_(put_back(step, latents))}
    decoder.randn_tensor = lambda *rest, **named: (drawn.append(draw(*rest, **named)), drawn[-1])[1]
    try:
        return _combined(out, pipeline, model, case, inputs, after_step)
    finally:
        decoder.randn_tensor = draw


def _latents_of(pipeline: Any, run: Any) -> torch.Tensor:
    """What reaches the picture decoder: these pipelines give no latents themselves."""
    caught: list[torch.Tensor] = []
    movq = pipeline.movq
    decode = movq.decode
    movq.decode = lambda latents, *rest, **named: (caught.append(latents.clone()), decode(latents, *rest, **named))[1]
    try:
        run()
    finally:
        movq.decode = decode
    return caught[0]


def _fused(out: Path, pipeline: Any, model: Model, case: Case) -> torch.Tensor:
    """A fuse by diffusers' `interpolate`. Handed several texts and one generator it samples each where the one before
    has left off; here every text begins at its seed, whatever stands before it, so texts are interpolated one by one.
    The decoder's generator has gone through one run of the prior: with pictures alone that of `interpolate` itself."""
    prior = pipeline.prior_pipe
    settings = {
        "num_inference_steps": case.prior_steps,
        "guidance_scale": case.prior_guidance,
        "negative_prior_prompt": case.negative if case.prior_negative is None else case.prior_negative,
    }
    # Alone it is the prior's as well, and interpolate's own stays empty.
    away = (case.negative or "") if case.prior_negative is not None else ""
    pictured = lambda part: Image.open(out / "inputs" / f"condition-{part['picture']}.png")  # noqa: E731
    parts = [part["text"] if "text" in part else pictured(part) for part in case.images]
    weights = [part["weight"] for part in case.images]
    seeded = lambda: torch.Generator().manual_seed(case.seed)  # noqa: E731
    pictures = [(part, weight) for part, weight in zip(parts, weights, strict=True) if not isinstance(part, str)]
    generator = seeded()
    known = prior.interpolate(*map(list, zip(*pictures, strict=True)), negative_prompt=away, generator=generator, **settings)
    total = known.image_embeds
    for part, weight in zip(parts, weights, strict=True):
        if isinstance(part, str):
            total = total + prior.interpolate([part], [weight], generator=seeded(), **settings).image_embeds
    pipeline.decoder_pipe.scheduler = _scheduler(out, model, case.scheduler)
    arguments = {
        "image_embeds": total,
        "negative_image_embeds": known.negative_image_embeds,
        "num_inference_steps": case.steps,
        "guidance_scale": case.guidance,
        "generator": generator,
        "width": case.width,
        "height": case.height,
        **({} if model.tiny.second else {"prompt": case.prompt}),
    }
    return _latents_of(pipeline, lambda: pipeline.decoder_pipe(**arguments))


def _original(out: Path, pipeline: Any, case: Case, inputs: dict[str, Any]) -> torch.Tensor:
    factor = 2 ** (len(pipeline.movq.config.block_out_channels) - 1)
    return sample_original(pipeline, case, *_pictures(out, case, inputs, factor))


def _pictures(out: Path, case: Case, inputs: dict[str, Any], factor: int) -> tuple[torch.Tensor | None, np.ndarray | None]:
    """The init picture in -1 .. 1 and what is to be repainted, on the latents' grid."""
    picture, repaint = None, None
    if "initImage" in inputs:
        scaled = Image.open(out / inputs["initImage"]).resize((case.width, case.height), Image.BICUBIC, reducing_gap=1)
        values = np.asarray(scaled.convert("RGB")).astype(np.float32) / 127.5 - 1
        picture = torch.from_numpy(values).permute(2, 0, 1)[None]
    if "mask" in inputs:
        repaint = np.asarray(Image.open(out / inputs["mask"]))[::factor, ::factor] >= 128
    return picture, repaint


if __name__ == "__main__":
    main()
