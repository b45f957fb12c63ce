"""Scheduler names of the command line, as diffusers' classes, and scheduler files as real model folders have them."""

import json
from pathlib import Path
from typing import Any

import diffusers

SCHEDULERS: dict[str, tuple[str, dict[str, Any]]] = {
    "ddpm": ("DDPMScheduler", {}),
    "ddim": ("DDIMScheduler", {}),
    "pndm": ("PNDMScheduler", {}),
    "lms": ("LMSDiscreteScheduler", {}),
    "euler": ("EulerDiscreteScheduler", {}),
    "euler_a": ("EulerAncestralDiscreteScheduler", {}),
    "heun": ("HeunDiscreteScheduler", {}),
    "dpm++2m": ("DPMSolverMultistepScheduler", {}),
    "dpm++2m_karras": ("DPMSolverMultistepScheduler", {"use_karras_sigmas": True}),
    "dpm++sde": ("DPMSolverMultistepScheduler", {"algorithm_type": "sde-dpmsolver++"}),
    "unipc": ("UniPCMultistepScheduler", {}),
    "deis": ("DEISMultistepScheduler", {}),
    "lcm": ("LCMScheduler", {}),
    "tcd": ("TCDScheduler", {}),
}

_SD = {
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "clip_sample": False,
    "num_train_timesteps": 1000,
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
    "steps_offset": 1,
    "trained_betas": None,
}

SCHEDULER_CONFIGS: dict[str, dict[str, Any]] = {
    "sd1": {"_class_name": "PNDMScheduler", "_diffusers_version": "0.6.0", **_SD},
    "sd2-v": {"_class_name": "DDIMScheduler", "_diffusers_version": "0.8.0", **_SD, "prediction_type": "v_prediction"},
    "zero-snr": {
        "_class_name": "DDIMScheduler",
        **_SD,
        "prediction_type": "v_prediction",
        "rescale_betas_zero_snr": True,
        "timestep_spacing": "trailing",
    },
    "sdxl": {
        "_class_name": "EulerDiscreteScheduler",
        **_SD,
        "interpolation_type": "linear",
        "prediction_type": "epsilon",
        "sample_max_value": 1.0,
        "timestep_spacing": "leading",
        "use_karras_sigmas": False,
    },
    "turbo": {
        "_class_name": "EulerAncestralDiscreteScheduler",
        **_SD,
        "prediction_type": "epsilon",
        "timestep_spacing": "trailing",
    },
    "linspace": {"_class_name": "EulerDiscreteScheduler", **_SD, "steps_offset": 0, "timestep_spacing": "linspace"},
}


def load_scheduler(folder: Path, name: str) -> Any:
    """The scheduler that a model folder's file gives for `name`. Reading the file matters: a configuration taken from
    another class's object carries that class's defaults along and gives other numbers."""
    class_name, settings = SCHEDULERS[name]
    return getattr(diffusers, class_name).from_pretrained(folder, subfolder="scheduler", **settings)


def write_scheduler(folder: Path, config: dict[str, Any]) -> None:
    path = folder / "scheduler" / "scheduler_config.json"
    path.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
