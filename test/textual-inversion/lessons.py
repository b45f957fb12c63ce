"""How words are learned, on a tiny Kandinsky: pictures, sentences, checks of the word, gradients, files, going on."""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import sys
import tempfile
import unittest
import warnings
from pathlib import Path
from types import SimpleNamespace

os.environ.setdefault("HF_HUB_OFFLINE", "1")
warnings.simplefilter("ignore")
ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "models" / "textual_inversion"), str(ROOT / "test" / "parity" / "kandinsky")]

import numpy as np  # noqa: E402
import torch  # noqa: E402
from diffusers.utils import logging as diffusers_logging  # noqa: E402
from PIL import Image  # noqa: E402
from tiny_kandinsky import WIDTH, TinyKandinsky, build  # noqa: E402
from transformers.utils import logging as transformers_logging  # noqa: E402

import train_kandinsky  # noqa: E402
from pictures import epoch_examples, load_picture, picture_files, sentences  # noqa: E402
from prior_sampling import PriorSampler, encode  # noqa: E402

folder = Path()


def setUpModule() -> None:
    global folder
    torch.set_num_threads(1)
    for logging in (transformers_logging, diffusers_logging):
        logging.set_verbosity_error()
        logging.disable_progress_bar()
    folder = Path(unittest.enterModuleContext(tempfile.TemporaryDirectory(prefix="inbetween-lessons-")))
    with contextlib.redirect_stdout(io.StringIO()):
        build(TinyKandinsky("tiny", 1), folder / "model")
    (folder / "pictures").mkdir()
    noise = np.random.default_rng(3)
    for name, (width, height) in {"wide.png": (48, 32), "tall.jpg": (30, 40)}.items():
        Image.fromarray(noise.integers(0, 256, (height, width, 3), dtype=np.uint8)).save(folder / "pictures" / name)


def arguments(out: str, **changed: object) -> list[str]:
    options = {
        "model": folder / "model",
        "data_root": folder / "pictures",
        "placeholder_token": "sapsan",
        "initializer_token": "a",
        "output_dir": folder / out,
        "img_size": 32,
        "learning_rate": 1e-2,
        "log_embed_frequency": -1,
        **changed,
    }
    return [part for name, value in options.items() for part in (f"--{name}", str(value))]


def lesson(**changed: object) -> train_kandinsky.KandinskyLesson:
    return train_kandinsky.KandinskyLesson(train_kandinsky._options(arguments("unused", **changed)))


def train(out: str, **changed: object) -> str:
    """What the run says."""
    with contextlib.redirect_stdout(io.StringIO()) as told:
        train_kandinsky.main(arguments(out, **changed))
    return told.getvalue()


class Pictures(unittest.TestCase):
    def test_sentences_of_objects_and_styles_have_one_place_for_the_word(self) -> None:
        objects, styles = sentences("object"), sentences("style")
        for sentence in objects + styles:
            self.assertEqual(sentence.count("{}"), 1, sentence)
        self.assertFalse(set(objects) & set(styles))
        self.assertIn("a photo of a {}", objects)

    def test_a_picture_is_squeezed_to_a_square_or_its_middle_is_taken(self) -> None:
        path = folder / "bars.png"
        bars = np.zeros((32, 96, 3), np.uint8)
        bars[:, 32:64] = 255
        Image.fromarray(bars).save(path)
        cropped = load_picture(path, 32, center_crop=True, flip=False)
        self.assertEqual(tuple(cropped.shape), (3, 32, 32))
        self.assertTrue(torch.equal(cropped, torch.ones(3, 32, 32)))
        squeezed = load_picture(path, 48, center_crop=False, flip=False)
        self.assertEqual(tuple(squeezed.shape), (3, 48, 48))
        self.assertEqual([squeezed[0, 24, x].item() for x in (4, 24, 44)], [-1, 1, -1])

    def test_a_flipped_picture_is_mirrored_left_to_right(self) -> None:
        path = folder / "pictures" / "wide.png"
        plain, flipped = (load_picture(path, 32, center_crop=True, flip=flip) for flip in (False, True))
        self.assertTrue(torch.equal(flipped, plain.flip(-1)))
        self.assertFalse(torch.equal(flipped, plain))

    def test_an_epoch_has_every_picture_once_and_mirrors_half_of_them(self) -> None:
        files = picture_files(folder / "pictures")
        plain = [load_picture(path, 32, False, False) for path in files]
        mirrored = 0
        for epoch in range(60):
            examples = epoch_examples(files, "sapsan", "style", 32, False, random.Random(epoch))
            kinds = []
            for picture, sentence in examples:
                self.assertIn(sentence.replace("sapsan", "{}"), sentences("style"))
                kinds += [i for i, one in enumerate(plain) if any(torch.equal(picture, p) for p in (one, one.flip(-1)))]
                mirrored += not any(torch.equal(picture, one) for one in plain)
            self.assertEqual(sorted(kinds), [0, 1])
        self.assertTrue(40 <= mirrored <= 80, mirrored)

    def test_threads_that_read_pictures_change_nothing(self) -> None:
        files = picture_files(folder / "pictures")
        alone, beside = (epoch_examples(files, "x", "object", 32, True, random.Random(1), workers) for workers in (0, 2))
        for (picture, sentence), (other, same) in zip(alone, beside, strict=True):
            self.assertTrue(torch.equal(picture, other))
            self.assertEqual(sentence, same)

    def test_a_folder_without_pictures_is_refused(self) -> None:
        with self.assertRaisesRegex(SystemExit, "holds no pictures; accepted: .bmp, .jpeg, .jpg, .png, .webp"):
            picture_files(folder / "model")


class Words(unittest.TestCase):
    def test_a_word_that_either_encoder_knows_is_refused(self) -> None:
        with self.assertRaisesRegex(SystemExit, "--placeholder_token fox is a token of the prior's text encoder already"):
            lesson(placeholder_token="fox")
        pipe = train_kandinsky.open_pipeline(folder / "model", None)
        known, clip = pipe.tokenizer.get_vocab(), pipe.prior_tokenizer
        only_multilingual = next(
            word[1:]
            for word in sorted(known)
            if word.startswith("▁") and len(word) > 3 and len(clip.encode(word[1:], add_special_tokens=False)) > 1
        )
        with self.assertRaisesRegex(SystemExit, "is a token of the multilingual text encoder already"):
            lesson(placeholder_token=only_multilingual)
        with self.assertRaisesRegex(SystemExit, "accepted: one without spaces"):
            lesson(placeholder_token="two words")

    def test_an_initial_word_of_several_tokens_is_refused(self) -> None:
        with self.assertRaisesRegex(SystemExit, r"--initializer_token locomotive is \d+ tokens in .*; accepted: a word of one token"):
            lesson(initializer_token="locomotive")

    def test_the_new_rows_begin_as_the_initial_words(self) -> None:
        one = lesson(num_vectors=2)
        for word, tokenizer in ((one.t1, one.pipe.tokenizer), (one.t2, one.pipe.prior_tokenizer)):
            table = word._extended.table.weight
            start = tokenizer.encode("a", add_special_tokens=False)[0]
            self.assertTrue(torch.equal(word.rows, table[[start, start]]))
            self.assertEqual(tokenizer.encode("sapsan sapsan_1", add_special_tokens=False), word.ids)

    def test_texts_are_pooled_at_the_word_or_else_at_the_end(self) -> None:
        one = lesson()
        tokenizer, encoder = one.pipe.prior_tokenizer, one.pipe.prior_text_encoder
        texts = ["a photo of a sapsan in the snow", "a photo of a fox in the snow"]
        encoded = encode(tokenizer, encoder, texts)
        ids = tokenizer(texts, padding="max_length", max_length=77).input_ids
        places = [ids[0].index(one.t2.ids[0]), ids[1].index(tokenizer.eos_token_id)]
        for i, place in enumerate(places):
            difference = encoded.pooled[i] - encoder.text_projection(encoded.states[i, place])
            self.assertLess(difference.abs().max().item(), 1e-6)


class Prior(unittest.TestCase):
    def test_sampling_equals_the_golden_values_of_the_original(self) -> None:
        def half(x, timestep, **told):
            return SimpleNamespace(predicted_image_embedding=0.5 * x)

        toy = type("Toy", (), {"__call__": staticmethod(half)})()
        toy.config, toy.clip_std, toy.clip_mean = SimpleNamespace(embedding_dim=768), 1, 0
        text = SimpleNamespace(pooled=torch.zeros(2, 768), states=torch.zeros(2, 77, 1), mask=torch.ones(2, 77))
        embedding = PriorSampler(toy, 5)(text, text, 4.0, torch.Generator().manual_seed(1632))
        golden = torch.tensor([-0.0505756587, -0.20503509, -0.0725447834, 0.131272525])
        self.assertLess((embedding[0, :4] - golden).abs().max().item(), 1e-6)
        self.assertAlmostEqual(embedding.sum().item(), 10.0573764, places=3)

    def test_fewer_than_two_steps_are_refused(self) -> None:
        with self.assertRaisesRegex(SystemExit, "--prior_steps 1 is not within 2 to 1000"):
            lesson(prior_steps=1)


class Training(unittest.TestCase):
    def test_the_gradient_reaches_both_words_and_nothing_else_and_lowers_the_loss(self) -> None:
        one = lesson()
        rows = [one.t1.rows, one.t2.rows]
        for parameter in rows:
            parameter.requires_grad_(True)

        def loss() -> torch.Tensor:
            torch.manual_seed(5)
            return one.loss(torch.linspace(-1, 1, 3 * 32 * 32).reshape(1, 3, 32, 32), ["a photo of a sapsan"])

        before = loss()
        before.backward()
        trained = [p for module in one.modules for p in module.parameters() if p.grad is not None]
        self.assertEqual({id(p) for p in trained}, {id(p) for p in rows})
        for parameter in rows:
            self.assertGreater(parameter.grad.norm().item(), 0)
            with torch.no_grad():
                parameter -= 1e-3 * parameter.grad / parameter.grad.norm()
        self.assertLess(loss().item(), before.item())

    def test_a_run_writes_its_files_when_they_are_due_and_tells_the_memory_first(self) -> None:
        told = train("files", epochs=4, log_embed_frequency=2, log_image_frequency=3, sample_steps=2)
        self.assertRegex(told.splitlines()[0], r"^Memory: \d+\.\d\d GB of parameters are loaded; a step on 1 x 32 x 32 keeps about")
        out = folder / "files"
        self.assertEqual(sorted(path.name for path in out.glob("*embeds*")), ["2_epoch_embeds.bin", "4_epoch_embeds.bin", "learned_embeds.bin"])
        self.assertEqual([path.name for path in (out / "images").iterdir()], ["3_epoch_images.jpg"])
        self.assertEqual(Image.open(out / "images" / "3_epoch_images.jpg").size, (4 * 32, 32))
        words = torch.load(out / "learned_embeds.bin", weights_only=True)
        self.assertEqual({part: {word: tuple(row.shape) for word, row in own.items()} for part, own in words.items()},
                         {"t1": {"sapsan": (WIDTH,)}, "t2": {"sapsan": (WIDTH,)}})
        earlier = torch.load(out / "2_epoch_embeds.bin", weights_only=True)
        for part in ("t1", "t2"):
            self.assertFalse(torch.equal(words[part]["sapsan"], earlier[part]["sapsan"]))

    def test_a_run_that_goes_on_ends_as_one_that_was_not_stopped(self) -> None:
        train("whole", epochs=3, train_batch_size=2)
        train("parts", epochs=1, train_batch_size=2, log_image_frequency=1, sample_steps=2)
        self.assertIn("Going on after epoch 1", train("parts", epochs=3, train_batch_size=2))
        losses = [json.loads((folder / out / "losses.json").read_text())["losses"] for out in ("whole", "parts")]
        self.assertEqual(len(losses[0]), 3)
        self.assertEqual(*losses)
        whole, parts = (torch.load(folder / out / "learned_embeds.bin", weights_only=True) for out in ("whole", "parts"))
        for part in ("t1", "t2"):
            self.assertTrue(torch.equal(whole[part]["sapsan"], parts[part]["sapsan"]))
        with self.assertRaisesRegex(SystemExit, "is of the word .*sapsan.*; choose another --output_dir"):
            train("parts", epochs=3, placeholder_token="otherword")

    def test_a_size_that_the_model_cannot_have_is_refused(self) -> None:
        with self.assertRaisesRegex(SystemExit, "--img_size 30 is no multiple of 4, which this model needs"):
            train("odd", img_size=30)

    def test_a_folder_of_another_kind_is_refused(self) -> None:
        (folder / "other").mkdir(exist_ok=True)
        (folder / "other" / "model_index.json").write_text('{"_class_name": "StableDiffusionPipeline"}')
        with self.assertRaisesRegex(SystemExit, "is a StableDiffusionPipeline; accepted: KandinskyCombinedPipeline"):
            train("other-out", model=folder / "other")


if __name__ == "__main__":
    unittest.main(verbosity=2)
