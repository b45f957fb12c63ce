"""Makes checkpoints from exported files, so that training can go on from them.

The text encoder is not among them: it is frozen, and prepare_text.py makes it again.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from nets.autoencoder import Decoder, Encoder
from nets.recover import recover_by_name, recover_in_order
from nets.unet import make_unet
from runtime import save_checkpoint


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="an exported model folder")
    parser.add_argument("--unet", type=Path, help="an exported denoiser; without it the one of --model")
    parser.add_argument("--work", type=Path, required=True, help="folder to write checkpoints to")
    options = parser.parse_args()
    encoder, decoder, unet = Encoder(), Decoder(), make_unet()
    recover_in_order(options.model / "vae_encoder/model.onnx", encoder)
    recover_in_order(options.model / "vae_decoder/model.onnx", decoder)
    recover_by_name(options.unet or options.model / "unet/model.onnx", unet, "unet.")
    scale = 1 / json.loads((options.model / "vae_decoder/config.json").read_text(encoding="utf-8"))["scaling_factor"]
    parts = {"encoder": encoder.state_dict(), "decoder": decoder.state_dict(), "latent_std": scale}
    save_checkpoint(options.work / "autoencoder.pt", parts)
    weights = unet.state_dict()
    save_checkpoint(options.work / "unet.pt", {"average": weights, "weights": weights, "latent_std": scale, "pictures": 0, "step": 0, "spent": 0.0})


if __name__ == "__main__":
    main()
