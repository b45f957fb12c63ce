"""A deterministic, non-linear stand-in for the denoising model; the tests hold the same formula.

out = 0.1·x + 0.02·x·|x| / (1 + |x|) + c(t),  c(t) = 0.05·t / (|t| + 250) in float64, rounded to float32.
"""

import numpy as np
import torch


def toy_output(x, t, variance_type=None):
    size = x.abs()
    bent = (x * size) / (size + 1)
    shift = float(np.float32(0.05 * float(t) / (abs(float(t)) + 250)))
    out = (x * 0.1 + bent * 0.02) + shift
    if variance_type == "learned_range":
        return torch.cat([out, x / (size + 1)], dim=1)
    if variance_type == "learned":
        return torch.cat([out, (size / (size + 1)) * 0.01], dim=1)
    return out
