"""Export a fitted model to an ONNX graph that gives the same answers."""
