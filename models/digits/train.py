"""Trains the class-conditioned digits network: batches of 128 unless told otherwise, Adam 1e-3, mean squared error of the noise.

Resumes where it stopped; stops after --epochs, after --minutes, at Ctrl-C or when it is asked to end, and saves each time. WORK receives
checkpoint.pt, model/ (for models/export/export.py) and losses.json: every step's loss, per epoch the mean of the last
100, and from which step on which batch size was used, since a run may go on with another. --start goes on from weights
that another machine saved, without the optimizer's memory.
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
from safetensors.torch import load_file

from mnist import load_digits
from network import SCHEDULER, ClassConditionedUnet, save_model

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "training"))
from runtime import Learning, device_from  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", required=True, type=Path, help="folder for checkpoints and the result")
    parser.add_argument("--cache", required=True, type=Path, help="folder for the digits package")
    parser.add_argument("--start", type=Path, help="folder with weights.safetensors and losses.json, where WORK has no checkpoint")
    parser.add_argument("--epochs", type=float, default=10)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--minutes", type=float, default=1e9, help="stop and save after so many")
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--settle", type=float, default=0.0, help="share of the epochs at the end in which the rate falls to zero")
    parser.add_argument(
        "--late", type=float, default=1.0,
        help="weigh the loss by 1 + 1/SNR, at most so much: brightness and class are decided at late timesteps, of which plain "
        "mean squared error of the noise hardly takes notice; 1 is plain, the curve always is",
    )
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
    learning, checkpoint = Learning(net, optimizer), options.work / "checkpoint.pt"
    saved = learning.go_on(checkpoint, device)
    if not saved and options.start is not None:
        saved = _start(learning, options.start)
    losses = learning.losses
    phases: list[list[int]] = saved.get("phases", [])
    epoch_ends: list[int] = saved.get("epoch_ends", [])
    seen: int = saved.get("seen", 0)
    scheduler = DDPMScheduler.from_config(SCHEDULER)
    alphas = scheduler.alphas_cumprod.to(device)
    late = (1 + (1 - alphas) / alphas).clamp(max=options.late)
    if not phases or phases[-1][1] != options.batch:
        phases.append([len(losses), options.batch])
    wanted = round(len(data) * options.epochs)
    started, begin, seen_before = time.monotonic(), len(losses), seen

    def save() -> None:
        learning.save(checkpoint, {"phases": phases, "epoch_ends": epoch_ends, "seen": seen})
        result = ClassConditionedUnet()
        result.load_state_dict(learning.average if options.average > 0 else net.state_dict())
        save_model(result, options.work / "model")
        (options.work / "losses.json").write_text(json.dumps(_curve(losses, phases, epoch_ends, seen)), encoding="utf-8")

    try:
        while seen < wanted and time.monotonic() - started < options.minutes * 60:
            epoch, position = divmod(seen, len(data))
            order = torch.randperm(len(data), generator=torch.Generator().manual_seed(options.seed * 1000 + epoch))
            chosen = order[position : position + options.batch].to(device)
            clean = data[chosen]
            noise = torch.randn_like(clean)
            timesteps = _timesteps(len(clean), device)
            predicted = net(scheduler.add_noise(clean, noise, timesteps), timesteps, classes[chosen])
            errors = (predicted - noise).square().mean(dim=(1, 2, 3))
            loss = (errors * late[timesteps]).mean()
            for group in optimizer.param_groups:
                group["lr"] = options.learning_rate * _rate(seen / wanted, options.settle)
            learning.step(loss, options.average, errors.mean().item())
            seen += len(chosen)
            if seen % len(data) == 0:
                epoch_ends.append(len(losses))
            done = len(losses)
            if done % 25 == 0:
                spent = time.monotonic() - started
                recent = sum(losses[-100:]) / len(losses[-100:])
                left = spent / (seen - seen_before) * (wanted - seen) / 60
                print(
                    f"step {done}, epoch {seen / len(data):.2f} of {options.epochs:g}, loss {recent:.4f}, "
                    f"{spent / (done - begin):.2f} s a step, {left:.0f} min left",
                    flush=True,
                )
            if done % 100 == 0:
                save()
    except KeyboardInterrupt:
        print("Stopping", flush=True)
    save()
    print(f"{len(losses)} steps, {seen / len(data):.2f} epochs: {options.work}", flush=True)


def _timesteps(count: int, device: torch.device) -> torch.Tensor:
    """Timesteps [count] below 999, each uniform, one from each of `count` equal parts: a batch has early and late ones
    alike, which makes its loss less of a lottery than independent draws would."""
    return ((torch.arange(count, device=device) + torch.rand(count, device=device)) / count * 999).long().clamp_(max=998)


def _rate(share: float, settle: float) -> float:
    """The factor of the learning rate when `share` of the pictures is seen: 1, falling to 0 over the last `settle`."""
    return min(1.0, max(0.0, 1 - share) / settle) if settle > 0 else 1.0


def _start(learning: Learning, folder: Path) -> dict:
    """Goes on from the weights and the curve in `folder`, without the optimizer's memory."""
    learning.net.load_state_dict(load_file(folder / "weights.safetensors"))
    learning.average = {name: value.detach().clone() for name, value in learning.net.state_dict().items()}
    curve = json.loads((folder / "losses.json").read_text(encoding="utf-8"))
    learning.losses = curve["losses"]
    print(f"Starting from {folder}, {len(learning.losses)} steps", flush=True)
    phases = [[batch["fromStep"], batch["batch"]] for batch in curve["batches"]]
    return {"phases": phases, "epoch_ends": curve["epochEnds"], "seen": curve["pictures"]}


def _curve(losses: list[float], phases: list[list[int]], epoch_ends: list[int], seen: int) -> dict:
    mean = lambda end: round(sum(losses[max(0, end - 100) : end]) / max(1, min(100, end)), 5)  # noqa: E731
    return {
        "batches": [{"fromStep": step, "batch": batch} for step, batch in phases],
        "pictures": seen,
        "losses": [round(loss, 5) for loss in losses],
        "epochEnds": epoch_ends,
        "last100": mean(len(losses)),
        "last100ByEpoch": [mean(end) for end in epoch_ends],
    }


if __name__ == "__main__":
    main()
