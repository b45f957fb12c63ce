"""Reference results of transformers for a tiny CLIP: embeddings, prepared pictures, probabilities and the loss.

Writes to --out: source/ (the model as transformers saves it), model/ (its ONNX export), pictures/ (.png), pixels/ and
embeddings (float32 .npy), and cases.json. Everything comes from seeds; nothing is fetched.
"""

import argparse
import json
import os
import shutil
import sys
import warnings
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
warnings.simplefilter("ignore")

import numpy as np  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402
from PIL import Image  # noqa: E402
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel  # noqa: E402

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[2] / "models" / "export")]

from inbetween_export.cli import main as export  # noqa: E402
from tiny_models import make_tokenizer  # noqa: E402

TEXTS = ["a red cat", "a blue dog at the beach", "an oil painting of mountains under a golden sky", "it's a cat's dream", "fox"]
CLASSES = ["cat", "dog", "fox"]
TEMPLATES = ["a photo of a {}.", "an oil painting of a {}", "the {} at night"]
LAMBDA = 0.3
SIZES = ((96, 64), (50, 70), (128, 128), (33, 47), (20, 20))
VERY_TALL = (50, 120)
"""Pillow 13 scales the columns of some pictures before their rows; where it does, 8-bit rounding differs by a unit."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True, type=Path, help="folder to write; emptied first")
    out: Path = parser.parse_args().out
    torch.set_num_threads(1)
    transformers.utils.logging.set_verbosity_error()
    shutil.rmtree(out, ignore_errors=True)
    for folder in ("source", "pictures", "pixels"):
        (out / folder).mkdir(parents=True)
    model, tokenizer, processor = _build(out / "source")
    if export(["--source", str(out / "source"), "--out", str(out / "model")]) != 0:
        raise SystemExit("The export failed")

    pictures = _pictures()
    pixels = []
    for number, picture in enumerate(pictures):
        picture.save(out / "pictures" / f"{number}.png")
        pixels.append(processor(picture, return_tensors="pt").pixel_values)
        np.save(out / "pixels" / f"{number}.npy", pixels[-1].numpy())
    pixels.pop()
    with torch.no_grad():
        result = model(**_ids(tokenizer, TEXTS), pixel_values=torch.cat(pixels))
        sentences = [template.replace("{}", name) for name in CLASSES for template in TEMPLATES]
        classes = model(**_ids(tokenizer, sentences), pixel_values=torch.cat(pixels)).text_embeds
        vectors = classes.view(len(CLASSES), len(TEMPLATES), -1).mean(1)
        vectors = vectors / vectors.norm(dim=1, keepdim=True)
        scale = model.logit_scale.exp()
        probabilities = (scale * result.image_embeds @ vectors.T).softmax(1)
        logits = result.logits_per_image
        target = torch.arange(len(TEXTS))
        forth = torch.nn.functional.cross_entropy(logits, target).item()
        back = torch.nn.functional.cross_entropy(logits.T, target).item()
    np.save(out / "image_embeds.npy", result.image_embeds.numpy())
    np.save(out / "text_embeds.npy", result.text_embeds.numpy())
    record = {
        "texts": TEXTS, "classes": CLASSES, "templates": TEMPLATES, "pictures": len(pixels), "scale": scale.item(),
        "similarity": (logits / scale).tolist(), "probabilities": probabilities.tolist(), "lambda": LAMBDA,
        "loss": {"pictureToText": forth, "textToPicture": back, "total": LAMBDA * forth + (1 - LAMBDA) * back},
    }
    (out / "cases.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def _build(folder: Path):
    torch.manual_seed(7)
    tokenizer = make_tokenizer(pad="<|endoftext|>")
    # Random weights of the usual size give embeddings that are all alike: larger ones tell pictures apart.
    common = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "initializer_range": 0.2}
    ends = {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id}
    config = CLIPConfig(
        text_config={**common, **ends, "vocab_size": len(tokenizer), "max_position_embeddings": 77},
        vision_config={**common, "image_size": 32, "patch_size": 8},
        projection_dim=24,
    )
    model = CLIPModel(config).eval()
    with torch.no_grad():
        model.text_projection.weight.normal_(0, 0.3)
        model.visual_projection.weight.normal_(0, 0.3)
    processor = CLIPImageProcessor(size={"shortest_edge": 36}, crop_size={"height": 32, "width": 32})
    for part in (model, tokenizer, processor):
        part.save_pretrained(folder)
    return model, tokenizer, processor


def _ids(tokenizer, texts: list[str]) -> dict[str, torch.Tensor]:
    """As the processor does: padded to the longest, with the mask."""
    return tokenizer(texts, padding=True, truncation=True, max_length=77, return_tensors="pt")


def _pictures() -> list[Image.Image]:
    """Wide, tall, square, larger and smaller than what the encoder takes, one of odd sides, and last a very tall one."""
    noise = np.random.default_rng(3)
    found = []
    for number, (width, height) in enumerate((*SIZES, VERY_TALL)):
        y, x = np.mgrid[0:height, 0:width]
        waves = [np.sin(x * (0.05 + 0.1 * number) + c) * np.cos(y * 0.11 * (c + 1)) for c in range(3)]
        picture = 127 + 90 * np.stack(waves, -1) + noise.normal(0, 20, (height, width, 3))
        found.append(Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)))
    return found


if __name__ == "__main__":
    main()
