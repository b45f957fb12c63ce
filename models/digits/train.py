"""Trains the class-conditioned digits network: batches of 128 unless told otherwise, Adam 1e-3, mean squared error of the noise.

Resumes where it stopped; stops after --epochs, after --minutes, at Ctrl-C or when it is asked to end, and saves each time. WORK receives
checkpoint.pt, model/ (for models/export/export.py) and losses.json: every step's loss, and per epoch the mean of the
last 100.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from pathlib import Path

import torch
from diffusers import DDPMScheduler

from mnist import load_digits
from network import SCHEDULER, ClassConditionedUnet, save_model

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "training"))
from runtime import average_into, device_from, save_checkpoint  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", required=True, type=Path, help="folder for checkpoints and the result")
    parser.add_argument("--cache", required=True, type=Path, help="folder for the digits package")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--minutes", type=float, default=1e9, help="stop and save after so many")
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--average", type=float, default=0.0, help="decay of averaged weights; 0 saves the last ones")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    for ending in (signal.SIGINT, signal.SIGTERM):
        # Also where the shell started it in the background, which ignores Ctrl-C.
        signal.signal(ending, signal.default_int_handler)
    device = device_from(options.device)
    pictures, labels = load_digits(options.cache)
    data = torch.from_numpy(pictures.copy())[:, None].float().to(device) / 255 * 2 - 1
    classes = torch.from_numpy(labels.copy()).long().to(device)

    torch.manual_seed(options.seed)
    net = ClassConditionedUnet().to(device)
    optimizer = torch.optim.Adam(net.parameters(), lr=options.learning_rate)
    average = {name: value.detach().clone() for name, value in net.state_dict().items()}
    losses: list[float] = []
    checkpoint = options.work / "checkpoint.pt"
    if checkpoint.exists():
        saved = torch.load(checkpoint, map_location=device, weights_only=True)
        net.load_state_dict(saved["net"])
        optimizer.load_state_dict(saved["optimizer"])
        average, losses = saved["average"], saved["losses"]
        print(f"Resuming after step {len(losses)}", flush=True)
    scheduler = DDPMScheduler.from_config(SCHEDULER)
    steps_per_epoch = -(-len(data) // options.batch)
    total = steps_per_epoch * options.epochs
    started, begin = time.monotonic(), len(losses)

    def save() -> None:
        save_checkpoint(
            checkpoint,
            {"net": net.state_dict(), "optimizer": optimizer.state_dict(), "average": average, "losses": losses},
        )
        result = ClassConditionedUnet()
        result.load_state_dict(average if options.average > 0 else net.state_dict())
        save_model(result, options.work / "model")
        (options.work / "losses.json").write_text(json.dumps(_curve(losses, options.batch, steps_per_epoch)), encoding="utf-8")

    try:
        while len(losses) < total and time.monotonic() - started < options.minutes * 60:
            epoch, position = divmod(len(losses), steps_per_epoch)
            order = torch.randperm(len(data), generator=torch.Generator().manual_seed(options.seed * 1000 + epoch))
            chosen = order[position * options.batch : (position + 1) * options.batch].to(device)
            clean = data[chosen]
            noise = torch.randn_like(clean)
            timesteps = torch.randint(0, 999, (len(clean),), device=device)
            predicted = net(scheduler.add_noise(clean, noise, timesteps), timesteps, classes[chosen])
            loss = torch.nn.functional.mse_loss(predicted, noise)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if options.average > 0:
                average_into(average, net, min(options.average, (1 + len(losses)) / (10 + len(losses))))
            losses.append(loss.item())
            done = len(losses)
            if done % 25 == 0:
                rate = (time.monotonic() - started) / (done - begin)
                recent = sum(losses[-100:]) / len(losses[-100:])
                left = rate * (total - done) / 60
                print(f"step {done} of {total}, loss {recent:.4f}, {rate:.2f} s a step, {left:.0f} min left", flush=True)
            if done % 100 == 0:
                save()
    except KeyboardInterrupt:
        print("Stopping", flush=True)
    save()
    print(f"{len(losses)} steps, {len(losses) / steps_per_epoch:.2f} epochs: {options.work}", flush=True)


def _curve(losses: list[float], batch: int, steps_per_epoch: int) -> dict:
    ends = range(steps_per_epoch, len(losses) + 1, steps_per_epoch)
    return {
        "batch": batch,
        "stepsPerEpoch": steps_per_epoch,
        "losses": [round(loss, 5) for loss in losses],
        "last100ByEpoch": [round(sum(losses[end - 100 : end]) / 100, 5) for end in ends],
    }


if __name__ == "__main__":
    main()
