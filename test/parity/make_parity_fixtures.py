"""Reference results of diffusers on torch, for the project's own pictures to be compared with.

Writes to --out: source/NAME (pipelines as diffusers saves them), models/NAME (their ONNX exports), inputs/, latents/
(float32 .npy, before the VAE decoder), pictures/ (.png) and cases.json, a list of {id, model, prompt, negative, seed,
steps, guidance, scheduler, width, height, latents, image} and, where it applies, {initImage, strength, mask}; paths
are relative to --out. Everything comes from seeds; nothing is fetched.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
import warnings
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

from cases import MODELS, Case, Model, cases  # noqa: E402
from embeddings import load_into, write_embeddings  # noqa: E402
from half_weights import round_weights  # noqa: E402
from schedules import SCHEDULER_CONFIGS, load_scheduler, write_scheduler  # noqa: E402
from shared_parts import require_shared  # noqa: E402
from tiny_models import build  # noqa: E402

EXPORTER = Path(__file__).resolve().parents[2] / "models" / "export"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True, type=Path, help="folder to write; emptied first")
    parser.add_argument("--quick", action="store_true", help="one model and few cases")
    options = parser.parse_args()
    torch.set_num_threads(1)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    diffusers.utils.logging.set_verbosity_error()

    out: Path = options.out
    shutil.rmtree(out, ignore_errors=True)
    for folder in ("source", "models", "inputs", "latents", "pictures"):
        (out / folder).mkdir(parents=True)
    chosen = cases(options.quick)
    models = [model for model in MODELS if any(case.model == model.name for case in chosen)]
    started = time.monotonic()
    _make_models(out, models)
    print(f"Models: {time.monotonic() - started:.0f} s", flush=True)
    started = time.monotonic()
    _draw_inputs(out / "inputs")
    write_embeddings(out / "embeddings")
    records = []
    for model in models:
        pipelines = _pipelines(out, model)
        for case in chosen:
            if case.model == model.name:
                used = _pipelines(out, model) if case.embedding else pipelines
                records.append(_run(out, used, model, case))
    (out / "cases.json").write_text(json.dumps(records, indent=1) + "\n", encoding="utf-8")
    print(f"{len(records)} cases: {time.monotonic() - started:.0f} s", flush=True)


def _make_models(out: Path, models: list[Model]) -> None:
    """Builds and exports: the first through the command, the others meanwhile in this process, where torch is warm."""
    sys.path.insert(0, str(EXPORTER))
    from inbetween_export.cli import main as export

    first: tuple[str, subprocess.Popen[bytes]] | None = None

    def wait() -> None:
        if first is not None and first[1].wait() != 0:
            raise SystemExit(f"The export of {first[0]} failed")

    # Those that wait for another's parts come last.
    for model in sorted(models, key=lambda model: model.parts_of is not None):
        source, target = out / "source" / model.name, out / "models" / model.name
        if model.tiny is None:
            continue
        build(model.tiny, source, None if model.parts_of is None else out / "source" / model.parts_of)
        arguments = ["--source", str(source), "--out", str(target), *model.export]
        if first is None:
            command = [sys.executable, str(EXPORTER / "export.py"), *arguments]
            first = (model.name, subprocess.Popen(command, env={**os.environ, "OMP_NUM_THREADS": "1"}))
            continue
        if model.parts_of is not None:
            wait()
            arguments += ["--reuse", str(out / "models" / model.parts_of)]
        if export(arguments) != 0:
            raise SystemExit(f"The export of {model.name} failed")
        if model.parts_of is not None:
            require_shared(target, out / "models" / model.parts_of)
    wait()
    for model in models:
        if model.copy_of is not None:
            for folder in ("source", "models"):
                shutil.copytree(out / folder / model.copy_of, out / folder / model.name)
                write_scheduler(out / folder / model.name, SCHEDULER_CONFIGS[model.scheduler_config])


def _draw_inputs(folder: Path) -> None:
    """A picture and a mask at every size that cases use: gradients with a disc, and a rectangle to repaint."""
    for width, height in ((48, 32), (32, 48), (64, 64), (96, 144)):
        y, x = np.mgrid[0:height, 0:width]
        disc = (x - width * 0.6) ** 2 + (y - height * 0.4) ** 2 < (min(width, height) * 0.3) ** 2
        picture = np.stack([x * 255 / width, y * 255 / height, 255 - x * 128 / width], axis=-1)
        picture[disc] = (230, 60, 40)
        Image.fromarray(picture.astype(np.uint8)).save(folder / f"picture-{width}x{height}.png")
        mask = np.zeros((height, width), np.uint8)
        mask[height // 4 : height - 6, width // 3 : width - 4] = 255
        Image.fromarray(mask).save(folder / f"mask-{width}x{height}.png")


def _pipelines(out: Path, model: Model) -> dict[str, Any]:
    folder = out / "source" / model.name
    if model.is_xl:
        return _xl_pipelines(folder)
    base = diffusers.StableDiffusionPipeline.from_pretrained(folder, safety_checker=None)
    if "fp16" in model.export:
        round_weights(base)
    parts = {**base.components, "requires_safety_checker": False}
    pipelines = {
        "text": base,
        "image": diffusers.StableDiffusionImg2ImgPipeline(**parts),
        "inpaint": diffusers.StableDiffusionInpaintPipeline(**parts),
    }
    for pipeline in pipelines.values():
        pipeline.set_progress_bar_config(disable=True)
    return pipelines


def _xl_pipelines(folder: Path) -> dict[str, Any]:
    base = diffusers.DiffusionPipeline.from_pretrained(folder)
    parts = base.components
    settings = {
        "force_zeros_for_empty_prompt": base.config.force_zeros_for_empty_prompt,
        "requires_aesthetics_score": base.config.get("requires_aesthetics_score", False),
    }
    pipelines = {
        "text": base,
        "image": diffusers.StableDiffusionXLImg2ImgPipeline(**parts, **settings),
        "inpaint": diffusers.StableDiffusionXLInpaintPipeline(**parts, **settings),
    }
    for pipeline in pipelines.values():
        pipeline.set_progress_bar_config(disable=True)
        pipeline.watermark = None
    return pipelines


def _run(out: Path, pipelines: dict[str, Any], model: Model, case: Case) -> dict[str, Any]:
    kind = "text" if case.strength is None else "inpaint" if case.mask else "image"
    pipeline = pipelines[kind]
    # After construction: a pipeline's constructor rewrites some settings of the schedulers it is given.
    pipeline.scheduler = load_scheduler(out / "source" / model.name, case.scheduler)
    arguments: dict[str, Any] = {
        "prompt": case.prompt,
        "negative_prompt": case.negative,
        "num_inference_steps": case.steps,
        "guidance_scale": case.guidance,
        "generator": torch.Generator().manual_seed(case.seed),
        "output_type": "latent",
    }
    inputs: dict[str, Any] = {}
    if kind != "image":
        arguments |= {"width": case.width, "height": case.height}
    if case.strength is not None:
        inputs = {"initImage": f"inputs/picture-{case.width}x{case.height}.png", "strength": case.strength}
        arguments |= {"image": Image.open(out / inputs["initImage"]), "strength": case.strength}
    if case.mask:
        inputs["mask"] = f"inputs/mask-{case.width}x{case.height}.png"
        arguments["mask_image"] = Image.open(out / inputs["mask"])
    pipeline.vae.use_tiling = case.tiled
    if case.embedding:
        load_into(pipeline, out / "embeddings" / case.embedding)
    with torch.no_grad():
        latents = pipeline(**arguments).images
        decoded = pipeline.vae.decode(latents / pipeline.vae.config.scaling_factor, return_dict=False)[0]
        image = pipeline.image_processor.postprocess(decoded, output_type="pil")[0]
    array = latents.float().numpy()
    largest = float(np.abs(array).max())
    if not np.isfinite(array).all() or largest > 60:
        raise SystemExit(f"{case.id}: latents reach {largest}; the toy model is no fair comparison")
    np.save(out / "latents" / f"{case.id}.npy", array)
    image.save(out / "pictures" / f"{case.id}.png")
    return {
        "id": case.id,
        "model": f"models/{model.name}",
        "prompt": case.prompt,
        "negative": case.negative,
        "seed": case.seed,
        "steps": case.steps,
        "guidance": case.guidance,
        "scheduler": case.scheduler,
        "width": case.width,
        "height": case.height,
        **inputs,
        **({"tiled": True} if case.tiled else {}),
        **({"embedding": f"embeddings/{case.embedding}"} if case.embedding else {}),
        "latents": f"latents/{case.id}.npy",
        "image": f"pictures/{case.id}.png",
        "tokens": (pipeline.tokenizer or pipeline.tokenizer_2)(
            case.prompt, padding="max_length", truncation=True
        ).input_ids,
        "range": [float(array.min()), float(array.max())],
        "pictureStd": float(np.asarray(image).std()),
    }


if __name__ == "__main__":
    main()
