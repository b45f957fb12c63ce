"""Which configurations each scheduler is driven with. A configuration is the content of a scheduler_config.json."""

SD_BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "num_train_timesteps": 1000}

# Files as model folders carry them; every scheduler has to make sense of every one.
SD15 = {
    "_class_name": "PNDMScheduler",
    "_diffusers_version": "0.6.0",
    **SD_BETAS,
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
    "steps_offset": 1,
    "trained_betas": None,
    "clip_sample": False,
}
SDXL = {
    "_class_name": "EulerDiscreteScheduler",
    "_diffusers_version": "0.19.0.dev0",
    **SD_BETAS,
    "clip_sample": False,
    "interpolation_type": "linear",
    "prediction_type": "epsilon",
    "sample_max_value": 1.0,
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
    "steps_offset": 1,
    "timestep_spacing": "leading",
    "trained_betas": None,
    "use_karras_sigmas": False,
}
SD2_V = {
    "_class_name": "DDIMScheduler",
    "_diffusers_version": "0.8.0",
    **SD_BETAS,
    "clip_sample": False,
    "prediction_type": "v_prediction",
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
    "steps_offset": 1,
    "trained_betas": None,
}
LCM = {
    "_class_name": "LCMScheduler",
    "_diffusers_version": "0.22.0.dev0",
    **SD_BETAS,
    "clip_sample": False,
    "clip_sample_range": 1.0,
    "dynamic_thresholding_ratio": 0.995,
    "original_inference_steps": 50,
    "prediction_type": "epsilon",
    "rescale_betas_zero_snr": False,
    "sample_max_value": 1.0,
    "set_alpha_to_one": True,
    "steps_offset": 0,
    "thresholding": False,
    "timestep_spacing": "leading",
    "trained_betas": None,
}
TRAILING = {**SD15, "timestep_spacing": "trailing"}
LINSPACE = {**SD15, "timestep_spacing": "linspace", "steps_offset": 0}
ZERO_SNR = {**SD2_V, "rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}
COSINE_SHORT = {"num_train_timesteps": 200, "beta_schedule": "squaredcos_cap_v2", "skip_prk_steps": True}

COMMON = {
    "empty file": {},
    "SD 1.5": SD15,
    "SDXL": SDXL,
    "SD 2 v-prediction": SD2_V,
    "LCM": LCM,
    "trailing": TRAILING,
    "linspace": LINSPACE,
    "zero SNR": ZERO_SNR,
    "cosine, 200 timesteps": COSINE_SHORT,
}

SAMPLE = {**SD15, "prediction_type": "sample"}
THRESHOLD = {**SD15, "thresholding": True, "dynamic_thresholding_ratio": 0.9, "sample_max_value": 1.5}
KARRAS = {**SD15, "use_karras_sigmas": True}
EXPONENTIAL = {**SD15, "use_exponential_sigmas": True}
BETA = {**SD15, "use_beta_sigmas": True}
RANGE = {"sigma_min": 0.05, "sigma_max": 10.0}
SPREADS = {
    "karras": KARRAS,
    "karras, v-prediction": {**SD2_V, "use_karras_sigmas": True},
    "exponential": EXPONENTIAL,
    "beta": BETA,
    "karras, own range": {**KARRAS, **RANGE},
    "exponential, own range": {**EXPONENTIAL, **RANGE},
    "beta, own range": {**BETA, **RANGE},
}
SIGMA_MIN = {**SD15, "final_sigmas_type": "sigma_min"}
TRAINED = {**SD15, "num_train_timesteps": 20, "trained_betas": [0.01 + 0.02 * i for i in range(20)]}

KANDINSKY = {
    "_class_name": "DDPMScheduler",
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "linear",
    "variance_type": "learned_range",
    "clip_sample": False,
    "thresholding": True,
    "sample_max_value": 2.0,
    "dynamic_thresholding_ratio": 0.995,
    "steps_offset": 1,
}

DPM = {
    **SPREADS,
    "sample prediction": SAMPLE,
    "thresholding": THRESHOLD,
    "order 1": {**SD15, "solver_order": 1},
    "order 3": {**SD15, "solver_order": 3},
    "heun": {**SD15, "solver_type": "heun"},
    "order 3, karras, SDXL": {**SDXL, "solver_order": 3, "use_karras_sigmas": True},
    "Euler at the end": {**SD15, "euler_at_final": True, "final_sigmas_type": "sigma_min"},
    "full order to the end": {**SIGMA_MIN, "lower_order_final": False, "solver_order": 3},
    "sigma_min": SIGMA_MIN,
    "word of another class": {**SD15, "solver_type": "bh2"},
    "lu": {**SD15, "use_lu_lambdas": True},
    "lu, cosine": {**COSINE_SHORT, "use_lu_lambdas": True},
    "lambda clipped": {"beta_schedule": "squaredcos_cap_v2", "lambda_min_clipped": -5.1},
    "lambda clipped, trailing": {
        "beta_schedule": "squaredcos_cap_v2",
        "lambda_min_clipped": -4.0,
        "timestep_spacing": "trailing",
    },
    "lambda not clipped": {**SD15, "lambda_min_clipped": -float("inf")},
    "trained betas": TRAINED,
}
DPM_ODE = {
    "dpmsolver": {**SIGMA_MIN, "algorithm_type": "dpmsolver"},
    "dpmsolver, heun": {**SIGMA_MIN, "algorithm_type": "dpmsolver", "solver_type": "heun"},
    "dpmsolver, order 3": {**SIGMA_MIN, "algorithm_type": "dpmsolver", "solver_order": 3},
    "dpmsolver, thresholding": {**THRESHOLD, "final_sigmas_type": "sigma_min", "algorithm_type": "dpmsolver"},
    "dpmsolver, sample": {**SAMPLE, "final_sigmas_type": "sigma_min", "algorithm_type": "dpmsolver"},
    "dpmsolver, v": {**SD2_V, "final_sigmas_type": "sigma_min", "algorithm_type": "dpmsolver"},
    "sde-dpmsolver": {**SIGMA_MIN, "algorithm_type": "sde-dpmsolver"},
    "sde-dpmsolver, heun": {**SIGMA_MIN, "algorithm_type": "sde-dpmsolver", "solver_type": "heun"},
}

OWN = {
    "ddpm": {
        **{
            f"variance {kind}": {**SD15, "variance_type": kind}
            for kind in ("fixed_small_log", "fixed_large", "learned", "learned_range")
        },
        "clip 2": {"clip_sample_range": 2.0, "timestep_spacing": "linspace"},
        "thresholding": THRESHOLD,
        "sample prediction": SAMPLE,
        "sigmoid": {**SD15, "beta_schedule": "sigmoid"},
        "laplace": {"beta_schedule": "laplace"},
        "zero SNR, clipped": {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"},
        "Kandinsky 2.1": KANDINSKY,
        "trained betas": TRAINED,
    },
    "ddim": {
        "eta 0.5": ({**SD15}, 0.5),
        "eta 1": ({**SDXL}, 1.0),
        "zero SNR, eta 1": ({**ZERO_SNR}, 1.0),
        "thresholding": THRESHOLD,
        "clip 2": {"clip_sample_range": 2.0, "timestep_spacing": "linspace"},
        "sample prediction": SAMPLE,
        "sample prediction, zero SNR": {**ZERO_SNR, "prediction_type": "sample"},
        "trained betas": TRAINED,
    },
    "pndm": {
        "Runge-Kutta": {**SD15, "skip_prk_steps": False},
        "Runge-Kutta, linspace": {**LINSPACE, "skip_prk_steps": False},
        "Runge-Kutta, trailing, v": {**SD2_V, "timestep_spacing": "trailing", "skip_prk_steps": False},
        "alpha one": {**SD15, "set_alpha_to_one": True},
        "trained betas": TRAINED,
    },
    "lms": {**SPREADS, "sample prediction": SAMPLE, "karras, leading": {**SDXL, "use_karras_sigmas": True}},
    "euler": {
        **SPREADS,
        "sample prediction": SAMPLE,
        "original_sample": {**SD15, "prediction_type": "original_sample"},
        "log-linear": {**SD15, "interpolation_type": "log_linear"},
        "log-linear, karras": {**SD15, "interpolation_type": "log_linear", "use_karras_sigmas": True},
        "continuous": {**SD2_V, "timestep_type": "continuous", "use_karras_sigmas": True},
        "sigma_min": SIGMA_MIN,
        "trained betas": TRAINED,
    },
    "euler_a": {"trailing v": {**SD2_V, "timestep_spacing": "trailing"}, "trained betas": TRAINED},
    "heun": {
        **SPREADS,
        "sample prediction": SAMPLE,
        "clip 2": {**SD15, "clip_sample": True, "clip_sample_range": 2.0},
        "exp": {"beta_schedule": "exp", "num_train_timesteps": 100},
    },
    "dpm++2m": {**DPM, **DPM_ODE},
    "dpm++2m_karras": {"cosine": {"beta_schedule": "squaredcos_cap_v2"}, "order 3": {**SD15, "solver_order": 3}},
    "dpm++sde": DPM,
    "unipc": {
        **SPREADS,
        "sample prediction": SAMPLE,
        "thresholding": THRESHOLD,
        "order 1": {**SD15, "solver_order": 1},
        "order 3": {**SD15, "solver_order": 3},
        "order 3, karras, SDXL": {**SDXL, "solver_order": 3, "use_karras_sigmas": True},
        "bh1": {**SIGMA_MIN, "solver_type": "bh1"},
        "bh1, order 3": {**SIGMA_MIN, "solver_type": "bh1", "solver_order": 3},
        "noise": {**SIGMA_MIN, "predict_x0": False},
        "noise, order 3": {**SIGMA_MIN, "predict_x0": False, "solver_order": 3},
        "noise, v": {**SD2_V, "final_sigmas_type": "sigma_min", "predict_x0": False},
        "noise, sample": {**SAMPLE, "final_sigmas_type": "sigma_min", "predict_x0": False},
        "corrector off": {**SD15, "disable_corrector": [0, 1, 5]},
        "sigma_min": SIGMA_MIN,
        "full order to the end": {**SIGMA_MIN, "lower_order_final": False},
        "word of another class": {**SD15, "solver_type": "midpoint"},
        "trained betas": TRAINED,
    },
    "deis": {
        **SPREADS,
        "sample prediction": SAMPLE,
        "thresholding": THRESHOLD,
        "order 1": {**SD15, "solver_order": 1},
        "order 3": {**SD15, "solver_order": 3},
        "full order to the end": {**SD15, "lower_order_final": False, "solver_order": 3},
        "words of another class": {**SD15, "algorithm_type": "dpmsolver++", "solver_type": "midpoint"},
        "trained betas": TRAINED,
    },
    "lcm": {
        "100 original steps": {**LCM, "original_inference_steps": 100},
        "scaling 5": {**LCM, "timestep_scaling": 5.0},
        "clip 2": {**LCM, "clip_sample": True, "clip_sample_range": 2.0},
        "thresholding": {**LCM, "thresholding": True, "dynamic_thresholding_ratio": 0.9, "sample_max_value": 1.5},
        "sample prediction": {**LCM, "prediction_type": "sample"},
        "strength 0.6": (LCM, None, 0.6),
        "strength 0.35": (LCM, None, 0.35),
    },
    "tcd": {
        "100 original steps": {**LCM, "original_inference_steps": 100},
        "gamma 0": (LCM, 0.0),
        "gamma 0.7": (LCM, 0.7),
        "gamma 1": (LCM, 1.0),
        "sample prediction": {**LCM, "prediction_type": "sample"},
        "v, zero SNR": (ZERO_SNR, 0.5),
        "strength 0.6": (LCM, 0.3, 0.6),
    },
}


def configurations(name):
    """Yields (label, config, eta, strength)."""
    for label, entry in {**COMMON, **OWN[name]}.items():
        config, eta, strength = (*entry, None, None)[:3] if isinstance(entry, tuple) else (entry, None, None)
        yield label, config, eta, strength
