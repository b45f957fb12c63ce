"""Reference results of torch and diffusers for a tiny class-conditioned network: the DDPM loop over pixels, told one
class, or a blend of two through the embedding table.

Writes to --out: source/ (as models/digits saves a network), model/ (its ONNX export), latents/ (float32 .npy),
pictures/ (.png) and cases.json, a list of {id, label, other, at, seed, steps, width, height, latents, image}; paths are
relative to --out. Everything comes from seeds; nothing is fetched.
"""

import argparse
import json
import os
import shutil
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
import torch
from diffusers import DDPMScheduler
from PIL import Image

MODELS = Path(__file__).resolve().parents[3] / "models"
sys.path[:0] = [str(MODELS / "digits"), str(MODELS / "export")]

from inbetween_export.cli import main as export  # noqa: E402
from network import ClassConditionedUnet, load_model, save_model  # noqa: E402

UNET = {
    "sample_size": 28,
    "in_channels": 5,
    "out_channels": 1,
    "layers_per_block": 1,
    "block_out_channels": [32, 32, 64],
    "down_block_types": ["DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"],
    "up_block_types": ["AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D"],
}
"""The network's own shape, thinner."""

WALK = 4
"""Frames from one keyframe to the next."""


@dataclass(frozen=True)
class Case:
    id: str
    label: int
    seed: int
    steps: int
    other: int | None = None
    """The class of the next keyframe."""
    at: int = 0
    """Frames after the first of the two keyframes, of `WALK`."""
    width: int = 28
    height: int = 28


CASES = (
    *(Case(f"class-{label}", label, seed=1632, steps=20) for label in (0, 3, 8, 9)),
    Case("wide", 7, seed=2**32 - 5, steps=13, width=36, height=20),
    Case("every-step", 5, seed=7, steps=1000, width=12, height=12),
    *(Case(f"blend-{at}", 3, seed=1632, steps=20, other=8, at=at) for at in (1, 2, 3)),
)

DISTINCT = 0.02
"""Pictures that are no further apart, on average of 1, would be no proof that the class is heard."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True, type=Path, help="folder to write; emptied first")
    out: Path = parser.parse_args().out
    torch.set_num_threads(1)
    shutil.rmtree(out, ignore_errors=True)
    for folder in ("latents", "pictures"):
        (out / folder).mkdir(parents=True)
    torch.manual_seed(11)
    save_model(ClassConditionedUnet(unet=UNET), out / "source")
    if export(["--source", str(out / "source"), "--out", str(out / "model")]) != 0:
        raise SystemExit("The export failed")
    net = load_model(out / "source")
    scheduler = DDPMScheduler.from_pretrained(out / "source", subfolder="scheduler")
    records, pictures = [], {}
    for case in CASES:
        latents = _sample(net, scheduler, case)
        np.save(out / "latents" / f"{case.id}.npy", latents.numpy())
        picture = _picture(latents)
        picture.save(out / "pictures" / f"{case.id}.png")
        pictures[case.id] = np.asarray(picture) / 255
        files = {"latents": f"latents/{case.id}.npy", "image": f"pictures/{case.id}.png"}
        records.append({**asdict(case), **files})
    _require_distinct({name: pictures[name] for name in ("class-0", "class-3", "class-8", "class-9", "blend-2")})
    (out / "cases.json").write_text(json.dumps({"walk": WALK, "cases": records}, indent=1) + "\n", encoding="utf-8")


@torch.no_grad()
def _sample(net: ClassConditionedUnet, scheduler: DDPMScheduler, case: Case) -> torch.Tensor:
    generator = torch.Generator().manual_seed(case.seed)
    x = torch.randn(1, 1, case.height, case.width, generator=generator)
    embedding = net.class_emb(torch.tensor([case.label]))
    if case.other is not None:
        embedding = torch.lerp(embedding, net.class_emb(torch.tensor([case.other])), case.at / WALK)
    scheduler.set_timesteps(case.steps)
    for t in scheduler.timesteps:
        noise = net.from_embeddings(x, t, embedding) if case.other is not None else net(x, t, torch.tensor([case.label]))
        x = scheduler.step(noise, t, x, generator=generator).prev_sample
    return x


def _picture(latents: torch.Tensor) -> Image.Image:
    """Ink on paper: -1 is white."""
    grey = 1 - (latents[0, 0] / 2 + 0.5).clamp(0, 1)
    return Image.fromarray((grey * 255).round().numpy().astype(np.uint8)).convert("RGB")


def _require_distinct(pictures: dict[str, np.ndarray]) -> None:
    names = list(pictures)
    for i, one in enumerate(names):
        for other in names[:i]:
            apart = float(np.abs(pictures[one] - pictures[other]).mean())
            if apart < DISTINCT:
                raise SystemExit(f"{one} and {other} are {apart:.4f} apart; the toy network hears no class")


if __name__ == "__main__":
    main()
