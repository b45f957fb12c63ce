"""Repainting with Kandinsky's ordinary U-Nets, as diffusers' pieces do it, with a toy model in the U-Net's place.

diffusers has no such pipeline: its Kandinsky inpainting wants U-Nets with mask channels. The reference is the loop of
its inpainting pipelines for ordinary U-Nets (StableDiffusionInpaintPipeline, and KandinskyV22InpaintPipeline for the
last step): after every step the kept cells are those of the picture at the noise of the next timestep, after the last
one those of the picture itself. Where the way begins is what its Kandinsky pipelines for image to image do: 2.2 by the
scheduler, 2.1 by a table of its own.
"""

import inspect
from types import SimpleNamespace

import diffusers
import torch
from diffusers.pipelines.kandinsky.pipeline_kandinsky_img2img import KandinskyImg2ImgPipeline
from diffusers.pipelines.kandinsky2_2.pipeline_kandinsky2_2_img2img import KandinskyV22Img2ImgPipeline
from golden_files import float32_text, write_json
from scheduler_cases import KANDINSKY
from scheduler_goldens import CLASSES
from toy_model import toy_output

LINEAR = {"num_train_timesteps": 1000, "beta_schedule": "linear", "beta_start": 0.00085, "beta_end": 0.012}
CONFIGS = {
    "2.1": {
        "_class_name": "DDIMScheduler",
        **LINEAR,
        "clip_sample": False,
        "set_alpha_to_one": False,
        "steps_offset": 1,
        "prediction_type": "epsilon",
        "thresholding": False,
    },
    "2.2": KANDINSKY,
    "trailing": {**LINEAR, "clip_sample": False, "timestep_spacing": "trailing", "prediction_type": "epsilon"},
}

# release, configuration, scheduler, steps, strength, guidance, seed, columns, rows
CASES = [
    ("2.1", "2.1", "ddim", 8, 1.0, 1.0, 1632, 12, 8),
    ("2.1", "2.1", "ddim", 10, 0.7, 4.0, 7, 9, 13),
    ("2.1", "2.2", "ddpm", 7, 0.45, 1.0, 2**32 - 1, 6, 6),
    ("2.1", "2.1", "dpm++2m", 9, 0.8, 2.5, 21, 8, 8),
    ("2.1", "trailing", "dpm++sde", 6, 1.0, 1.0, 22, 8, 6),
    ("2.1", "2.1", "unipc", 9, 0.6, 1.0, 23, 7, 8),
    ("2.1", "2.1", "lcm", 4, 1.0, 1.0, 24, 8, 7),
    ("2.2", "2.2", "ddpm", 8, 1.0, 4.0, 1632, 12, 8),
    ("2.2", "2.2", "ddpm", 11, 0.35, 1.0, 42, 5, 9),
    ("2.2", "2.1", "ddim", 9, 0.9, 2.0, 43, 8, 12),
    ("2.2", "2.1", "pndm", 8, 1.0, 1.0, 44, 8, 8),
    ("2.2", "2.1", "euler", 7, 0.75, 1.0, 45, 10, 6),
    ("2.2", "2.1", "euler_a", 9, 1.0, 1.5, 46, 6, 10),
    ("2.2", "trailing", "heun", 6, 0.7, 1.0, 47, 8, 8),
    ("2.2", "trailing", "lms", 10, 0.5, 1.0, 48, 8, 9),
    ("2.2", "2.1", "dpm++2m_karras", 8, 1.0, 3.0, 49, 11, 8),
    ("2.2", "2.1", "deis", 9, 0.65, 1.0, 50, 8, 8),
    ("2.2", "2.1", "tcd", 4, 1.0, 1.0, 51, 8, 8),
]


def scheduler_of(name, config, steps):
    class_name, forced = CLASSES[name]
    scheduler = getattr(diffusers, class_name).from_config(dict(config), **forced)
    scheduler.set_timesteps(steps)
    return scheduler


def begin_of(release, scheduler, steps, strength, known, noise):
    """Timesteps that are run, and the latents before the first of them."""
    if strength == 1:
        return scheduler.timesteps, noise * scheduler.init_noise_sigma
    pipeline = SimpleNamespace(scheduler=scheduler)
    if release == "2.1":
        taken, _ = KandinskyImg2ImgPipeline.get_timesteps(pipeline, steps, strength, None)
        level = int(scheduler.config.num_train_timesteps * strength) - 2
        return taken, KandinskyImg2ImgPipeline.add_noise(pipeline, known, noise, torch.tensor([level]))
    # In timesteps, of which Heun's method has two a step.
    first = (steps - min(int(steps * strength), steps)) * scheduler.order
    if scheduler.order == 1:
        kept, _ = KandinskyV22Img2ImgPipeline.get_timesteps(pipeline, steps, strength, None)
        assert torch.equal(kept, scheduler.timesteps[first:])
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(first)
    taken = scheduler.timesteps[first:]
    return taken, scheduler.add_noise(known, noise, taken[:1])


def repaint(release, config, name, steps, strength, guidance, seed, columns, rows):
    scheduler = scheduler_of(name, CONFIGS[config], steps)
    generator = torch.Generator().manual_seed(seed)
    dims = [1, 4, rows, columns]
    known = 0.7 * torch.randn(dims, generator=torch.Generator().manual_seed(seed + 1))
    keep = (torch.rand((rows, columns), generator=torch.Generator().manual_seed(seed + 2)) < 0.6).float()
    noise = torch.randn(dims, generator=generator)
    variance = scheduler.config.get("variance_type") if name == "ddpm" else None
    timesteps, latents = begin_of(release, scheduler, steps, strength, known, noise)
    accepted = inspect.signature(scheduler.step).parameters
    extra = {key: value for key, value in {"generator": generator, "eta": 0.0}.items() if key in accepted}
    halfway = latents
    for i, t in enumerate(timesteps):
        x = scheduler.scale_model_input(latents, t)
        output = toy_output(x, t, variance)
        if guidance > 1:
            away = toy_output(x, t / 2)
            told, learned = output[:, :4], output[:, 4:]
            output = torch.cat([away + guidance * (told - away), learned], dim=1)
        latents = scheduler.step(output, t, latents, **extra).prev_sample
        original = known
        if i < len(timesteps) - 1:
            original = scheduler.add_noise(known, noise, timesteps[i + 1 : i + 2])
        latents = keep * original + (1 - keep) * latents
        if i == len(timesteps) // 2:
            halfway = latents
    assert torch.isfinite(latents).all()
    return {
        "release": release,
        "config": config,
        "scheduler": name,
        "steps": steps,
        "strength": strength,
        "guidance": guidance,
        "seed": seed,
        "dims": dims,
        "known": float32_text(known),
        "keep": "".join(str(int(value)) for value in keep.flatten()),
        "timesteps": float32_text(timesteps.to(torch.float32)),
        "halfway": float32_text(halfway),
        "final": float32_text(latents),
    }


def write():
    torch.set_num_threads(1)
    diffusers.utils.logging.set_verbosity_error()
    cases = [repaint(*case) for case in CASES]
    write_json("mask-loop.json", {"diffusers": diffusers.__version__, "configs": CONFIGS, "cases": cases})
