"""The other side of torch-comparison.ts: makes the model, or times a frame of it in diffusers (milliseconds, last line)."""

import argparse
import os
import statistics
import sys
import time
import warnings
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
warnings.simplefilter("ignore")

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "test" / "parity"), str(ROOT / "models" / "export")]


def make(source: Path, out: Path) -> None:
    from inbetween_export.cli import main as export
    from tiny_models import TinyModel, build

    build(TinyModel("tiny-sd", seed=1), source)
    if export(["--source", str(source), "--out", str(out)]) != 0:
        raise SystemExit("The export failed")


def median_of_three(source: Path, steps: int, width: int, height: int) -> float:
    import torch
    from diffusers import DPMSolverMultistepScheduler, StableDiffusionPipeline

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    pipeline = StableDiffusionPipeline.from_pretrained(source, safety_checker=None)
    pipeline.scheduler = DPMSolverMultistepScheduler.from_config(pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    times = []
    for seed in range(4):
        generator = torch.Generator().manual_seed(seed)
        start = time.perf_counter()
        pipeline(
            "red cat, 4k photo",
            negative_prompt="",
            num_inference_steps=steps,
            guidance_scale=5.0,
            width=width,
            height=height,
            generator=generator,
        )
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times[1:])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("make", "time"))
    parser.add_argument("--source", type=Path, required=True)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--steps", type=int, default=15)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--height", type=int, default=128)
    options = parser.parse_args()
    if options.what == "make":
        make(options.source, options.out)
    else:
        print(median_of_three(options.source, options.steps, options.width, options.height))
