"""What skl2onnx says of a table that transformers make: float32, where it must be float64.

A one-hot column is declared as float32, and a table joined from it and scaled numbers then is
float32 too.  These parsers keep skl2onnx's own and declare the result anew.
"""

from collections.abc import Callable
from typing import Any

from skl2onnx._parse import (
    _parse_sklearn_column_transformer,
    _parse_sklearn_feature_union,
)
from skl2onnx.common.data_types import DoubleTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import FeatureUnion

Parser = Callable[..., list[Any]]


def in_doubles(parser: Parser) -> Parser:
    """Return `parser` with a cast to float64 after whatever numbers it declares."""

    def parse(scope: Any, model: Any, inputs: list[Any], custom_parsers: Any = None) -> list[Any]:
        outputs = parser(scope, model, inputs, custom_parsers=custom_parsers)
        return [_cast(scope, variable) for variable in outputs]

    return parse


def _cast(scope: Any, variable: Any) -> Any:
    if isinstance(variable.type, StringTensorType):
        return variable
    operator = scope.declare_local_operator("SklearnCast")
    operator.inputs = [variable]
    cast = scope.declare_local_variable("doubles", DoubleTensorType([None, None]))
    operator.outputs.append(cast)
    return cast


PARSERS: dict[type, Parser] = {
    ColumnTransformer: in_doubles(_parse_sklearn_column_transformer),
    FeatureUnion: in_doubles(_parse_sklearn_feature_union),
}
