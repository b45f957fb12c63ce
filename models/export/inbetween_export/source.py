"""Reading a pipeline folder as diffusers' save_pretrained writes it, with messages that name what is wrong."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import SourceError

if TYPE_CHECKING:
    import torch

_WEIGHTS = ("diffusion_pytorch_model", "model", "pytorch_model")
_ENDINGS = (".safetensors", ".bin", ".safetensors.index.json", ".bin.index.json")
_VARIANT = re.compile(rf"(?:{'|'.join(_WEIGHTS)})\.(\w+)(?:-\d+-of-\d+)?\.(?:safetensors|bin)")
"""model.fp16.safetensors, and its shards model.fp16-00001-of-00002.safetensors."""


class Source:
    """A pipeline folder on this machine."""

    prior: "Source | None" = None
    """The folder of the prior, for decoders that are saved without theirs."""

    def __init__(self, folder: Path) -> None:
        """:raises SourceError: the folder or its model_index.json is missing or unreadable"""
        self.folder = folder
        if not folder.is_dir():
            raise SourceError(f"{folder} is not a folder; expected a pipeline saved by diffusers' save_pretrained")
        self.index = self._read_index()

    def _read_index(self) -> dict[str, Any]:
        """model_index.json; a model that transformers saves on its own has none, its class stands in config.json."""
        if not (self.folder / "model_index.json").exists() and (self.folder / "config.json").exists():
            classes = self.read_json("config.json").get("architectures")
            if isinstance(classes, list) and len(classes) == 1:
                return {"_class_name": classes[0]}
        return self.read_json("model_index.json")

    @property
    def class_name(self) -> str:
        name = self.index.get("_class_name")
        if not isinstance(name, str):
            raise SourceError(f"{self.folder / 'model_index.json'} has no \"_class_name\"")
        return name

    def component_class(self, component: str) -> str | None:
        """The class that model_index.json names for `component`; None where the pipeline has none."""
        entry = self.index.get(component)
        return entry[1] if isinstance(entry, list) and len(entry) == 2 and isinstance(entry[1], str) else None

    def path(self, *parts: str) -> Path:
        """:raises SourceError: no such file"""
        path = self.folder.joinpath(*parts)
        if not path.exists():
            raise SourceError(f"{path} is missing")
        return path

    def read_json(self, *parts: str) -> dict[str, Any]:
        path = self.path(*parts)
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise SourceError(f"{path} is not readable JSON: {error}") from error
        if not isinstance(value, dict):
            raise SourceError(f"{path} holds {type(value).__name__}; expected an object")
        return value

    def load(self, component: str, model_class: Any, dtype_argument: str) -> "torch.nn.Module":
        """Loads a component in float32 from safetensors or .bin files, whole or in shards, of any variant.

        :param model_class: a class with diffusers' or transformers' from_pretrained
        :param dtype_argument: what that library calls its dtype argument
        :raises SourceError: a file is missing or damaged, or lacks some of the weights
        """
        import torch  # Here, so that wrong folders are named at once and not after torch has loaded.

        self.path(component, "config.json")
        variant = self._variant(component)
        try:
            model, info = model_class.from_pretrained(
                self.folder,
                subfolder=component,
                variant=variant,
                local_files_only=True,
                output_loading_info=True,
                **{dtype_argument: torch.float32},
            )
        except Exception as error:
            raise SourceError(f"{self.folder / component} does not load as {model_class.__name__}: {error}") from error
        # Both libraries fill missing weights with random numbers and go on; such a model renders noise.
        missing = sorted(info["missing_keys"])
        if missing:
            raise SourceError(
                f"{self.folder / component}: the weights lack {len(missing)} tensors of {model_class.__name__}, "
                f"such as {missing[0]}"
            )
        return model.eval().requires_grad_(False)

    def _variant(self, component: str) -> str | None:
        folder = self.folder / component
        names = sorted(path.name for path in folder.iterdir())
        if any(name == weights + ending for name in names for weights in _WEIGHTS for ending in _ENDINGS):
            return None
        for name in names:
            if found := _VARIANT.fullmatch(name):
                return found.group(1)
        raise SourceError(
            f"{folder} has no weights; expected diffusion_pytorch_model.safetensors, model.safetensors or their .bin "
            "equivalents"
        )


def open_source(folder: Path, prior: Path | None, checkpoint: str | None = None) -> Source:
    """The pipeline of `folder`. A decoder and its prior may also lie in two subfolders, whatever their names.

    :param prior: the folder of the decoder's prior, where it is neither in the folder nor beside the decoder
    :param checkpoint: the U-Net's file, where a folder of original checkpoints has several
    :raises SourceError: no pipeline is there
    """
    if prior is None and not (folder / "model_index.json").exists() and folder.is_dir():
        from .original.source import OriginalSource, release_in

        release = release_in(folder)
        if release is not None:
            return OriginalSource(folder, release, checkpoint)
        pipelines = [Source(path.parent) for path in sorted(folder.glob("*/model_index.json"))]
        priors = [source for source in pipelines if source.class_name.endswith("PriorPipeline")]
        decoders = [source for source in pipelines if source not in priors]
        if len(priors) == 1 and len(decoders) == 1:
            decoders[0].prior = priors[0]
            return decoders[0]
    source = Source(folder)
    if prior is not None:
        source.prior = Source(prior)
    return source


def config_of(model: Any, source: dict[str, Any]) -> dict[str, Any]:
    """The component's whole configuration: the source's own words over the defaults of the class."""
    config = model.config
    if hasattr(config, "to_json_string"):
        effective = json.loads(config.to_json_string(use_diff=False))
    else:
        effective = json.loads(model.to_json_string())
    merged = {**effective, **source}
    merged.pop("_name_or_path", None)
    return merged
