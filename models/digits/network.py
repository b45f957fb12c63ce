"""The class-conditioned U-Net for 28 x 28 digits, and the folder that it is saved in."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from diffusers import UNet2DModel
from safetensors.torch import load_file, save_file

CLASS_NAME = "ClassConditionedUnet"
CLASSES = 10
EMBEDDING = 4
SIZE = 28
WEIGHTS = "diffusion_pytorch_model.safetensors"

SCHEDULER = {
    "_class_name": "DDPMScheduler",
    "num_train_timesteps": 1000,
    "beta_start": 0.0001,
    "beta_end": 0.02,
    "beta_schedule": "squaredcos_cap_v2",
    "variance_type": "fixed_small",
    "prediction_type": "epsilon",
    "clip_sample": True,
    "clip_sample_range": 1.0,
    # Few steps must begin at the last timestep, where a picture is noise alone; with all 1000 it makes no difference.
    "timestep_spacing": "trailing",
}

UNET = {
    "sample_size": SIZE,
    "in_channels": 1 + EMBEDDING,
    "out_channels": 1,
    "layers_per_block": 2,
    "block_out_channels": [32, 64, 64],
    "norm_num_groups": 8,
    "down_block_types": ["DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"],
    "up_block_types": ["AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D"],
}


class ClassConditionedUnet(torch.nn.Module):
    """Predicts the noise in pictures [batch, 1, 28, 28] in -1 .. 1 of known classes. The class's embedding is laid over
    all pixels as further channels, after the picture's own."""

    def __init__(self, classes: int = CLASSES, embedding: int = EMBEDDING, unet: dict | None = None) -> None:
        super().__init__()
        self.class_emb = torch.nn.Embedding(classes, embedding)
        self.model = UNet2DModel(**(unet or UNET))

    def forward(self, x: torch.Tensor, t: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return self.from_embeddings(x, t, self.class_emb(labels))

    def from_embeddings(self, x: torch.Tensor, t: torch.Tensor, embeddings: torch.Tensor) -> torch.Tensor:
        """As `forward`, with the classes as embeddings [batch, 4], so that there is something between two classes."""
        layers = embeddings[:, :, None, None].expand(-1, -1, x.shape[2], x.shape[3])
        return self.model(torch.cat([x, layers], dim=1), t).sample


def save_model(net: ClassConditionedUnet, folder: Path) -> None:
    """A folder that models/export/export.py takes: model_index.json, unet/, scheduler/."""
    for name, content in (
        ("model_index.json", {"_class_name": CLASS_NAME, "unet": ["network", CLASS_NAME]}),
        (
            "unet/config.json",
            {
                "_class_name": CLASS_NAME,
                "num_classes": net.class_emb.num_embeddings,
                "class_embedding_size": net.class_emb.embedding_dim,
                **{key: value for key, value in net.model.config.items() if key in UNET},
            },
        ),
        ("scheduler/scheduler_config.json", SCHEDULER),
    ):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    save_file(net.state_dict(), folder / "unet" / WEIGHTS)


def load_model(folder: Path) -> ClassConditionedUnet:
    config = json.loads((folder / "unet" / "config.json").read_text(encoding="utf-8"))
    unet = {key: value for key, value in config.items() if key in UNET}
    net = ClassConditionedUnet(config["num_classes"], config["class_embedding_size"], unet)
    net.load_state_dict(load_file(folder / "unet" / WEIGHTS))
    return net.eval()
