"""Trains tokenizer and text encoder from nothing, on captions alone.

The tokenizer is CLIP's kind of byte-pair encoding, learnt from sampled captions and synonyms.  The
encoder learns to tell from every position at or after the end token which subject, colour and place a
caption names; its hidden states then carry what the denoiser needs to know.
"""

from __future__ import annotations

import argparse
import collections
import json
import random
import re
from pathlib import Path

import torch
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from torch.nn import functional as F

from data.captions import decorate, noun_phrase
from data.composition import NOT_ALONE, SPECIALS
from data.packages import NAMES, TAGS, package_folder
from data.scenes import SCENES
from data.sprites import SUBJECTS, TINTS
from nets.text_encoder import CONTEXT_TOKENS, WIDTH, load_tokenizer, make_text_encoder, token_ids
from runtime import Progress, device_from, save_checkpoint

# CLIP's way of cutting text into words before byte-pair encoding.
WORDS = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"

EVERYDAY = {
    "cat": ["kitten", "kitty"], "dog": ["puppy"], "car": ["automobile", "auto"], "rabbit": ["bunny"], "ship": ["vessel"],
    "airplane": ["plane", "aircraft"], "house": ["home", "cottage"], "bicycle": ["bike"], "horse": ["pony", "stallion"],
    "dinosaur": ["t-rex"], "ufo": ["flying saucer"], "earth": ["globe", "planet earth"], "steam train": ["train"],
    "pig": ["piglet"], "sailboat": ["sailing boat", "yacht"],
}


def synonyms(cache: Path) -> dict[str, list[str]]:
    """Other words for each subject: the emoji's tags that belong to one subject only, and common words."""
    tags = json.loads((package_folder(cache, TAGS) / "en/data.json").read_text(encoding="utf-8"))
    names = json.loads((package_folder(cache, NAMES) / "data-by-emoji.json").read_text(encoding="utf-8"))
    emoji_name = {"-".join(f"{ord(c):X}" for c in emoji): entry["name"] for emoji, entry in names.items()}
    subject_of = {v: k for k, v in SUBJECTS.items()}
    owners: dict[str, set[str]] = collections.defaultdict(set)
    for entry in tags:
        subject = subject_of.get(emoji_name.get(entry["hexcode"], ""))
        for tag in entry.get("tags", []) if subject else []:
            owners[tag.lower()].add(subject)
    found = collections.defaultdict(list)
    for tag, subjects in owners.items():
        if len(subjects) == 1 and tag not in SUBJECTS and tag not in TINTS and re.fullmatch("[a-z ]{3,16}", tag):
            found[next(iter(subjects))].append(tag)
    for subject, words in EVERYDAY.items():
        found[subject] += words
    return found


class CaptionSource:
    """Captions with what they name, as (subject, colour, place) numbers; 0 is "none"."""

    def __init__(self, cache: Path, seed: int) -> None:
        self.rng = random.Random(seed)
        self.subjects = ["", *sorted(set(SUBJECTS) | {"swing", "alice", "horse in the coat"})]
        self.colours, self.places = ["", *TINTS], ["", *SCENES]
        self.words = synonyms(cache)

    def next(self) -> tuple[str, tuple[int, int, int]]:
        rng, draw = self.rng, self.rng.random()
        subject, colour, place = "", "", ""
        if draw < 0.15:
            place = rng.choice(self.places[1:])
            text = rng.choice(SCENES[place].captions)
        elif draw < 0.3:
            special = rng.choice(SPECIALS)
            subject, _, colour = special.subject.partition(":")
            place, text = special.place or "", rng.choice(special.captions)
        else:
            subject = rng.choice([s for s in self.subjects[1:] if s not in NOT_ALONE])
            colour = rng.choice(self.colours[1:]) if rng.random() < 0.45 else ""
            place = rng.choice(self.places[1:]) if rng.random() < 0.7 else ""
            word = rng.choice(self.words[subject]) if self.words.get(subject) and rng.random() < 0.2 else subject
            text = noun_phrase(rng, word, colour or None)
            if place:
                phrase = rng.choice(SCENES[place].phrases)
                text = f"{phrase}, {text}" if rng.random() < 0.1 else f"{text} {phrase}"
        answer = self.subjects.index(subject), self.colours.index(colour), self.places.index(place)
        return decorate(rng, text), answer


def train_tokenizer(source: CaptionSource, folder: Path) -> None:
    """Writes vocab.json and merges.txt (and the rest of a tokenizer's files) into `folder`."""
    tokenizer = Tokenizer(models.BPE(end_of_word_suffix="</w>", unk_token="<|endoftext|>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(WORDS), "removed", invert=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=2600, initial_alphabet=alphabet, end_of_word_suffix="</w>", special_tokens=[], show_progress=False)
    captions = [source.next()[0] for _ in range(30_000)]
    tokenizer.train_from_iterator(captions + [" ".join(words) for words in source.words.values()], trainer)
    learnt = json.loads(tokenizer.to_str())["model"]
    vocabulary = learnt["vocab"]
    for token in [*(letter + "</w>" for letter in alphabet), "<|startoftext|>", "<|endoftext|>"]:
        vocabulary.setdefault(token, len(vocabulary))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False), encoding="utf-8")
    merges = [m if isinstance(m, str) else " ".join(m) for m in learnt["merges"]]
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n", encoding="utf-8")
    load_tokenizer(folder).save_pretrained(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="tokenizer/ and text_encoder/ are written here")
    parser.add_argument("--cache", type=Path, required=True, help="folder of the npm packages")
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    device = device_from(options.device)
    torch.manual_seed(0)
    source = CaptionSource(options.cache, 3)
    train_tokenizer(source, options.work / "tokenizer")
    tokenizer = load_tokenizer(options.work / "tokenizer")
    encoder = make_text_encoder(len(tokenizer), tokenizer.bos_token_id, tokenizer.eos_token_id).to(device)
    sizes = (len(source.subjects), len(source.colours), len(source.places))
    heads = torch.nn.ModuleList([torch.nn.Linear(WIDTH, n) for n in sizes]).to(device)
    parameters = [*encoder.parameters(), *heads.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=1e-3, betas=(0.9, 0.98), weight_decay=0.01)
    progress, step = Progress(options.minutes * 60), 0
    while not progress.over:
        for group in optimizer.param_groups:
            group["lr"] = 1e-3 * min(1, (step + 1) / 100) * min(1, (1 - progress.share) / 0.4 + 0.02)
        # Captions are short: most batches stop at 24 tokens, some run to the end so that the padding's states learn too.
        full = step % 8 == 7
        captions, answers = zip(*(source.next() for _ in range(24 if full else 96)))
        ids = token_ids(tokenizer, list(captions))[:, : CONTEXT_TOKENS if full else 24].to(device)
        truth = torch.tensor(answers, device=device)
        states = encoder(input_ids=ids).last_hidden_state
        ended = ids == tokenizer.eos_token_id
        last = torch.where(ended.any(1), ended.int().argmax(1), ids.shape[1] - 1)
        later = last + (torch.rand(len(ids), device=device) * (ids.shape[1] - last)).long()
        rows, loss = torch.arange(len(ids), device=device), torch.zeros((), device=device)
        for positions in (last, later):
            for part, head in enumerate(heads):
                loss = loss + F.cross_entropy(head(states[rows, positions]), truth[:, part], label_smoothing=0.02) / 2
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        step += 1
        progress.note(loss.item())
        if step % 50 == 0:
            right = [(head(states[rows, last]).argmax(-1) == truth[:, i]).float().mean().item() for i, head in enumerate(heads)]
            progress.line(f"step {step}, loss {{loss:.3f}}, right: subject {right[0]:.0%}, colour {right[1]:.0%}, place {right[2]:.0%}")
    encoder.save_pretrained(options.work / "text_encoder")
    save_checkpoint(options.work / "text_heads.pt", heads.state_dict())


if __name__ == "__main__":
    main()
