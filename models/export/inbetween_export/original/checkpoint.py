"""Reading checkpoints: tensors only, never the code that a pickle may carry."""

from pathlib import Path
from typing import Any

import torch

from ..errors import SourceError
from .unet import State


def read_checkpoint(path: Path) -> Any:
    """:raises SourceError: the file is damaged, or holds more than tensors and plain values"""
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise SourceError(
            f"{path} is not a checkpoint of tensors alone, which is all that is read (a pickle can run code): "
            f"{str(error).splitlines()[0] if str(error) else type(error).__name__}"
        ) from error


def read_state(path: Path) -> State:
    """The tensors of a checkpoint by name; those of its "state_dict" where it has one.

    :raises SourceError: as `read_checkpoint`, or there are no tensors by name
    """
    content = read_checkpoint(path)
    if isinstance(content, dict) and isinstance(content.get("state_dict"), dict):
        content = content["state_dict"]
    if not isinstance(content, dict):
        raise SourceError(f"{path} holds {type(content).__name__}; expected tensors by name")
    state = {key: value for key, value in content.items() if isinstance(value, torch.Tensor)}
    if not state:
        raise SourceError(f"{path} holds no tensors by name")
    return state
