"""Tiny Kandinsky 2.0 and 2.1 models as folders of checkpoints in the original implementation's layout."""

import re
from pathlib import Path
from types import SimpleNamespace

import torch
from diffusers import AutoencoderKL, PriorTransformer
from inbetween_export.original.unet import HEAD, Layout, Trunk, Unet20
from tiny_kandinsky import WIDTH, image_encoder, movq, multilingual, multilingual_tokenizer, practise, prior, text_encoder
from tiny_models import make_tokenizer as clip_tokenizer
from transformers import CLIPConfig, CLIPModel, MT5Config, MT5EncoderModel

POOLED = 24


def layout(inpainting: bool = False) -> Layout:
    return Layout(9 if inpainting else 4, 8, (32, 128), 1, (False, True), 128, WIDTH)


class Unet21(Trunk):
    """2.1's conditioning by the original's keys: rows of the picture's embedding before the text's, no norm on them."""

    PICTURE_ROWS = 10

    def __init__(self, network: Layout) -> None:
        super().__init__(network)
        self.clip_to_seq = torch.nn.Linear(WIDTH, self.PICTURE_ROWS * network.context)
        self.to_model_dim_n = torch.nn.Linear(WIDTH, network.context)
        self.proj_n, self.img_layer = torch.nn.Linear(WIDTH, network.embedding), torch.nn.Linear(WIDTH, network.embedding)
        self.ln_model_n = torch.nn.LayerNorm(network.embedding)

    def forward(self, sample, timestep, states, *, added_cond_kwargs):
        image, pooled = added_cond_kwargs["image_embeds"], added_cond_kwargs["text_embeds"]
        emb = self.time(timestep.expand(sample.shape[0])) + self.ln_model_n(self.proj_n(pooled)) + self.img_layer(image)
        rows = self.clip_to_seq(image).unflatten(1, (self.PICTURE_ROWS, -1))
        out = self.denoise(sample, emb, torch.cat([rows, self.to_model_dim_n(states)], dim=1))
        return SimpleNamespace(sample=out)


def write_2_0(folder: Path, seed: int, parts: SimpleNamespace | None = None, inpainting: bool = False) -> SimpleNamespace:
    """Writes the folder; with `parts` of another one, only the U-Net is new. Returns the modules that were written."""
    torch.manual_seed(seed)
    folder.mkdir(parents=True)
    if parts is None:
        tokenizer = multilingual_tokenizer(folder / "scratch")
        second = multilingual_tokenizer(folder / "scratch", "t5")
        parts = SimpleNamespace(
            tokenizer=tokenizer,
            text_encoder=multilingual(len(tokenizer), POOLED),
            tokenizer_2=second,
            text_encoder_2=_second_encoder(len(second)),
            vae=_vae(),
        )
    unet = Unet20(layout(inpainting), WIDTH, WIDTH, POOLED)
    betas = torch.linspace(0.0001, 0.02, 1000)
    practise(unet, lambda x, t, image, text: unet(x, t, text, text.mean(1)[:, :POOLED], text.flip(1)), betas, inpainting)
    torch.save(unet.state_dict(), folder / f"Kandinsky-2-0{'-inpainting' if inpainting else ''}.pt")
    torch.save({"state_dict": ldm_keys(parts.vae.state_dict(), 2)}, folder / "vae.ckpt")
    _save_text_encoder(parts.text_encoder, parts.tokenizer, folder / "text_encoder1")
    parts.text_encoder_2.save_pretrained(folder / "text_encoder2")
    parts.tokenizer_2.save_pretrained(folder / "text_encoder2")
    return SimpleNamespace(**{**vars(parts), "unet": unet.eval()})


def write_2_1(folder: Path, seed: int) -> SimpleNamespace:
    """Writes the folder, CLIP in a subfolder of it. Returns the modules that were written."""
    torch.manual_seed(seed)
    folder.mkdir(parents=True)
    tokenizer, clip_words = multilingual_tokenizer(folder / "scratch"), clip_tokenizer(pad="<|endoftext|>")
    imagined = PriorTransformer(num_attention_heads=2, attention_head_dim=HEAD, embedding_dim=WIDTH, num_layers=2)
    parts = SimpleNamespace(
        tokenizer=tokenizer,
        text_encoder=multilingual(len(tokenizer)),
        prior_tokenizer=clip_words,
        prior_text_encoder=text_encoder(clip_words),
        prior_image_encoder=image_encoder(),
        prior_prior=prior(imagined),
        movq=movq(groups=32),
        unet=Unet21(layout()),
    )
    betas = torch.linspace(0.00085, 0.012, 1000)
    told = lambda image, text: {"image_embeds": image, "text_embeds": text.mean(1)}  # noqa: E731
    practise(parts.unet, lambda x, t, image, text: parts.unet(x, t, text, added_cond_kwargs=told(image, text)).sample, betas, False)
    half = lambda state: {key: value.half() for key, value in state.items()}  # noqa: E731
    # The release's checkpoints are in float16: what is compared has the same rounded weights.
    for module in (parts.unet, parts.prior_prior):
        module.load_state_dict({key: value.half().float() for key, value in module.state_dict().items()})
    torch.save(half(parts.unet.eval().state_dict()), folder / "decoder_fp16.ckpt")
    statistics = tuple(getattr(parts.prior_prior, name)[0].clone() for name in ("clip_mean", "clip_std"))
    torch.save(statistics, folder / "ViT-L-14_stats.th")
    torch.save(half(prior_keys_of_the_original(parts.prior_prior.state_dict())), folder / "prior_fp16.ckpt")
    torch.save(ldm_keys(parts.movq.state_dict(), 2), folder / "movq_final.ckpt")
    _save_text_encoder(parts.text_encoder, tokenizer, folder / "text_encoder")
    words, pictures = parts.prior_text_encoder, parts.prior_image_encoder
    clip = CLIPModel(CLIPConfig(text_config=words.config.to_dict(), vision_config=pictures.config.to_dict(), projection_dim=WIDTH))
    kept = clip.load_state_dict({**words.state_dict(), **pictures.state_dict()}, strict=False)
    assert kept.missing_keys == ["logit_scale"] and not kept.unexpected_keys, kept
    clip.save_pretrained(folder / "clip-vit-large-patch14")
    clip_words.save_pretrained(folder / "clip-vit-large-patch14")
    return parts


def _save_text_encoder(model, tokenizer, folder: Path) -> None:
    folder.mkdir()
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    tokenizer.save_pretrained(folder)
    model.config.save_pretrained(folder)


def _second_encoder(tokens: int) -> MT5EncoderModel:
    config = MT5Config(vocab_size=tokens, d_model=WIDTH, d_kv=8, d_ff=37, num_layers=2, num_heads=4, pad_token_id=0)
    return MT5EncoderModel(config).eval()


def _vae() -> AutoencoderKL:
    vae = AutoencoderKL(
        block_out_channels=[32, 64],
        down_block_types=["DownEncoderBlock2D"] * 2,
        up_block_types=["UpDecoderBlock2D"] * 2,
        layers_per_block=1,
        latent_channels=4,
    ).eval()
    # Latents of the size that the scale 0.0512 expects, a small variance, pictures that are not even grey.
    with torch.no_grad():
        moments = vae.encode(torch.rand(2, 3, 32, 32) * 2 - 1).latent_dist
        vae.quant_conv.weight[:4].mul_(19.5 / moments.mean.std())
        vae.post_quant_conv.weight.mul_(0.05)
        picture = vae.decode(torch.randn(2, 4, 16, 16) * 19.5).sample
        vae.decoder.conv_out.weight.mul_(0.6 / picture.std())
    return vae


def ldm_keys(state: dict[str, torch.Tensor], levels: int) -> dict[str, torch.Tensor]:
    """diffusers' names of a picture coder as latent diffusion's checkpoints have them."""
    named = {}
    for key, value in state.items():
        key = key.replace("mid_block.resnets.0.", "mid.block_1.").replace("mid_block.resnets.1.", "mid.block_2.")
        key = key.replace("mid_block.attentions.0.", "mid.attn_1.").replace("conv_norm_out.", "norm_out.").replace("conv_shortcut.", "nin_shortcut.")
        key = re.sub(r"down_blocks\.(\d+)", r"down.\1", key)
        key = re.sub(r"up_blocks\.(\d+)", lambda m: f"up.{levels - 1 - int(m[1])}", key)
        key = key.replace(".downsamplers.0.", ".downsample.").replace(".upsamplers.0.", ".upsample.")
        key = key.replace(".resnets.", ".block.").replace(".attentions.", ".attn.")
        for new, old in (("group_norm", "norm"), ("spatial_norm", "norm"), ("to_q", "q"), ("to_k", "k"), ("to_v", "v"), ("to_out.0", "proj_out")):
            if f".{new}." in key:
                key = key.replace(f".{new}.", f".{old}.")
                value = value[:, :, None, None] if old != "norm" and value.ndim == 2 else value
                break
        named[key] = value.clone()
    return named


def prior_keys_of_the_original(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    names = {
        "time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2", "proj_in": "clip_img_proj",
        "embedding_proj": "text_emb_proj", "encoder_hidden_states_proj": "text_enc_proj", "norm_out": "final_ln",
        "proj_to_clip_embeddings": "out_proj", "prd_embedding": "prd_emb",
    }  # fmt: skip
    inner = {"norm1": "ln_1", "norm3": "ln_2", "attn1.to_out.0": "attn.c_proj", "ff.net.0.proj": "mlp.c_fc", "ff.net.2": "mlp.c_proj"}
    named = {}
    for key, value in state.items():
        if key in ("clip_mean", "clip_std"):
            continue
        name, dot, kind = key.rpartition(".")
        match = re.fullmatch(r"transformer_blocks\.(\d+)\.(.+)", name)
        if match is None:
            whole = names.get(key) or (f"{names[name]}.{kind}" if name in names else key)
            named[f"model.{whole}"] = value
        elif match[2] in inner:
            named[f"model.transformer.resblocks.{match[1]}.{inner[match[2]]}.{kind}"] = value
        elif match[2] == "attn1.to_q":
            parts = [state[f"transformer_blocks.{match[1]}.attn1.{part}.{kind}"].unflatten(0, (-1, 1, HEAD)) for part in ("to_q", "to_k", "to_v")]
            named[f"model.transformer.resblocks.{match[1]}.attn.c_qkv.{kind}"] = torch.cat(parts, dim=1).flatten(0, 2)
    return named
