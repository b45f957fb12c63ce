"""Reading a pipeline folder as diffusers' save_pretrained writes it, with messages that name what is wrong."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import SourceError
from .weights import is_weight_file, read_object, weight_files

if TYPE_CHECKING:
    import torch

_SINGLE_FILES = (".safetensors", ".ckpt")


class Source:
    """A pipeline folder on this machine."""

    prior: "Source | None" = None
    """The folder of the prior, for decoders that are saved without theirs."""

    def __init__(self, folder: Path) -> None:
        """:raises SourceError: the folder or its model_index.json is missing or unreadable"""
        self.folder = folder
        if not folder.is_dir():
            _refuse_single(folder)
            raise SourceError(f"{folder} is not a folder; expected a pipeline saved by diffusers' save_pretrained")
        self.index = self._read_index()
        _refuse_onnx(folder)

    def _read_index(self) -> dict[str, Any]:
        """model_index.json; a model that transformers saves on its own has none, its class stands in config.json."""
        if not (self.folder / "model_index.json").exists() and (self.folder / "config.json").exists():
            classes = self.read_json("config.json").get("architectures")
            if isinstance(classes, list) and len(classes) == 1:
                return {"_class_name": classes[0]}
        if not (self.folder / "model_index.json").exists():
            _refuse_onnx(self.folder)
            for path in sorted(self.folder.iterdir()):
                _refuse_single(path)
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
        return read_object(self.path(*parts))

    def check_component(self, component: str) -> None:
        """Looks at a component's configuration and weights without loading it.

        :raises SourceError: a file is missing, damaged, or holds more than tensors
        """
        self.read_json(component, "config.json")
        weight_files(self.folder / component)

    def load(self, component: str, model_class: Any, dtype_argument: str) -> "torch.nn.Module":
        """Loads a component in float32 from safetensors or .bin files, whole or in shards, of any variant.

        :param model_class: a class with diffusers' or transformers' from_pretrained
        :param dtype_argument: what that library calls its dtype argument
        :raises SourceError: a file is missing or damaged, or lacks some of the weights
        """
        import torch  # Here, so that wrong folders are named at once and not after torch has loaded.

        self.path(component, "config.json")
        files = weight_files(self.folder / component)
        try:
            model, info = model_class.from_pretrained(
                self.folder,
                subfolder=component,
                variant=files.variant,
                use_safetensors=files.safetensors,
                local_files_only=True,
                output_loading_info=True,
                **{dtype_argument: torch.float32},
            )
        except Exception as error:
            # transformers keeps which ones for its log.
            shapes = "ignore_mismatched_sizes" in str(error) and "expected shape" not in str(error)
            cause = "its weights have other shapes than its config.json says" if shapes else str(error)
            raise SourceError(f"{self.folder / component} does not load as {model_class.__name__}: {cause}") from error
        # Both libraries fill missing weights with random numbers and go on; such a model renders noise.
        missing = sorted(info["missing_keys"])
        if missing:
            raise SourceError(
                f"{self.folder / component}: the weights lack {len(missing)} tensors of {model_class.__name__}, "
                f"such as {missing[0]}"
            )
        return model.eval().requires_grad_(False)


def _refuse_single(path: Path) -> None:
    """:raises SourceError: `path` is a whole pipeline in one file, which has no configuration and no tokenizer"""
    if path.is_file() and path.suffix in _SINGLE_FILES:
        raise SourceError(
            f"{path} is a single file; expected a folder saved by diffusers' save_pretrained. If it is a checkpoint of "
            "Stable Diffusion, diffusers makes such a folder of it: "
            f'StableDiffusionPipeline.from_single_file("{path.name}").save_pretrained("{path.stem}")'
        )


def _refuse_onnx(folder: Path) -> None:
    """:raises SourceError: the folder has graphs, and no weights that could be exported"""
    graphs = sorted(folder.glob("*/model.onnx"))
    # Some folders on the hub hold both.
    if graphs and not any(is_weight_file(path.name) for path in folder.glob("*/*")):
        raise SourceError(
            f"{folder} is ONNX already (it has {graphs[0].relative_to(folder).as_posix()}) and needs no export: give it to "
            f"Inbetween as it is, inbetween image --model {folder}"
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
