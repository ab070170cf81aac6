"""The ONNX graph of a bundle: what goes in, what comes out, and a session that runs it."""

import onnxruntime

__all__ = ["INPUT", "OUTPUTS", "REASON_OUTPUTS", "find_fault", "open_session"]

INPUT = "features"
"""The graph's one input: float32 [rows, features], NaN where a value is missing."""
OUTPUTS = {
    "probability": "tensor(float)",
    "score": "tensor(float)",
    "reason_indices": "tensor(int64)",
    "reason_contributions": "tensor(float)",
    "other_contributions": "tensor(float)",
}
"""The graph's outputs: [rows], [rows] in log-odds, [rows, 3], [rows, 3] in log-odds, [rows]."""
REASON_OUTPUTS = ("reason_indices", "reason_contributions", "other_contributions")
"""Those that a graph without reasons has none of."""


def open_session(onnx: bytes, threads: int = 0) -> onnxruntime.InferenceSession:
    """A session on the CPU; `threads` 0 leaves their number to onnxruntime."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])


def find_fault(onnx: bytes, width: int) -> str | None:
    """What keeps the model from scoring a [rows, width] matrix, or None."""
    try:
        model = open_session(onnx, threads=1)
    except Exception as error:
        return f"does not load into onnxruntime ({str(error).splitlines()[0]})"
    inputs = [(node.name, node.type, node.shape[1:]) for node in model.get_inputs()]
    if inputs != [(INPUT, "tensor(float)", [width])]:
        return f"takes {inputs}, its features need {INPUT} tensor(float) [rows, {width}]"
    outputs = {output.name: output.type for output in model.get_outputs()}
    explains = any(name in outputs for name in REASON_OUTPUTS)
    for name, kind in OUTPUTS.items():
        if outputs.get(name) != kind and (explains or name not in REASON_OUTPUTS):
            return f"has no output {name} of {kind}"
    return None
