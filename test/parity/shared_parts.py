"""Parts of two models that are exported once."""

import json
from pathlib import Path


def require_shared(folder: Path, other: Path) -> None:
    """The exported `folder` has its own U-Net and every other part from `other`.

    :raises SystemExit: a part was exported anew, which takes minutes for nothing
    """
    origins, others = (
        {name: part["origin"] for name, part in json.loads((one / "inbetween-export.json").read_text())["components"].items()}
        for one in (folder, other)
    )
    own = [name for name, origin in origins.items() if origin != others.get(name)]
    if own != ["unet"]:
        raise SystemExit(f"{folder.name} was to share all but its U-Net with {other.name}; its own are {', '.join(own)}")
