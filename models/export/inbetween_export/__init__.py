"""Export of diffusion pipelines to ONNX model folders, each component checked against torch."""

__version__ = "1"
