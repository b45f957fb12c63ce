"""The diffusion loop of test/fixtures/onnx/tiny-sd as the documents write it: every tensor inside, step by step.

Tokens, embeddings, LMS schedule, scaled input, both predictions, guidance, x0 and latents by transformers, diffusers and
the same ONNX graphs; the inspector's test compares with it.
"""

import diffusers
import golden_files
import numpy as np
import onnxruntime
import torch
from transformers import CLIPTokenizer

FOLDER = golden_files.FOLDER.parent / "fixtures" / "onnx" / "tiny-sd"
PROMPT = "red cat"
NEGATIVE = "blurry"
SEED = 1632
STEPS = 4
GUIDANCE = 7.5
SIDE = 64


def session(component):
    return onnxruntime.InferenceSession(str(FOLDER / component / "model.onnx"))


def view(tensor):
    """A tensor, and its channels in numbers as torch gives them."""
    channels = tensor[0]
    return {
        "values": golden_files.float32_text(tensor.numpy()),
        "mean": channels.flatten(1).mean(1).tolist(),
        "std": channels.flatten(1).std(1).tolist(),
        "min": channels.flatten(1).min(1).values.tolist(),
        "max": channels.flatten(1).max(1).values.tolist(),
    }


def write():
    tokenizer = CLIPTokenizer.from_pretrained(FOLDER / "tokenizer")
    text_encoder, unet = session("text_encoder"), session("unet")
    ids = {
        text: tokenizer(text, padding="max_length", max_length=77, truncation=True).input_ids
        for text in (PROMPT, NEGATIVE)
    }
    embeddings = {
        text: text_encoder.run(["last_hidden_state"], {"input_ids": np.array([row], dtype=np.int64)})[0]
        for text, row in ids.items()
    }
    scheduler = diffusers.LMSDiscreteScheduler.from_pretrained(FOLDER / "scheduler")
    scheduler.set_timesteps(STEPS)
    noise = torch.randn((1, 4, SIDE // 8, SIDE // 8), generator=torch.manual_seed(SEED))
    latents = noise * scheduler.init_noise_sigma
    steps = []
    for i, t in enumerate(scheduler.timesteps):
        sigma = scheduler.sigmas[i]
        scaled = scheduler.scale_model_input(latents, t)

        def predict(text):
            feeds = {
                "sample": scaled.numpy(),
                "timestep": np.array([int(t)], dtype=np.int64),
                "encoder_hidden_states": embeddings[text],
            }
            return torch.from_numpy(unet.run(["out_sample"], feeds)[0])

        unconditional, conditional = predict(NEGATIVE), predict(PROMPT)
        guided = unconditional + GUIDANCE * (conditional - unconditional)
        denoised = latents - sigma * guided
        latents = scheduler.step(guided, t, latents).prev_sample
        steps.append(
            {
                "timestep": float(t),
                "sigma": float(sigma),
                "input": view(scaled),
                "unconditional": view(unconditional),
                "conditional": view(conditional),
                "guided": view(guided),
                "denoised": view(denoised),
                "next": view(latents),
            }
        )
    golden_files.write_json(
        "loop.json",
        {
            "prompt": PROMPT,
            "negative": NEGATIVE,
            "seed": SEED,
            "guidanceScale": GUIDANCE,
            "side": SIDE,
            "ids": ids,
            "initNoiseSigma": float(scheduler.init_noise_sigma),
            "sigmas": [float(sigma) for sigma in scheduler.sigmas],
            "noise": view(noise),
            "steps": steps,
        },
    )
