"""The tensors of an original checkpoint."""

from pathlib import Path

import torch

from ..errors import SourceError
from ..weights import read_checkpoint
from .unet import State


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
