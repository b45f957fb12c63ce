"""How much memory training will take, told before it starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch

_GIGABYTE = 1e9


def parameter_bytes(modules: Iterable[torch.nn.Module]) -> int:
    tensors = {t.data_ptr(): t for module in modules for t in (*module.parameters(), *module.buffers())}
    return sum(tensor.nbytes for tensor in tensors.values())


def kept_bytes(step: Callable[[], object], modules: Iterable[torch.nn.Module]) -> int:
    """Bytes of the activations that a step keeps for its gradient."""
    weights = {tensor.untyped_storage().data_ptr() for module in modules for tensor in module.parameters()}
    kept: dict[int, int] = {}

    def note(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        # Held until they are counted, so that no address is used twice.
        result = step()
    del result
    return sum(kept.values())


def activation_bytes(step: Callable[[int], object], modules: list[torch.nn.Module], size: int, smallest: int) -> int:
    """What a step on pictures of `size` pixels keeps, from two small ones: it grows with the area."""
    if size <= 2 * smallest:
        return kept_bytes(lambda: step(size), modules)
    one, two = (kept_bytes(lambda side=side: step(side), modules) for side in (smallest, 2 * smallest))
    by_area = (two - one) / (3 * smallest**2)
    return round(one + by_area * (size**2 - smallest**2))


def free_bytes(device: str) -> int | None:
    """None where nobody tells."""
    if device.startswith("cuda"):
        return torch.cuda.mem_get_info(device)[0]
    try:
        import psutil
    except ImportError:
        return None
    return psutil.virtual_memory().available


def report(parameters: int, activations: int, free: int | None, size: int, batch: int) -> str:
    """A sentence or two for people."""
    told = (
        f"Memory: {parameters / _GIGABYTE:.2f} GB of parameters are loaded; a step on {batch} x {size} x {size} keeps about "
        f"{activations / _GIGABYTE:.2f} GB of activations"
    )
    if free is None:
        return f"{told}; how much is free is not known."
    told = f"{told}; {free / _GIGABYTE:.2f} GB are free."
    if activations > free:
        told += " That is too little: choose a smaller --img_size or --train_batch_size."
    return told
