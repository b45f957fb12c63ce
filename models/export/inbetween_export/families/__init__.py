"""The pipelines that can be exported. A family is a module with a `Family`; to add one, list it here."""

from ..errors import SourceError
from ..source import Source
from . import class_conditional, clip, kandinsky, kandinsky_2_0, stable_diffusion, stable_diffusion_xl
from .family import Family

FAMILIES: tuple[Family, ...] = (
    stable_diffusion.FAMILY,
    stable_diffusion_xl.FAMILY,
    kandinsky.FAMILY,
    kandinsky_2_0.FAMILY,
    class_conditional.FAMILY,
    clip.FAMILY,
)


def family_of(source: Source) -> Family:
    """:raises SourceError: no family exports pipelines of this class"""
    for family in FAMILIES:
        if source.class_name in family.class_names:
            return family
    known = ", ".join(name for family in FAMILIES for name in family.class_names)
    raise SourceError(f"{source.folder / 'model_index.json'}: _class_name {source.class_name} is not one of {known}")
