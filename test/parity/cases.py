"""Which pictures are compared: every scheduler on every kind of model and task."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from schedules import SCHEDULERS
from tiny_models import TinyModel

PROMPTS = (
    "red cat, 4k photo",
    "An oil painting of MOUNTAINS under a golden sky; soft light",
    "it's a dream: don't wake the fox (in the snow), 100% détaillé — naïve",
    "a very long story about " + "a small fox in the snow and a blue dog at the beach, " * 12,
)
NEGATIVES = ("", "blurry, low quality, watermark")
ODD_SIZES = {"euler": (72, 56), "dpm++2m": (40, 104)}
"""Of tiny-sd2-v's latents, 9 x 7 and 5 x 13 cells, which the U-Net does not halve evenly."""


@dataclass(frozen=True)
class Model:
    """A model folder of the fixtures: built (`tiny`), or a copy with another scheduler file (`copy_of`)."""

    name: str
    tiny: TinyModel | None = None
    copy_of: str | None = None
    scheduler_config: str = ""
    export: list[str] = field(default_factory=list)
    parts_of: str | None = None
    """The model whose parts it has, but for the U-Net: they are exported once."""

    @property
    def is_xl(self) -> bool:
        return self.name.startswith("tiny-sdxl")


MODELS = (
    Model("tiny-sd1", tiny=TinyModel("tiny-sd1", seed=1)),
    Model(
        "tiny-sd2-v",
        tiny=TinyModel("tiny-sd2-v", seed=2, prediction="v_prediction", second_generation=True, latent_scale=0.13),
    ),
    Model("tiny-inpaint", tiny=TinyModel("tiny-inpaint", seed=3, inpainting=True), parts_of="tiny-sd1"),
    Model(
        "tiny-lcm-fp16",
        tiny=TinyModel("tiny-lcm-fp16", seed=4, guidance_embedding=True),
        export=["--dtype", "fp16"],
    ),
    Model("tiny-sdxl", tiny=TinyModel("tiny-sdxl", seed=5, xl=True, latent_scale=0.13025)),
    Model(
        "tiny-sdxl-refiner",
        tiny=TinyModel("tiny-sdxl-refiner", seed=6, xl=True, refiner=True, latent_scale=0.13025),
        parts_of="tiny-sdxl",
    ),
    Model("tiny-sdxl-turbo", copy_of="tiny-sdxl", scheduler_config="turbo"),
    Model("tiny-sd-turbo", copy_of="tiny-sd1", scheduler_config="turbo"),
    Model("tiny-sd1-linspace", copy_of="tiny-sd1", scheduler_config="linspace"),
    Model("tiny-sd2-zero-snr", copy_of="tiny-sd2-v", scheduler_config="zero-snr"),
)


@dataclass(frozen=True)
class Case:
    id: str
    model: str
    scheduler: str
    steps: int
    seed: int
    prompt: str
    negative: str | None
    guidance: float
    width: int
    height: int
    strength: float | None = None
    mask: bool = False
    tiled: bool = False
    embedding: str = ""
    """A file of textual inversion whose word the prompt has."""


def cases(quick: bool) -> list[Case]:
    """All cases, or with `quick` a few of one model that touch text, image and inpainting."""
    every = list(_every())
    if not quick:
        return every
    return [
        case
        for case in every
        if case.model == "tiny-sd1" and case.scheduler in ("ddim", "pndm", "euler_a", "dpm++2m") and case.steps < 16
    ]


def _every() -> Iterator[Case]:
    for index, scheduler in enumerate(SCHEDULERS):
        few_steps = scheduler in ("lcm", "tcd")
        yield _case("tiny-sd1", scheduler, 4 if few_steps else 7, 1632 + index, index, 5.0, (48, 32))
        # Above 15 steps the multistep solvers keep their order to the end.
        yield _case("tiny-sd1", scheduler, 8 if few_steps else 20, 2**32 - 1 - index, index + 1, 1.0, (32, 48))
        yield _case("tiny-sd2-v", scheduler, 3 if few_steps else 9, 42 + index, index + 2, 7.5, ODD_SIZES.get(scheduler, (64, 64)))
    for scheduler in ("ddpm", "lms", "euler", "heun", "unipc", "deis"):
        yield _case("tiny-sd1-linspace", scheduler, 10, 7, 0, 4.0, (48, 32))
    for scheduler in ("ddim", "euler", "euler_a", "dpm++2m", "ddpm"):
        yield _case("tiny-sd2-zero-snr", scheduler, 6, 11, 1, 4.0, (48, 32))
    for scheduler, guidance in (("lcm", 8.5), ("lcm", 1.0), ("ddim", 3.0), ("euler_a", 5.0)):
        yield _case("tiny-lcm-fp16", scheduler, 4, 5, 0, guidance, (48, 32), suffix=f"-g{guidance:g}")
    yield from _xl_cases()
    yield from _embedding_cases()
    for size, strength in (((176, 80), None), ((96, 144), 0.7)):
        case = _case("tiny-sd1", "ddim", 3, 8, 0, 4.0, size, strength)
        yield replace(case, id=f"{case.id}-tiled", tiled=True)
    strengths = (0.3, 0.8, 1.0)
    for index, scheduler in enumerate(SCHEDULERS):
        strength = strengths[index % 3]
        steps = 5 if scheduler in ("lcm", "tcd") else 10
        yield _case("tiny-sd1", scheduler, steps, 100 + index, index, 5.0, (48, 32), strength)
    for scheduler in ("ddim", "euler", "pndm"):
        for strength in strengths:
            yield _case("tiny-sd2-v", scheduler, 9, 60, 0, 5.0, (32, 48), strength)
    for model in ("tiny-sd1", "tiny-inpaint"):
        for index, scheduler in enumerate(("ddim", "euler_a", "dpm++2m", "pndm", "euler", "ddpm", "unipc")):
            if index < 3:
                for strength in strengths:
                    yield _case(model, scheduler, 8, 200 + index, index, 5.0, (48, 32), strength, mask=True)
            else:
                yield _case(model, scheduler, 8, 200 + index, index, 1.0, (32, 48), 0.8, mask=True)


def _embedding_cases() -> Iterator[Case]:
    for model, file, prompt in (
        ("tiny-sd1", "fox-toy.bin", "a photo of <fox-toy> in the snow, <Fox-Toy>"),
        ("tiny-sd1", "three.pt", "a painting of three-vectors at night"),
        ("tiny-lcm-fp16", "glow.safetensors", "the old house, glow"),
        ("tiny-sdxl", "xl-style.safetensors", "xl-style, a red cat"),
    ):
        case = _case(model, "ddim", 4, 21, 0, 4.0, (48, 32))
        name = f"{model}-embedding-{file.split('.')[0]}"
        yield replace(case, id=name, prompt=prompt, embedding=file)


def _xl_cases() -> Iterator[Case]:
    """Absent negative prompts are zeros, empty ones are encoded."""
    for index, scheduler in enumerate(("euler", "ddim", "dpm++2m_karras", "euler_a", "lcm", "unipc")):
        size = ((48, 32), (32, 48), (64, 64))[index % 3]
        case = _case("tiny-sdxl", scheduler, 4 if scheduler == "lcm" else 6, 900 + index, index, 5.0, size)
        yield case
        if index < 3:
            yield replace(case, id=f"{case.id}-no-negative", negative=None)
    for scheduler, guidance in (("euler", 0.0), ("euler_a", 0.0), ("euler_a", 2.0)):
        for model in ("tiny-sdxl-turbo", "tiny-sd-turbo"):
            for steps in (1, 4):
                yield _case(model, scheduler, steps, 77, 0, guidance, (64, 64), suffix=f"-g{guidance:g}")
    yield replace(_case("tiny-sdxl-turbo", "euler_a", 4, 78, 1, 0.0, (64, 64), 0.5), id="tiny-sdxl-turbo-image")
    for strength in (0.3, 1.0):
        yield _case("tiny-sdxl", "euler", 8, 31, 2, 5.0, (48, 32), strength)
        yield _case("tiny-sdxl-refiner", "euler", 8, 32, 1, 5.0, (32, 48), strength)
        yield _case("tiny-sdxl", "ddim", 8, 33, 0, 6.0, (48, 32), strength, mask=True)
    yield replace(_case("tiny-sdxl-refiner", "ddim", 8, 34, 0, 5.0, (48, 32), 0.5), negative=None)


def _case(
    model: str,
    scheduler: str,
    steps: int,
    seed: int,
    words: int,
    guidance: float,
    size: tuple[int, int],
    strength: float | None = None,
    mask: bool = False,
    suffix: str = "",
) -> Case:
    width, height = size
    task = "text" if strength is None else f"{'inpaint' if mask else 'image'}-{strength:g}"
    name = f"{model}-{task}-{scheduler.replace('+', 'p')}-{steps}{suffix}"
    prompt, negative = PROMPTS[words % len(PROMPTS)], NEGATIVES[words % len(NEGATIVES)]
    return Case(name, model, scheduler, steps, seed, prompt, negative, guidance, width, height, strength, mask)
