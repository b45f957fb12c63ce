"""Measures an exported CLIP folder on pictures that were composed with a seed of their own: zero-shot accuracy of
subject, colour and place with templates, and how often a picture's own caption comes first among 64."""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

from data.composition import Composer, Sample
from data.scenes import SCENES
from data.sprites import TINTS
from evaluate import readable
from nets.text_encoder import load_tokenizer, token_ids

TEMPLATES = ("{}", "a photo of a {}", "a picture of the {}", "an image of a {}", "an illustration of a {}", "a painting of a {}")
"""As src-main/engine/clip/templates.ts has them."""


class Folder:
    """Unit embeddings by the folder's own files."""

    def __init__(self, folder: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        run = lambda name: onnxruntime.InferenceSession(str(folder / name / "model.onnx"), options, providers=["CPUExecutionProvider"])  # noqa: E731
        self.text_model, self.vision_model = run("text_model"), run("vision_model")
        self.tokenizer = load_tokenizer(folder / "tokenizer")

    def texts(self, texts: list[str]) -> np.ndarray:
        rows = []
        for at in range(0, len(texts), 64):
            ids, mask = token_ids(self.tokenizer, texts[at : at + 64])
            rows.append(self.text_model.run(None, {"input_ids": ids.numpy(), "attention_mask": mask.numpy()})[0])
        return unit(np.concatenate(rows))

    def pictures(self, pictures: list[Image.Image]) -> np.ndarray:
        rows = []
        for picture in pictures:
            pixels = np.asarray(picture, np.float32)[None].transpose(0, 3, 1, 2) / 127.5 - 1
            rows.append(self.vision_model.run(None, {"pixel_values": pixels})[0])
        return unit(np.concatenate(rows))


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def class_vectors(clip: Folder, names: list[str], templates: tuple[str, ...]) -> np.ndarray:
    sentences = [template.replace("{}", name) for name in names for template in templates]
    return unit(clip.texts(sentences).reshape(len(names), len(templates), -1).mean(1))


def accuracy(pictures: np.ndarray, samples: list[Sample], classes: np.ndarray, keys: list[str], part: str) -> dict:
    """Among pictures that have the part, how often the right name comes first, and among the first five."""
    rows = [(picture, keys.index(getattr(s, part))) for picture, s in zip(pictures, samples) if getattr(s, part) in keys]
    order = np.argsort(-(np.stack([p for p, _ in rows]) @ classes.T), axis=1)
    truth = np.array([t for _, t in rows])[:, None]
    top = lambda n: round(float((order[:, :n] == truth).any(1).mean()), 3)  # noqa: E731
    return {"pictures": len(rows), "classes": len(keys), "first": top(1), "first five": top(5)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="CLIP folder")
    parser.add_argument("--cache", type=Path, required=True, help="folder of the packages")
    parser.add_argument("--pictures", type=int, default=384)
    parser.add_argument("--seed", type=int, default=90_210)
    options = parser.parse_args()
    clip = Folder(options.model)
    composer = Composer(options.cache, options.seed, variants=6)
    composer.rng = random.Random(options.seed)
    samples = [readable(composer) for _ in range(options.pictures)]
    seen = clip.pictures([s.picture for s in samples])
    subjects = [name for name in composer.subjects]
    parts = {
        "subject": (subjects, subjects, TEMPLATES),
        "colour": (list(TINTS), list(TINTS), tuple(t.replace("{}", "{} thing") for t in TEMPLATES)),
        # Places are phrases, such as "at the beach": they have no article of their own.
        "place": (list(SCENES), [scene.phrases[0] for scene in SCENES.values()], ("{}", "a photo {}", "a picture {}")),
    }
    result: dict = {
        part: accuracy(seen, samples, class_vectors(clip, names, templates), keys, part)
        for part, (keys, names, templates) in parts.items()
    }
    captions = clip.texts([s.caption for s in samples])
    hits = [
        int(np.argmax(row) == i)
        for at in range(0, len(samples) - 63, 64)
        for i, row in enumerate(seen[at : at + 64] @ captions[at : at + 64].T)
    ]
    result["caption first of 64"] = round(float(np.mean(hits)), 3)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
