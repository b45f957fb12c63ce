"""Exports a pipeline folder, as diffusers' save_pretrained writes it, to an ONNX model folder. See README.md."""

import sys

from inbetween_export.cli import main

if __name__ == "__main__":
    sys.exit(main())
