"""The exported graph: from one matrix of features to probability, score and reasons.

Everything is computed from the contributions: the score is the bias plus their sum, the probability
is the logistic function of the score, and the reasons are the three largest. So the reasons of a
prediction are exactly the parts of which it consists.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from ml.candidates.base import Candidate
from ml.export.tree_operator import sum_credits, tree_node
from ml.export.trees import Tree
from ml.glassbox import GlassBox, weighed_tree
from scoring.bundle import INPUT

__all__ = ["REASONS", "export", "export_scores", "export_trees"]

REASONS = 3
ALIGNED = 16
"""Terms per cache line. onnxruntime sums a row starting at its first aligned number. With another
row length, the last bit of a sum would depend on the position of the row in the batch."""
OPSETS = (helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 3))
IR_VERSION = 9


def export(candidate: Candidate, model: Any, features: int) -> bytes:
    """The fitted model as a serialized ONNX graph.

    Input: `features` float32 [rows, features], NaN where missing. Outputs: `probability` [rows];
    `score` [rows], log-odds; `reason_indices` int64 [rows, 3] and `reason_contributions` [rows, 3],
    largest absolute value first; `other_contributions` [rows], the score minus the three. Indices
    number the candidate's terms. Where no further term contributes, the index is -1 and the
    contribution 0.
    """
    additive = candidate.to_onnx(model, features, INPUT, "contributions")
    terms = len(candidate.terms(model, features))
    shown = min(REASONS, terms)
    constants = {
        **additive.constants,
        "bias": np.array([additive.bias], np.float32),
        "shown": np.array([shown], np.int64),
        "columns": np.array([1], np.int64),
        "to_aligned": np.array([0, 0, 0, -terms % ALIGNED], np.int64),
        "no_size": np.zeros(1, np.float32),
        "no_feature": np.array(-1, np.int64),
        "padding": np.array([0, 0, 0, REASONS - shown], np.int64),
    }
    node, info = helper.make_node, helper.make_tensor_value_info
    floats, integers = TensorProto.FLOAT, TensorProto.INT64
    nodes = [
        *additive.nodes,
        node("Pad", ["contributions", "to_aligned"], ["aligned"]),
        node("ReduceSum", ["aligned", "columns"], ["total"], keepdims=0),
        node("Add", ["total", "bias"], ["score"]),
        node("Sigmoid", ["score"], ["probability"]),
        node("Abs", ["contributions"], ["sizes"]),
        node("TopK", ["sizes", "shown"], ["top_sizes", "top"]),
        node("GatherElements", ["contributions", "top"], ["top_contributions"], axis=1),
        node("Equal", ["top_sizes", "no_size"], ["idle"]),
        node("Where", ["idle", "no_feature", "top"], ["named"]),
        node("Pad", ["named", "padding", "no_feature"], ["reason_indices"]),
        node("Pad", ["top_contributions", "padding"], ["reason_contributions"]),
        node("ReduceSum", ["top_contributions", "columns"], ["top_total"], keepdims=0),
        node("Sub", ["score", "top_total"], ["other_contributions"]),
    ]
    return _model(
        nodes,
        features,
        [
            info("probability", floats, [None]),
            info("score", floats, [None]),
            info("reason_indices", integers, [None, REASONS]),
            info("reason_contributions", floats, [None, REASONS]),
            info("other_contributions", floats, [None]),
        ],
        constants,
    )


def export_scores(box: GlassBox, features: int) -> bytes:
    """A glass box without reasons: only the outputs `probability` and `score` of `export`.

    It is for rows that are ranked but not explained, since one sum per row costs less than one
    number per term.
    """
    return export_trees([weighed_tree(term) for term in box.terms], box.bias, features)


def export_trees(trees: Sequence[Tree], bias: float, features: int) -> bytes:
    """Trees whose values and `bias` add up to the log-odds, as a graph without reasons."""
    credits = [sum_credits(tree, 0) for tree in trees]
    node, info = helper.make_node, helper.make_tensor_value_info
    floats = TensorProto.FLOAT
    return _model(
        [
            tree_node(trees, credits, 1, INPUT, "totals"),
            node("Squeeze", ["totals", "columns"], ["total"]),
            node("Add", ["total", "bias"], ["score"]),
            node("Sigmoid", ["score"], ["probability"]),
        ],
        features,
        [info("probability", floats, [None]), info("score", floats, [None])],
        {"bias": np.array([bias], np.float32), "columns": np.array([1], np.int64)},
    )


def _model(
    nodes: Sequence[onnx.NodeProto],
    features: int,
    outputs: Sequence[onnx.ValueInfoProto],
    constants: Mapping[str, npt.NDArray[Any]],
) -> bytes:
    graph = helper.make_graph(
        list(nodes),
        "numerosity",
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, [None, features])],
        list(outputs),
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    built = helper.make_model(
        graph, opset_imports=list(OPSETS), ir_version=IR_VERSION, producer_name="numerosity"
    )
    onnx.checker.check_model(built)
    return bytes(built.SerializeToString(deterministic=True))
