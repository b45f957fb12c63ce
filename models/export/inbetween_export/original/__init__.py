"""Checkpoints of the original Kandinsky implementation: recognised by their files and keys, read as diffusers' classes
where there are such, and as the network of `unet.py` where there are none (2.0)."""
