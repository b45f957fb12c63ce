"""Runs every stage in its order; stages whose result lies in the work folder are skipped."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder for checkpoints and shards, about 4 GB")
    parser.add_argument("--cache", type=Path, required=True, help="folder for the packages, about 300 MB")
    parser.add_argument("--out", type=Path, required=True, help="the model folder to write")
    parser.add_argument("--hours", type=float, default=8, help="time for the denoiser; the other stages need about 1.5 hours more")
    parser.add_argument("--shards", type=int, default=40)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    work, cache = ["--work", str(options.work)], ["--cache", str(options.cache)]
    device = ["--device", options.device]
    stages: list[tuple[str, Path | None, list[str]]] = [
        ("prepare_text.py", options.work / "text_encoder/config.json", [*work, *cache]),
        ("train_autoencoder.py", options.work / "decoder-pool/latents.pt", [*work, *cache, *device]),
        ("make_shards.py", None, [*work, *cache, *device, "--shards", str(options.shards)]),
        ("train_unet.py", None, [*work, *device, "--minutes", str(options.hours * 60), *([] if (options.work / "unet.pt").exists() else ["--fresh"])]),
        ("make_decoder_pool.py", None, [*work, *cache, *device]),
        ("train_decoder.py", None, [*work, *cache, *device, "--pool", str(options.work / "decoder-pool")]),
        ("export_fluent_world.py", None, [*work, "--out", str(options.out)]),
    ]
    for number, (script, result, arguments) in enumerate(stages, 1):
        if result and result.exists():
            print(f"[{number}/{len(stages)}] {script}: {result} is there, skipped", flush=True)
            continue
        print(f"[{number}/{len(stages)}] {script}", flush=True)
        subprocess.run([sys.executable, "-u", str(HERE / script), *arguments], check=True, cwd=HERE)


if __name__ == "__main__":
    main()
