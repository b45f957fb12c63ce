"""What the small Kandinsky learns from: the shipped small CLIP's picture and text side, read back from its files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch

from nets.autoencoder import Encoder
from nets.clip import EMBEDDING, Head
from nets.recover import _tensors
from nets.unet import WIDTH
from runtime import load_checkpoint

from .networks import ImageEncoder


def image_encoder(clip: Path, base: Path) -> ImageEncoder:
    """The picture side over the embedded autoencoder's encoder.

    :param clip: the folder of the small CLIP
    :param base: folder of the embedded model's checkpoints
    """
    graph = onnx.load(str(clip / "vision_model/model.onnx")).graph
    tensors, head = _tensors(graph), Head()
    nodes = [node for node in graph.node if node.name.startswith("/head/")]
    convolutions = [node for node in nodes if node.op_type == "Conv"]
    # A normalisation is exported as one without weights, followed by its weight and its bias.
    affine = [node for node in nodes if node.op_type in ("InstanceNormalization", "Mul", "Add")]
    scales = [affine[i + k] for i, node in enumerate(affine) if node.op_type == "InstanceNormalization" for k in (1, 2)]
    found = iter([tensors[name] for node in convolutions for name in node.input[1:]])
    with torch.no_grad():
        for layer in (m for m in head.modules() if isinstance(m, torch.nn.Conv2d)):
            for target in (layer.weight, layer.bias):
                target.copy_(torch.from_numpy(np.array(next(found), np.float32)).reshape(target.shape))
        values = iter([next(tensors[name] for name in node.input if name in tensors) for node in scales])
        for layer in (m for m in head.modules() if isinstance(m, torch.nn.GroupNorm)):
            for target in (layer.weight, layer.bias):
                target.copy_(torch.from_numpy(np.array(next(values), np.float32)).reshape(target.shape))
        last = next(node for node in nodes if node.op_type == "MatMul")
        head.out.weight.copy_(torch.from_numpy(np.array(tensors[last.input[1]], np.float32)).T)
    encoder = Encoder()
    encoder.load_state_dict(load_checkpoint(base / "autoencoder.pt")["encoder"])
    return ImageEncoder(encoder, head).eval()


def text_projection(clip: Path) -> torch.Tensor:
    """[384, 256]: sentence vectors of length 1 to text embeddings."""
    graph = onnx.load(str(clip / "text_model/model.onnx")).graph
    node = next(node for node in graph.node if node.name == "/projection/MatMul")
    projection = torch.from_numpy(np.array(_tensors(graph)[node.input[1]], np.float32))
    if projection.shape != (WIDTH, EMBEDDING):
        raise SystemExit(f"{clip}: its text projection is {tuple(projection.shape)}, wanted {(WIDTH, EMBEDDING)}")
    return projection
