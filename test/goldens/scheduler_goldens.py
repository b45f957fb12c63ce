"""Drives the diffusers schedulers with a toy model and writes what they did, one file for each scheduler name."""

import importlib
import inspect
import warnings

import diffusers
import numpy
import torch

from golden_files import float32_text, json_safe, write_json
from scheduler_cases import configurations
from toy_model import toy_output

CLASSES = {
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
STEPS = (1, 2, 4, 10, 15, 25, 50, 61)
RUNS = ((1632, [1, 4, 8, 8]), (42, [2, 3, 6, 10]))
FULL_AT = 10
PROBES = 20


class TrimmingNumpy:
    """numpy, but a count-down never has more entries than steps: the studio leaves the superfluous one out."""

    def __init__(self, steps):
        self.steps = steps

    def __getattr__(self, name):
        return getattr(numpy, name)

    def arange(self, *args):
        values = numpy.arange(*args)
        return values[: self.steps] if len(args) == 3 and args[2] < 0 else values


class Draws:
    """Hands out the generator's noise and remembers at which evaluations it was asked for."""

    def __init__(self, generator):
        self.generator = generator
        self.evaluation = None
        self.at = []

    def randn_tensor(self, shape, generator=None, device=None, dtype=None, layout=None):
        self.at.append(self.evaluation)
        return torch.randn(tuple(shape), generator=self.generator, dtype=dtype)


def probe(values):
    flat = values.flatten()
    picked = flat[torch.linspace(0, flat.numel() - 1, PROBES).long()]
    return float32_text(picked)


def drive(name, config, steps, eta, strength, seed, dims, begin):
    class_name, forced = CLASSES[name]
    scheduler_class = getattr(diffusers, class_name)
    module = importlib.import_module(scheduler_class.__module__)
    scheduler = scheduler_class.from_config(dict(config), **forced)
    generator = torch.Generator("cpu").manual_seed(seed)
    draws = Draws(generator)
    before = {key: getattr(module, key) for key in ("np", "randn_tensor") if hasattr(module, key)}
    module.np = TrimmingNumpy(steps)
    if "randn_tensor" in before:
        module.randn_tensor = draws.randn_tensor
    try:
        scheduler.set_timesteps(steps, **({"strength": strength} if strength is not None else {}))
        first = begin * scheduler.order
        if hasattr(scheduler, "set_begin_index"):
            scheduler.set_begin_index(first)
        timesteps = scheduler.timesteps
        x = torch.randn(dims, generator=generator)
        if begin:
            noise = torch.randn(dims, generator=generator)
            x = scheduler.add_noise(x, noise, timesteps[first : first + 1])
        else:
            x = x * scheduler.init_noise_sigma
        start = x
        accepts = inspect.signature(scheduler.step).parameters
        extra = {"eta": eta} if eta is not None and "eta" in accepts else {}
        middle = None
        for evaluation in range(first, len(timesteps)):
            t = timesteps[evaluation]
            draws.evaluation = evaluation
            model_input = scheduler.scale_model_input(x, t)
            output = toy_output(model_input, t, config.get("variance_type") if name == "ddpm" else None)
            x = scheduler.step(output, t, x, **extra).prev_sample
            if evaluation == (first + len(timesteps)) // 2:
                middle = x
    finally:
        for key, value in before.items():
            setattr(module, key, value)
    if not torch.isfinite(x).all():
        raise FloatingPointError("not finite")
    case = {
        "steps": steps,
        "seed": seed,
        "dims": dims,
        "timesteps": float32_text(timesteps.to(torch.float32)),
        "sigmas": float32_text(scheduler.sigmas) if hasattr(scheduler, "sigmas") else "",
        "initNoiseSigma": float(scheduler.init_noise_sigma),
        "draws": draws.at,
        "start": probe(start),
        "middle": probe(middle) if middle is not None else "",
        "final": float32_text(x) if steps == FULL_AT else probe(x),
        "full": steps == FULL_AT,
        "sum": float(x.double().sum()),
        "max": float(x.abs().max()),
    }
    if eta is not None:
        case["eta"] = eta
    if strength is not None:
        case["strength"] = strength
    if begin:
        case["begin"] = begin
    return case


def write_scheduler(name):
    configs, cases, left_out = {}, [], []
    turn = 0
    for label, config, eta, strength in configurations(name):
        configs[label] = json_safe(config)
        plans = [(steps, 0) for steps in STEPS]
        if label in ("SD 1.5", "SDXL", "karras", "trailing"):
            plans += [(10, 4), (15, 9)]
        for steps, begin in plans:
            seed, dims = RUNS[turn % 2]
            turn += 1
            if steps > config.get("num_train_timesteps", 1000):
                continue  # the studio refuses these
            try:
                case = drive(name, config, steps, eta, strength, seed, dims, begin)
            except Exception as error:  # what diffusers refuses has no golden; the list is looked through by hand
                left_out.append(f"{label}, {steps} steps: {type(error).__name__} {str(error)[:70]}")
                continue
            cases.append({"config": label, **case})
        turn += 1
    slug = name.replace("++", "pp")
    write_json(f"scheduler-{slug}.json", {"diffusers": diffusers.__version__, "scheduler": name, "configs": configs, "cases": cases})
    for line in left_out:
        print(f"  left out: {line}")


def write():
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    diffusers.utils.logging.set_verbosity_error()
    for name in CLASSES:
        write_scheduler(name)
