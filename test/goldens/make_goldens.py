"""Writes the golden files of the noise generator, the guidance maths, the schedulers, the loop and the
loop under a mask beside this script.

Needs torch 2.13.0, diffusers 0.42.1, transformers, onnxruntime, numpy and scipy on an x86-64 CPU with AVX2; the tests that read the files need
none of them. Usage: python make_goldens.py [randn] [guidance] [schedulers] [loop] [mask-loop]   (nothing named: all)
"""

import sys

import guidance_goldens
import loop_goldens
import mask_loop_goldens
import randn_goldens
import scheduler_goldens

PARTS = {
    "randn": randn_goldens.write,
    "guidance": guidance_goldens.write,
    "schedulers": scheduler_goldens.write,
    "loop": loop_goldens.write,
    "mask-loop": mask_loop_goldens.write,
}

if __name__ == "__main__":
    for part in sys.argv[1:] or PARTS:
        PARTS[part]()
