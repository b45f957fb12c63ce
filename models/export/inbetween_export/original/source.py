"""A folder of original checkpoints, answering as a folder of diffusers' pipeline would."""

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import SourceError
from ..source import Source
from ..weights import read_object

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Release:
    class_name: str
    unets: tuple[str, ...]
    """Names of its U-Nets' files: for text, for inpainting."""
    beside: tuple[str, ...]
    """Files and folders that belong to it."""
    folders: dict[str, str]
    """Where the components that are folders lie."""
    classes: dict[str, str]
    betas: tuple[float, float]


RELEASES = (
    Release(
        class_name="Kandinsky20Pipeline",
        unets=("Kandinsky-2-0.pt", "Kandinsky-2-0-inpainting.pt"),
        beside=("vae.ckpt", "text_encoder1", "text_encoder2"),
        folders={"text_encoder": "text_encoder1", "text_encoder_2": "text_encoder2", "tokenizer": "text_encoder1", "tokenizer_2": "text_encoder2"},
        classes={},
        betas=(0.0001, 0.02),
    ),
    Release(
        class_name="KandinskyPipeline",
        unets=("decoder_fp16.ckpt", "inpainting_fp16.ckpt"),
        beside=("prior_fp16.ckpt", "movq_final.ckpt", "ViT-L-14_stats.th", "text_encoder"),
        folders={"text_encoder": "text_encoder", "tokenizer": "text_encoder"},
        classes={
            "unet": "UNet2DConditionModel",
            "movq": "VQModel",
            "text_encoder": "MultilingualCLIP",
            "prior_prior": "PriorTransformer",
            "prior_image_encoder": "CLIPVisionModelWithProjection",
            "prior_text_encoder": "CLIPTextModelWithProjection",
        },
        betas=(0.00085, 0.012),
    ),
)


def release_in(folder: Path) -> Release | None:
    """The release whose checkpoints lie in `folder`, by their names."""
    return next((one for one in RELEASES if any((folder / name).is_file() for name in one.unets)), None)


class OriginalSource(Source):
    """Components are made from the checkpoints when they are asked for, one at a time."""

    def __init__(self, folder: Path, release: Release, checkpoint: str | None) -> None:
        """:param checkpoint: the U-Net's file, where the folder has several

        :raises SourceError: files of the release are missing
        """
        self.folder = folder
        self.release = release
        self.index: dict[str, Any] = {"_class_name": release.class_name, **_SCHEDULERS}
        self.unet_file = _unet_file(folder, release, checkpoint)
        missing = [name for name in release.beside if not (folder / name).exists()]
        if missing:
            raise SourceError(f"{folder} has {self.unet_file.name}, but lacks {', '.join(missing)} of the original release")
        self.clip = _clip_folder(folder) if release.classes else None
        self._written = tempfile.TemporaryDirectory(prefix="inbetween-export-")
        self._configs: dict[str, dict[str, Any]] = {}
        self._write_schedulers(Path(self._written.name))

    def component_class(self, component: str) -> str | None:
        return self.release.classes.get(component)

    def path(self, *parts: str) -> Path:
        written = Path(self._written.name, *parts)
        if written.exists():
            return written
        first, *rest = parts
        base = self.clip if first.startswith("prior_") and self.clip is not None else self.folder / self.release.folders.get(first, first)
        path = base.joinpath(*rest)
        if not path.exists():
            raise SourceError(f"{path} is missing")
        return path

    def read_json(self, *parts: str) -> dict[str, Any]:
        """A component's configuration comes from its checkpoint: what there is to read is known once it is loaded."""
        if parts[-1] == "config.json":
            return self._configs.get(parts[0], {})
        return read_object(self.path(*parts))

    def check_component(self, component: str) -> None:
        """Nothing to see before the checkpoints are read, which each component does once."""

    def load(self, component: str, model_class: Any, dtype_argument: str) -> "torch.nn.Module":
        from . import components

        make: dict[str, Callable[[], torch.nn.Module]] = {
            "unet": lambda: components.unet(self),
            "movq": lambda: components.movq(self.folder / "movq_final.ckpt"),
            "vae": lambda: components.vae(self.folder / "vae.ckpt"),
            "text_encoder": lambda: components.multilingual_text(self.path("text_encoder")),
            "prior_prior": lambda: components.prior(self.folder / "prior_fp16.ckpt", self.folder / "ViT-L-14_stats.th"),
        }
        made = make.get(component)
        if made is not None:
            return made()
        where = Source.__new__(Source)
        where.folder = self.path(component)
        return where.load("", model_class, dtype_argument)

    def _write_schedulers(self, folder: Path) -> None:
        start, end = self.release.betas
        trained = {"num_train_timesteps": 1000, "beta_schedule": "linear", "beta_start": start, "beta_end": end}
        decoder = {"_class_name": "DDIMScheduler", **trained, "clip_sample": False, "set_alpha_to_one": False, "steps_offset": 1}
        decoder |= {"prediction_type": "epsilon", "thresholding": False}
        prior = {"_class_name": "UnCLIPScheduler", "num_train_timesteps": 1000, "variance_type": "fixed_small_log"}
        prior |= {"clip_sample": True, "clip_sample_range": 10.0, "prediction_type": "sample"}
        for name, config in (("scheduler", decoder), ("prior_scheduler", prior)):
            if name == "scheduler" or self.release.classes:
                (folder / name).mkdir()
                (folder / name / "scheduler_config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


_SCHEDULERS = {
    "scheduler": ["diffusers", "DDIMScheduler"],
    "tokenizer": ["transformers", "XLMRobertaTokenizerFast"],
    "prior_tokenizer": ["transformers", "CLIPTokenizer"],
    "prior_scheduler": ["diffusers", "UnCLIPScheduler"],
}


def _unet_file(folder: Path, release: Release, checkpoint: str | None) -> Path:
    there = [name for name in release.unets if (folder / name).is_file()]
    if checkpoint is not None:
        if not (folder / checkpoint).is_file():
            raise SourceError(f"--checkpoint {checkpoint}: {folder} has no such file; there are {', '.join(there)}")
        return folder / checkpoint
    if len(there) > 1:
        raise SourceError(f"{folder} has {' and '.join(there)}: name one of them with --checkpoint")
    return folder / there[0]


def _clip_folder(folder: Path) -> Path:
    """The original fetches CLIP ViT-L/14 by itself; here it lies in a subfolder, as transformers saves it."""
    for path in sorted(folder.glob("*/config.json")):
        try:
            if read_object(path).get("model_type") == "clip":
                return path.parent
        except SourceError:
            continue
    raise SourceError(
        f"{folder} has no CLIP: the original fetches OpenAI's ViT-L/14 apart from its checkpoints. Put "
        "openai/clip-vit-large-patch14 into a subfolder, as transformers saves it (config.json with model_type clip, "
        "weights and tokenizer)"
    )
