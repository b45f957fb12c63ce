"""What every training command shares: devices, checkpoints saved whole, averages, progress lines."""

from __future__ import annotations

import math
import os
import time
from pathlib import Path

import torch


def device_from(name: str) -> torch.device:
    """The device `name` ("cpu" or "cuda"); threads come from OMP_NUM_THREADS."""
    if name == "cuda" and not torch.cuda.is_available():
        raise SystemExit("--device cuda: torch finds no CUDA device; use --device cpu")
    threads = os.environ.get("OMP_NUM_THREADS")
    if threads:
        torch.set_num_threads(int(threads))
    return torch.device(name)


def arithmetic(device: torch.device) -> torch.autocast:
    """The context in which networks run: bfloat16 on GPUs and on CPUs that multiply it, float32 elsewhere (measured on
    AVX2: bfloat16 is 24 times slower)."""
    fast = device.type != "cpu" or torch.cpu.get_capabilities()["avx512_bf16"]
    return torch.autocast(device.type, torch.bfloat16, enabled=fast)


def save_checkpoint(path: Path, content: dict) -> None:
    """Writes beside `path` and renames, so that an interrupted save leaves the old file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(path.suffix + ".part")
    torch.save(content, part)
    os.replace(part, path)


def load_checkpoint(path: Path) -> dict:
    """The checkpoint at `path`, on the CPU; ends with a message when there is none."""
    if not path.exists():
        raise SystemExit(f"{path}: no checkpoint there; run the command that makes it first (see README.md)")
    return torch.load(path, map_location="cpu", weights_only=True)


@torch.no_grad()
def average_into(average: dict[str, torch.Tensor], module: torch.nn.Module, decay: float) -> None:
    """Moves an exponential moving average of the weights towards the module's present ones."""
    state = module.state_dict()
    names = [name for name, value in average.items() if value.is_floating_point()]
    torch._foreach_lerp_([average[n] for n in names], [state[n] for n in names], 1 - decay)


class Learning:
    """A network on its way: its optimizer, its averaged weights and every step's loss, kept in one checkpoint."""

    def __init__(self, net: torch.nn.Module, optimizer: torch.optim.Optimizer) -> None:
        self.net = net
        self.optimizer = optimizer
        self.average = {name: value.detach().clone() for name, value in net.state_dict().items()}
        self.losses: list[float] = []

    def go_on(self, checkpoint: Path, device: torch.device) -> dict:
        """Takes up what `save` wrote, if it did; weights that were read back from an exported file come without the
        optimizer's memory.

        :returns: the checkpoint's content; empty where there is none
        """
        if not checkpoint.exists():
            return {}
        saved = torch.load(checkpoint, map_location=device, weights_only=True)
        self.net.load_state_dict(saved["net"])
        if "optimizer" in saved:
            self.optimizer.load_state_dict(saved["optimizer"])
        self.average, self.losses = saved["average"], saved["losses"]
        print(f"Going on after step {len(self.losses)}", flush=True)
        return saved

    def step(self, loss: torch.Tensor, decay: float, noted: float | None = None) -> None:
        """Learns from a loss, of which the curve gets `noted` where that is another figure. The average is short at first
        and grows to `decay`; 0: there is none to be kept."""
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        if decay > 0:
            average_into(self.average, self.net, min(decay, (1 + len(self.losses)) / (10 + len(self.losses))))
        self.losses.append(loss.item() if noted is None else noted)

    def save(self, checkpoint: Path, further: dict) -> None:
        content = {"net": self.net.state_dict(), "optimizer": self.optimizer.state_dict(), "average": self.average, "losses": self.losses}
        save_checkpoint(checkpoint, {**content, **further})


def falling_rate(peak: float, share: float, step: int, warm_up: int, rest: float = 0.02) -> float:
    """The learning rate at `step` when `share` of the time is used, 0 to 1: up to `peak` over `warm_up` steps, and down a
    cosine to `rest` of it."""
    return peak * min(1, (step + 1) / warm_up) * (0.5 * (1 + math.cos(math.pi * share)) * (1 - rest) + rest)


class Progress:
    """Time-bound progress with the mean loss since the last line and the time left."""

    def __init__(self, seconds: float, spent: float = 0.0) -> None:
        self.start = time.monotonic() - spent
        self.seconds = seconds
        self.losses: list[float] = []

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self.start

    @property
    def share(self) -> float:
        """How much of the time is used, 0 to 1."""
        return min(1.0, self.elapsed / self.seconds) if self.seconds > 0 else 1.0

    @property
    def over(self) -> bool:
        return self.elapsed >= self.seconds

    def note(self, loss: float) -> None:
        self.losses.append(loss)

    def line(self, text: str) -> None:
        """Prints `text` with {loss} filled in, and the time left."""
        mean = sum(self.losses) / max(1, len(self.losses))
        self.losses.clear()
        left = max(0.0, self.seconds - self.elapsed)
        print(f"{text.format(loss=mean)}, {self.share:.0%}, ETA {left / 60:.1f} min", flush=True)
