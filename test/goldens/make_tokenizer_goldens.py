"""Writes the tokenizer fixtures and the tokenizer and interpolation goldens.

The fixtures are small tokenizers of the four kinds that diffusion models use, trained here on the text below, in the
files that `save_pretrained` writes: CLIP (byte-level BPE with `</w>`), BERT (WordPiece), XLM-R and T5 (Unigram with
sentencepiece's real nmt_nfkc character map, which lies in a file of its own because both share it).
The goldens are the ids of transformers 5.23.0 / tokenizers 0.23.3 and numbers of numpy 2.4.6 / torch 2.13.0.

Run with those and sentencepiece 0.2.x:  python test/goldens/make_tokenizer_goldens.py
"""

import gzip
import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
import sentencepiece
import torch
from sentencepiece import sentencepiece_model_pb2
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import AutoTokenizer, BertTokenizer, CLIPTokenizer, T5Tokenizer, XLMRobertaTokenizer

HERE = Path(__file__).resolve().parent
FIXTURES = HERE.parent / "fixtures" / "tokenizers"
CHARSMAP_MARK = "@nmt_nfkc"

CORPUS = """a photo of a red cat, 4k photo, highly detailed
blue dog at the beach, golden hour, cinematic lighting
a painting of a japanese house in the mountains, trending on artstation
beautiful sea sunset, warm light, in the style of Aivazovsky
sci-fi digital painting of an alien landscape with otherworldly plants and strange creatures
epic shot of Sweden, ultra detailed lake with a reindeer, nostalgic vintage, ultra cozy and inviting
a dog in a lavender field, a cat in a lavender field, sharp focus, 8k, 35mm, f/1.8
portrait of an old wizard, oil on canvas, by Rembrandt, soft light, realistic
the horse in the coat, the ship in ice, the castle on the hill
it's a bird, they're flying, we've seen it, I'm here, she'll come, he'd go, don't stop, the cat's toy
lowres, bad anatomy, worst quality, jpeg artifacts, watermark, text, signature, blurry
isometric voxel art of a city at night, neon lights, rain, reflections, 1980s, 2024, 16:9, 100%
café, naïve, façade, über, Ångström, jalapeño, crème brûlée, Dvořák, smørrebrød, señor, São Paulo
фотография рыжего кота, высокая детализация, 4к
синяя собака на пляже, закат, тёплый свет, в стиле Айвазовского
старый замок на холме, зимний лес, снег, картина маслом
конь в пальто, корабль во льдах, Ёжик в тумане, объём
ένα κόκκινο γάτο, φωτογραφία, θάλασσα, ουρανός
红色的猫 照片 蓝色的狗 在海滩上 山水画 日落
赤い猫の写真 青い犬 海辺で 夕焼け 日本の家
고양이 사진 바다 노을 강아지
قطة حمراء صورة البحر
लाल बिल्ली की तस्वीर समुद्र
🐱 cat 🐶 dog 🔥 fire ✨ sparkle 👨‍👩‍👧 family 🏳️‍🌈 flag ❤️ heart 🇸🇪 sweden
(masterpiece:1.2), [background], ((best quality)), {a|b}, <lora:name:1>, --ar 16:9 --v 5
<b>bold</b> &amp; <br/> &lt;i&gt; https://example.org/a_b?c=d#e user@example.org #tag @name
"quoted", 'single', “curly”, ‘curly’, it’s, dash—dash – dash… 50€ $100 £5 ½ ² № ™ ©
""".splitlines()

PROMPTS = [
    "",
    " ",
    "\n\t  \r\n",
    "a",
    "red cat, 4k photo",
    "blue dog at the beach",
    "  red   cat,\t4k\nphoto  ",
    "RED CAT, 4K PHOTO",
    "A beautiful painting of a Japanese house, trending on ArtStation",
    "Beautiful sea sunset, warm light, Aivazovsky style",
    "Sci-fi digital painting of an alien landscape, 8k, f/1.8, 35mm",
    "Epic shot of Sweden, ultra detailed lake with a reindeer",
    "it's they're we've I'm she'll he'd don't the cat's",
    "IT'S THEY'RE WE'VE I'M SHE'LL HE'D DON'T",
    "it’s they’re “curly” ‘quotes’",
    "'s 't 're",
    "!'s ''s x''ll",
    "!",
    "hello!!! wow?!",
    "hello world!",
    "...",
    ",,,,",
    "(masterpiece:1.2), [background], ((best quality))",
    "{a|b|c}, <lora:name:0.8>",
    "\\(escaped\\) \\[brackets\\]",
    "<b>bold</b> &amp; <br/> &lt;i&gt;",
    "https://example.org/a_b?c=d#e user@example.org",
    "<|startoftext|>cat<|endoftext|>",
    "a <|endoftext|> b",
    "<|EndOfText|> upper <|",
    "[CLS] cat [SEP] [MASK] [PAD] [UNK]",
    "<s> cat </s> <mask> <pad> <unk>",
    "a<mask>b  <mask>  c",
    "<extra_id_0> cat <extra_id_99>",
    "1234567890",
    "3.14159 1,000,000 16:9 100% 1/2 2nd",
    "v2 4k 8K 35mm x264 mp4",
    "café naïve façade über Ångström",
    "cafe\u0301 nai\u0308ve A\u030angstro\u0308m",
    "crème brûlée, jalapeño, São Paulo",
    "İstanbul ISPARTA ıspanak ẞtraße ß",
    "ΟΔΥΣΣΕΥΣ Σ ΣΑΣ, ένα κόκκινο γάτο",
    "фотография рыжего кота, высокая детализация",
    "СИНЯЯ СОБАКА НА ПЛЯЖЕ, ЗАКАТ",
    "Ёжик в тумане; объём, йод и\u0306од",
    "red кот at пляж",
    "红色的猫,照片",
    "赤い猫の写真、青い犬。",
    "ﾊﾝｶｸ ｶﾞ 全角ＡＢＣ　１２３",
    "고양이 사진",
    "각 \u1100\u1161\u11a8",
    "قطة حمراء",
    "लाल बिल्ली क्षि",
    "\U00020000\U0002a6d6 rare",
    "🐱 cat 🐶🔥✨",
    "👨‍👩‍👧 🏳️‍🌈 ❤️ 🇸🇪",
    "🫠🫡 new emoji",
    "a\u00a0b\u2003c\u3000d\u200be\ufefff\u0085g",
    "zero\u200dwidth\u200cjoin soft\u00adhyphen",
    "bell\u0007nul\u0000del\u007f",
    "ﬁne ﬂow ² ³ ½ № ™ Ⅳ ㎏ ㍿ ～ ﾞ",
    "a_b-c—d–e…f·g•h",
    "50€ $100 £5 ¥7 ₽9",
    "C++ C# .NET node.js",
    "Supercalifragilisticexpialidocious pneumonoultramicroscopicsilicovolcanoconiosis",
    "x" * 130,
    "▁meta▁space ▁ Ġ </w> cat</w>",
    "q̶u̶e̸s̷t̴ Z͑ͫ̓a̴l̵g̶o̷",
    "\u2029para\u2028line\u000bvt\u000cff",
    "very " * 90 + "long",
    "a photo of a red cat, highly detailed, " * 12,
    "фотография, " * 60,
    "🔥" * 60,
]


def compact(rows):
    return "[\n" + ",\n".join(json.dumps(row, ensure_ascii=True, separators=(",", ":")) for row in rows) + "\n]\n"


def write_json(path, value):
    path.write_text(json.dumps(value, ensure_ascii=True, separators=(",", ":")) + "\n")


def goldens(name, tokenizer, length):
    rows = []
    for prompt in PROMPTS:
        content = tokenizer(prompt, add_special_tokens=False)["input_ids"]
        fixed = tokenizer(prompt, padding="max_length", max_length=length, truncation=True)
        rows.append({
            "text": prompt,
            "ids": content,
            "tokens": tokenizer.convert_ids_to_tokens(content),
            "fixed": fixed["input_ids"],
            "mask": sum(fixed["attention_mask"]),
        })
    (HERE / f"tokenizer-{name}.json").write_text(compact(rows))
    print(name, len(rows), "vocab", len(tokenizer))


def save(name, tokenizer, keep=None):
    """Writes a folder as save_pretrained does and loads it again, as a pipeline would."""
    folder = FIXTURES / name
    shutil.rmtree(folder, ignore_errors=True)
    tokenizer.save_pretrained(folder)
    loaded = AutoTokenizer.from_pretrained(folder)
    for path in folder.iterdir():
        if keep is not None and path.name not in keep:
            path.unlink()
        elif path.suffix == ".json":
            write_json(path, json.loads(path.read_text()))
    return loaded


def byte_alphabet():
    """The 256 printable stand-ins of byte-level BPE, in CLIP's vocabulary order ("!" first)."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    rest = [b for b in range(256) if b not in printable]
    return [chr(b) for b in printable] + [chr(256 + i) for i in range(len(rest))]


def make_clip():
    trained = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    trained.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    pattern = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
    trained.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pattern), behavior="removed", invert=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False),
    ])
    trainer = trainers.BpeTrainer(
        vocab_size=1100, end_of_word_suffix="</w>", initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    trained.train_from_iterator(CORPUS * 2, trainer)
    merges = [tuple(m) for m in json.loads(trained.to_str())["model"]["merges"]]
    alphabet = byte_alphabet()
    tokens = alphabet + [c + "</w>" for c in alphabet] + [a + b for a, b in merges]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    assert len(tokens) == len(set(tokens))
    vocab = {token: i for i, token in enumerate(tokens)}

    folder = FIXTURES / "clip"
    loaded = save("clip", CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=77))
    # The two-file form of older exports.
    (folder / "vocab.json").write_text(json.dumps(vocab, ensure_ascii=True, separators=(",", ":")) + "\n")
    (folder / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges), "utf-8")
    goldens("clip", loaded, 77)
    # SD 2.x: the same vocabulary, padded with "!" (id 0). Only the settings are committed.
    loaded = save("clip-sd2", CLIPTokenizer(vocab=vocab, merges=merges, pad_token="!", model_max_length=77),
                  keep={"tokenizer_config.json"})
    goldens("clip-sd2", loaded, 77)


def make_bert():
    trained = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    trained.normalizer = normalizers.BertNormalizer()
    trained.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=700, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], show_progress=False
    )
    trained.train_from_iterator(CORPUS * 2, trainer)
    vocab = dict(sorted(trained.get_vocab().items(), key=lambda item: item[1]))
    loaded = save("bert", BertTokenizer(vocab=vocab, model_max_length=64))
    (FIXTURES / "bert" / "vocab.txt").write_text("".join(token + "\n" for token in vocab), "utf-8")
    goldens("bert", loaded, 64)


def share_charsmap(name):
    path = FIXTURES / name / "tokenizer.json"
    data = json.loads(path.read_text())
    def visit(node):
        if node.get("type") == "Precompiled":
            node["precompiled_charsmap"] = CHARSMAP_MARK
        for child in node.get("normalizers", []):
            visit(child)
    visit(data["normalizer"])
    write_json(path, data)


def make_unigram():
    with tempfile.TemporaryDirectory() as work:
        text = Path(work) / "text"
        text.write_text("\n".join(CORPUS * 2), "utf-8")
        sentencepiece.SentencePieceTrainer.train(
            input=str(text), model_prefix=work + "/m", vocab_size=900, hard_vocab_limit=False,
            character_coverage=1.0, normalization_rule_name="nmt_nfkc", num_threads=1, minloglevel=2,
        )
        proto = sentencepiece_model_pb2.ModelProto()
        proto.ParseFromString((Path(work) / "m.model").read_bytes())
    charsmap = proto.normalizer_spec.precompiled_charsmap
    pieces = [(p.piece, round(p.score, 6)) for p in proto.pieces if p.type == 1]

    xlmr = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), *pieces, ("<mask>", 0.0)]
    loaded = save("xlmr", XLMRobertaTokenizer(vocab=xlmr, _spm_precompiled_charsmap=charsmap, model_max_length=64))
    goldens("xlmr", loaded, 64)
    t5 = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), *pieces]
    t5 += [(f"<extra_id_{i}>", 0.0) for i in range(99, -1, -1)]
    loaded = save("t5", T5Tokenizer(vocab=t5, _spm_precompiled_charsmap=charsmap, model_max_length=64))
    goldens("t5", loaded, 64)

    stored = json.loads((FIXTURES / "xlmr" / "tokenizer.json").read_text())["normalizer"]
    while "precompiled_charsmap" not in stored:
        stored = stored["normalizers"][0]
    packed = gzip.compress(stored["precompiled_charsmap"].encode(), 9, mtime=0)
    (FIXTURES / "nmt_nfkc.charsmap.gz").write_bytes(packed)
    share_charsmap("xlmr")
    share_charsmap("t5")


def slerp(t, v0, v1, threshold=0.9995):
    """Whole-tensor slerp as in Karpathy's stable diffusion walk, the weights in float64."""
    dot = np.sum(v0 * v1 / (np.linalg.norm(v0) * np.linalg.norm(v1)))
    if np.abs(dot) > threshold:
        return ((1 - t) * v0 + t * v1).astype(np.float32)
    theta_0 = np.arccos(np.float64(dot))
    theta_t = theta_0 * t
    s0 = np.sin(theta_0 - theta_t) / np.sin(theta_0)
    s1 = np.sin(theta_t) / np.sin(theta_0)
    return np.float32(s0) * v0 + np.float32(s1) * v1


def linspace(a, b, n):
    """tf.linspace on float32 tensors along a new leading axis; shapes broadcast from the right."""
    a, b = np.broadcast_arrays(a, b)
    delta = (b - a) / np.float32(max(n - 1, 1))
    return np.stack([a, *[a + delta * np.float32(i) for i in range(1, n - 1)], b][:n]).astype(np.float32)


def linspace_direct(items, n):
    return np.concatenate([linspace(items[i], items[i + 1], n) for i in range(len(items) - 1)])


def linspace_l(items, n):
    if len(items) == 1:
        return items[0]
    if len(items) == 2:
        return linspace(items[0], items[1], n)
    half = len(items) >> 1
    return linspace(linspace_l(items[:half], n), linspace_l(items[half:], n), n)


def numbers(array):
    """The shortest decimals that give the same float32 values again."""
    return [float(str(x)) for x in np.asarray(array, np.float32).ravel()]


def make_interpolation():
    generator = torch.Generator().manual_seed(1632)
    draw = lambda *shape: torch.randn(*shape, generator=generator).numpy()
    ts = [0.0, 0.1, 0.25, 0.5, 2 / 3, 0.9, 1.0]
    a, b = draw(1, 4, 8), draw(1, 4, 8)
    cases = {
        "random": (a, b),
        "nearly parallel": (a, a + np.float32(0.005) * b),
        "parallel": (a, np.float32(2) * a),
        "below the threshold": (a, a + np.float32(0.05) * b),
        "antiparallel": (a, -a),
        "obtuse": (a, np.float32(0.4) * b - a),
    }
    out = {"blends": [], "linspace": [], "linspaceDirect": [], "linspaceL": []}
    for name, (x, y) in cases.items():
        methods = {
            "slerp": lambda t: slerp(t, x, y),
            "slerp-tokens": lambda t: np.stack([slerp(t, x[0, i], y[0, i]) for i in range(x.shape[1])]),
            "lerp": lambda t: torch.lerp(torch.from_numpy(x), torch.from_numpy(y), t),
        }
        steps = [{"method": m, "t": t, "out": numbers(blend(t))} for m, blend in methods.items() for t in ts]
        out["blends"].append(
            {"name": name, "dims": list(x.shape), "from": numbers(x), "to": numbers(y), "steps": steps}
        )
    keys = [draw(2, 3) for _ in range(5)]
    for n in [1, 2, 3, 7, 10]:
        result = linspace(keys[0], keys[1], n)
        out["linspace"].append({"n": n, "keys": [numbers(k) for k in keys[:2]], "dims": [2, 3], "shape": list(result.shape), "out": numbers(result)})
    for count in [2, 3, 5]:
        result = linspace_direct(keys[:count], 4)
        out["linspaceDirect"].append({"n": 4, "keys": [numbers(k) for k in keys[:count]], "dims": [2, 3], "shape": list(result.shape), "out": numbers(result)})
    for count in [1, 2, 3, 4, 5]:
        for n in [2, 4]:
            result = linspace_l(keys[:count], n)
            out["linspaceL"].append({"n": n, "keys": [numbers(k) for k in keys[:count]], "dims": [2, 3], "shape": list(result.shape), "out": numbers(result)})
    write_json(HERE / "interpolation.json", out)
    print("interpolation", {key: len(rows) for key, rows in out.items()})


if __name__ == "__main__":
    FIXTURES.mkdir(parents=True, exist_ok=True)
    make_clip()
    make_bert()
    make_unigram()
    make_interpolation()
