"""The ONNX graph of a bundle: its input, its outputs, and a session to run it."""

import onnxruntime

__all__ = ["INPUT", "OUTPUTS", "REASON_OUTPUTS", "find_fault", "open_session"]

INPUT = "features"
"""The graph's only input: float32 [rows, features], NaN for a missing value."""
OUTPUTS = {
    "probability": "tensor(float)",
    "score": "tensor(float)",
    "reason_indices": "tensor(int64)",
    "reason_contributions": "tensor(float)",
    "other_contributions": "tensor(float)",
}
"""The graph's outputs and their types.

probability [rows]; score [rows] in log-odds; reason_indices [rows, 3]; reason_contributions
[rows, 3] in log-odds; other_contributions [rows] in log-odds.
"""
REASON_OUTPUTS = ("reason_indices", "reason_contributions", "other_contributions")
"""The outputs that only a graph with reasons has."""


def open_session(onnx: bytes, threads: int = 0) -> onnxruntime.InferenceSession:
    """A session on the CPU; with `threads` 0, onnxruntime chooses their number."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])


def find_fault(onnx: bytes, width: int) -> str | None:
    """Why the model cannot score a float32 [rows, width] matrix; None when it can."""
    try:
        model = open_session(onnx, threads=1)
    except Exception as error:
        return f"does not load into onnxruntime ({str(error).splitlines()[0]})"
    inputs = [(node.name, node.type, node.shape[1:]) for node in model.get_inputs()]
    if inputs != [(INPUT, "tensor(float)", [width])]:
        return f"takes {inputs}, its features need {INPUT} tensor(float) [rows, {width}]"
    outputs = {output.name: output.type for output in model.get_outputs()}
    has_reasons = any(name in outputs for name in REASON_OUTPUTS)
    for name, kind in OUTPUTS.items():
        if outputs.get(name) != kind and (has_reasons or name not in REASON_OUTPUTS):
            return f"has no output {name} of {kind}"
    return None
