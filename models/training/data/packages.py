"""Fetches the art and the names through the npm client into a cache folder."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from pathlib import Path

ART = "@lobehub/fluent-emoji-3d@1.1.0"
"""Renders of Microsoft's Fluent emoji, 256x256 with transparency (MIT)."""
NAMES = "unicode-emoji-json@0.9.0"
"""Names and groups of emoji (MIT)."""
TAGS = "emojibase-data@17.0.0"
"""Tags, used as synonyms (MIT)."""


def package_folder(cache: Path, package: str) -> Path:
    """Where `package` ("name@version") lies unpacked below `cache`; fetches it when it is missing."""
    name, version = package.rsplit("@", 1)
    stem = f"{name.lstrip('@').replace('/', '-')}-{version}"
    folder = cache / stem
    if not (folder / "package" / "package.json").exists():
        npm = shutil.which("npm")
        if npm is None:
            raise SystemExit(f"{package} is not in {cache} and there is no npm client to fetch it with")
        cache.mkdir(parents=True, exist_ok=True)
        subprocess.run([npm, "pack", "--silent", package], cwd=cache, check=True)
        with tarfile.open(cache / f"{stem}.tgz") as archive:
            archive.extractall(folder, filter="data")
    return folder / "package"
