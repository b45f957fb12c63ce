"""Makes checkpoints of the small Kandinsky from its exported folder, so that training and export can go on from them.

Those of the embedded model, which training and export want as well, come from ../recover_checkpoints.py. The captions and pictures of the training
are not in the folder: prepare.py and make_pool.py make them again.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import torch

from nets.recover import recover_by_name
from runtime import save_checkpoint

from .networks import make_prior, make_unet
from .texts import load_clip_tokenizer, load_tokenizer, new_clip_text, new_multilingual


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="the exported folder (../fluent-world-prior)")
    parser.add_argument("--work", type=Path, required=True, help="folder to write checkpoints to")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    for name in ("tokenizer", "prior_tokenizer"):
        shutil.copytree(options.model / name, options.work / name, dirs_exist_ok=True)
    # File, part of the folder, network, the name of the attribute that held it while it was exported, unused weights.
    parts = [
        ("text_multilingual.pt", "text_encoder", new_multilingual(load_tokenizer(options.work)), "model.", "transformer.pooler."),
        ("text_clip.pt", "prior_text_encoder", new_clip_text(load_clip_tokenizer(options.work)), "model.", None),
        ("prior.pt", "prior", make_prior(), "prior.", "clip_"),
        ("unet.pt", "unet", make_unet(), "unet.", None),
    ]
    for file, folder, module, prefix, unused in parts:
        recover_by_name(options.model / folder / "model.onnx", module, prefix, unused)
        if folder == "prior":
            # The graph does without them; the studio reads them from the configuration.
            known = json.loads((options.model / "prior/config.json").read_text(encoding="utf-8"))
            module.load_state_dict({**module.state_dict(), **{name: torch.tensor([known[name]]) for name in ("clip_mean", "clip_std")}})
        weights = module.state_dict()
        save_checkpoint(options.work / file, {"net": weights, "average": weights, "losses": [], "spent": 0.0})
        print(f"{options.work / file}: {sum(value.numel() for value in weights.values()):,} numbers", flush=True)


if __name__ == "__main__":
    main()
