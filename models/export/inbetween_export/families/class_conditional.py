"""Class-conditional diffusion on grey pixels, as models/digits trains it: a table of class embeddings and a U-Net."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from diffusers import UNet2DModel
from safetensors.torch import load_file

from ..component import Component, TensorSpec
from ..errors import SourceError
from ..source import Source
from ..weights import check_weights
from .family import Family

_OWN = ("_class_name", "num_classes", "class_embedding_size", "labels")
_WEIGHTS = "diffusion_pytorch_model.safetensors"


class Denoiser(torch.nn.Module):
    """The class's embedding lies over all pixels as further channels, after the picture's own."""

    def __init__(self, unet: UNet2DModel) -> None:
        super().__init__()
        self.unet = unet

    def forward(self, sample: torch.Tensor, timestep: torch.Tensor, class_embeddings: torch.Tensor) -> torch.Tensor:
        layers = class_embeddings[:, :, None, None].expand(-1, -1, sample.shape[2], sample.shape[3])
        return self.unet(torch.cat([sample, layers], dim=1), timestep, return_dict=False)[0]


def _check(source: Source) -> None:
    source.read_json("unet", "config.json")
    source.path("unet", _WEIGHTS)
    source.read_json("scheduler", "scheduler_config.json")


def _components(source: Source) -> Iterator[Component]:
    config = source.read_json("unet", "config.json")
    path = source.path("unet", _WEIGHTS)
    check_weights(path)
    try:
        weights = load_file(path)
        classes, width = weights["class_emb.weight"].shape
        table = torch.nn.Embedding(classes, width)
        table.load_state_dict({"weight": weights.pop("class_emb.weight")})
        unet = UNet2DModel(**{key: value for key, value in config.items() if key not in _OWN})
        unet.load_state_dict({name.removeprefix("model."): value for name, value in weights.items()})
    except (KeyError, RuntimeError, TypeError, ValueError, OSError) as error:
        raise SourceError(f"{path} does not load as a class-conditional U-Net: {error}") from error
    embeddings = lambda: TensorSpec("class_embeddings", "float32", ("batch", width))  # noqa: E731
    yield Component(
        name="class_embedding",
        module=table.eval().requires_grad_(False),
        inputs=[TensorSpec("class_labels", "int64", ("batch",))],
        outputs=[embeddings()],
        sizes=[{"batch": 3}, {"batch": 7}],
        config={"num_classes": classes, "class_embedding_size": width},
        draw={"class_labels": lambda shape, g: torch.randint(0, classes, shape, generator=g)},
    )
    step = 2 ** (len(unet.config.block_out_channels) - 1)
    grey = lambda name: TensorSpec(name, "float32", ("batch", unet.config.out_channels, "height", "width"))  # noqa: E731
    yield Component(
        name="unet",
        module=Denoiser(unet.eval().requires_grad_(False)),
        inputs=[grey("sample"), TensorSpec("timestep", "float32", ()), embeddings()],
        outputs=[grey("out_sample")],
        sizes=[
            {"batch": 2, "height": 7 * step, "width": 6 * step},
            {"batch": 3, "height": 5 * step, "width": 7 * step},
        ],
        config={**config, "num_classes": classes, "class_embedding_size": width},
        draw={"timestep": lambda _, g: torch.randint(0, 1000, (), generator=g).float()},
    )


def _write_rest(source: Source, out: Path) -> dict[str, Any]:
    (out / "scheduler").mkdir()
    shutil.copyfile(source.path("scheduler", "scheduler_config.json"), out / "scheduler" / "scheduler_config.json")
    return {"scheduler": ["diffusers", source.read_json("scheduler", "scheduler_config.json").get("_class_name")]}


FAMILY = Family(
    class_names=("ClassConditionedUnet",),
    check=_check,
    components=_components,
    write_rest=_write_rest,
    notes=lambda source: [],
)
