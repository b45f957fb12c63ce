"""What a family of pipelines gives the exporter."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..component import Component
from ..source import Source


@dataclass(frozen=True)
class Family:
    class_names: tuple[str, ...]
    """Values of model_index.json's _class_name."""
    check: Callable[[Source], None]
    """Raises SourceError for whatever is missing, before anything slow begins."""
    components: Callable[[Source], Iterator[Component]]
    """Yields components one by one, so that only one is in memory at a time."""
    write_rest: Callable[[Source, Path], dict[str, Any]]
    """Writes tokenizers and scheduler; returns model_index.json's entries besides the components'."""
    notes: Callable[[Source], list[str]]
    """What the artist should know of this export; printed and kept in the manifest."""
