"""Rules that extend skl2onnx, so that a graph computes in float64 where scikit-learn does.

`convert_exactly` hands them to `convert_sklearn`; nothing global is changed.  A model with a
rule is wrapped in `Exact` for skl2onnx, which then knows nothing else of it.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import DoubleTensorType, Int64TensorType, StringTensorType
from sklearn.base import is_classifier, is_regressor
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import FunctionTransformer

from spyhop.engines.converters import (
    adaboost,
    averaging,
    bayes,
    boosting,
    calibrated,
    constants,
    discriminant,
    encoders,
    forests,
    functions,
    histograms,
    impute,
    imputers,
    kernels,
    linear,
    multiclass,
    neighbours,
    numeric,
    processes,
    propagation,
    radius,
    splines,
    stacking,
    svm,
    tables,
    targets,
    texts,
    wrappers,
)
from spyhop.engines.converters.graph import ML, Inputs, Nodes, Rule, Scores
from spyhop.engines.converters.trees import TREE_ENSEMBLE_SINCE

RULES: Mapping[type, Rule] = {
    **adaboost.RULES,
    **averaging.RULES,
    **bayes.RULES,
    **boosting.RULES,
    **calibrated.RULES,
    **constants.RULES,
    **discriminant.RULES,
    **encoders.RULES,
    **forests.RULES,
    **functions.RULES,
    **histograms.RULES,
    **impute.RULES,
    **imputers.RULES,
    **kernels.RULES,
    **linear.RULES,
    **multiclass.RULES,
    **neighbours.RULES,
    **numeric.RULES,
    **processes.RULES,
    **propagation.RULES,
    **radius.RULES,
    **splines.RULES,
    **stacking.RULES,
    **svm.RULES,
    **targets.RULES,
    **texts.RULES,
    **wrappers.RULES,
}


class Exact(NamedTuple):
    """A model that a rule of ours converts."""

    model: Any


def convert_exactly(
    model: Any, initial_types: list[tuple[str, Any]], options: Any, target_opset: dict[str, int]
) -> Any:
    """Return what `convert_sklearn` makes of `model` with the rules, as an ONNX model."""
    parsers = {**tables.PARSERS, **dict.fromkeys(RULES, parse)}

    def convert(scope: Any, operator: Any, container: Any) -> None:
        _write(Nodes(scope, container, RULES, parsers), operator)

    converted = convert_sklearn(
        model,
        initial_types=initial_types,
        options=options,
        target_opset=target_opset,
        custom_parsers=parsers,
        custom_conversion_functions={Exact: convert},
        custom_shape_calculators={Exact: lambda operator: None},
    )
    if any(node.op_type == "TreeEnsemble" for node in converted.graph.node):
        _declare_tree_ensemble(converted)
    return converted


def _declare_tree_ensemble(converted: Any) -> None:
    """Raise the version of ai.onnx.ml to that of TreeEnsemble, which skl2onnx will not name."""
    for opset in converted.opset_import:
        if opset.domain == ML:
            opset.version = TREE_ENSEMBLE_SINCE


def parse(scope: Any, model: Any, inputs: list[Any], custom_parsers: Any = None) -> list[Any]:
    """Declare `model` to skl2onnx as one operator, with the outputs it will have."""
    operator = scope.declare_local_operator("SpyhopExact", Exact(model))
    operator.inputs = inputs
    for name, form in _outputs(model, inputs):
        operator.outputs.append(scope.declare_local_variable(name, form))
    return list(operator.outputs)


def _outputs(model: Any, inputs: list[Any]) -> list[tuple[str, Any]]:
    if is_regressor(model):
        return [("value", DoubleTensorType([None, 1]))]
    if not is_classifier(model):
        is_text = all(isinstance(variable.type, StringTensorType) for variable in inputs)
        keeps_text = is_text and isinstance(model, (FunctionTransformer, SimpleImputer))
        return [("table", (StringTensorType if keeps_text else DoubleTensorType)([None, None]))]
    label = ("label", _label_type(model.classes_)([None]))
    if not hasattr(model, "predict_proba"):
        return [label]
    return [label, ("probabilities", DoubleTensorType([None, len(model.classes_)]))]


def _label_type(classes: Any) -> Any:
    kinds = {"f": DoubleTensorType, "O": StringTensorType, "U": StringTensorType}
    return kinds.get(classes.dtype.kind, Int64TensorType)


def _write(nodes: Nodes, operator: Any) -> None:
    model, X = operator.raw_operator.model, Inputs(nodes, operator.inputs)
    if is_regressor(model):
        nodes.save(nodes.regress(model, X), operator.outputs[0])
    elif not is_classifier(model):
        nodes.save(nodes.transform(model, X), operator.outputs[0])
    else:
        _write_scores(nodes, nodes.classify(model, X), model.classes_, operator.outputs)


def _write_scores(nodes: Nodes, scores: Scores, classes: Any, outputs: Any) -> None:
    if classes.dtype.kind in "biu":
        classes = classes.astype(np.int64)
    nodes.save(nodes.add("Gather", classes, scores.winner, axis=0), outputs[0])
    if len(outputs) > 1:
        assert scores.probabilities is not None, "a rule left out the probabilities"
        nodes.save(scores.probabilities, outputs[1])
