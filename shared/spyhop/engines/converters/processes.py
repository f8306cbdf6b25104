"""Gaussian processes: kernels as scikit-learn composes them, then a mean, or a probability."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.special import erfcx
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process._gpc import (
    COEFS,
    LAMBDAS,
    _BinaryGaussianProcessClassifierLaplace,
)
from sklearn.gaussian_process.kernels import (
    RBF,
    ConstantKernel,
    DotProduct,
    Matern,
    Product,
    RationalQuadratic,
    Sum,
    WhiteKernel,
)

from spyhop.engines.converters.graph import (
    Inputs,
    Nodes,
    NoRule,
    Rule,
    Scores,
    both_classes,
    is_above,
)
from spyhop.engines.converters.neighbours import exact_distances

# What is one on the diagonal, and a function of the distance elsewhere.
STATIONARY = (RBF, Matern, RationalQuadratic)


def regressor(nodes: Nodes, model: Any, X: Inputs) -> str:
    """Write GaussianProcessRegressor: the posterior mean, on the target's own scale."""
    if not hasattr(model, "X_train_"):
        raise NoRule("a Gaussian process without training rows has no rule")
    similar = covariance(nodes, model.kernel_, X.matrix, _rows(model))
    mean = nodes.add("MatMul", similar, np.asarray(model.alpha_).reshape(-1, 1))
    scaled = nodes.add("Mul", mean, np.asarray(model._y_train_std, dtype=np.float64))
    return nodes.add("Add", scaled, np.asarray(model._y_train_mean, dtype=np.float64))


def classifier(nodes: Nodes, model: Any, X: Inputs) -> Scores:
    """Write GaussianProcessClassifier: one process for two classes, else each against the rest."""
    return nodes.classify(model.base_estimator_, X)


def two_classes(nodes: Nodes, model: Any, X: Inputs) -> Scores:
    """Write the Laplace approximation: algorithm 3.2 of Rasmussen and Williams.

    The label is the sign of the latent mean; the probability averages the logistic function
    over the latent distribution, as five error functions (`predict_proba` in _gpc.py).
    """
    similar = covariance(nodes, model.kernel_, X.matrix, _rows(model))
    mean = nodes.add("MatMul", similar, (model.y_train_ - model.pi_).reshape(-1, 1))
    root = solve_triangular(model.L_, np.diag(model.W_sr_), lower=True)
    explained = nodes.add("MatMul", similar, root.T.copy())
    squares = nodes.add("Mul", explained, explained)
    total = nodes.add("ReduceSum", squares, np.array([1]), keepdims=1)
    variance = nodes.add("Sub", own_variance(nodes, model.kernel_, X.matrix), total)
    return Scores(is_above(nodes, mean), both_classes(nodes, _averaged(nodes, mean, variance)))


def _rows(model: Any) -> NDArray[np.float64]:
    return np.asarray(model.X_train_, dtype=np.float64)


def _averaged(nodes: Nodes, mean: str, variance: str) -> str:
    """Return the logistic function's mean over a normal distribution, (n, 1).

    The factor before the error function, written out in scikit-learn, is one half.
    """
    slopes, weights = LAMBDAS.reshape(1, -1), COEFS.reshape(1, -1)
    precision = nodes.add("Div", 1.0, nodes.add("Mul", variance, 2.0))
    share = nodes.add("Div", precision, nodes.add("Add", precision, slopes**2))
    scaled = nodes.add("Mul", nodes.add("Mul", mean, slopes), nodes.add("Sqrt", share))
    integrals = nodes.add("MatMul", error_function(nodes, scaled), 0.5 * weights.T)
    return nodes.add("Add", integrals, 0.5 * float(weights.sum()))


def error_function(nodes: Nodes, x: str) -> str:
    """Return erf(x) to 1e-13, for which onnxruntime has no double kernel.

    erf(|x|) = 1 - exp(-x²)·erfcx(|x|), and erfcx is smooth in 2 / (2 + |x|): a Chebyshev
    series, summed by Clenshaw's rule.
    """
    size = nodes.add("Abs", x)
    place = nodes.add("Sub", nodes.add("Div", 4.0, nodes.add("Add", size, 2.0)), 1.0)
    double, later, last = nodes.add("Mul", place, 2.0), "", ""
    for coefficient in _series()[:0:-1]:
        term = nodes.add("Mul", double, last) if last else nodes.add("Mul", place, 0.0)
        if later:
            term = nodes.add("Sub", term, later)
        later, last = last, nodes.add("Add", term, float(coefficient))
    series = nodes.add("Sub", nodes.add("Mul", place, last), later)
    series = nodes.add("Add", series, float(_series()[0]))
    decay = nodes.add("Exp", nodes.add("Neg", nodes.add("Mul", size, size)))
    tail = nodes.add("Sub", 1.0, nodes.add("Mul", decay, series))
    return nodes.add("Mul", nodes.add("Sign", x), tail)


def _series() -> NDArray[np.float64]:
    """Return erfcx as a Chebyshev series in 4 / (2 + x) - 1, for x from 0 to infinity."""
    fitted: NDArray[np.float64] = np.polynomial.chebyshev.chebinterpolate(
        lambda place: erfcx(4.0 / (place + 1.0) - 2.0), 27
    )
    return fitted


def covariance(nodes: Nodes, kernel: Any, matrix: str, rows: NDArray[np.float64]) -> str:
    """Return the kernel between the matrix and other rows, (n, rows)."""
    if isinstance(kernel, (Sum, Product)):
        both = [covariance(nodes, part, matrix, rows) for part in (kernel.k1, kernel.k2)]
        return nodes.add("Add" if isinstance(kernel, Sum) else "Mul", *both)
    if type(kernel) in (ConstantKernel, WhiteKernel):
        # Noise is a row's own: none is shared with another row.
        value = kernel.constant_value if type(kernel) is ConstantKernel else 0.0
        return _filled(nodes, matrix, value)
    if type(kernel) is DotProduct:
        return nodes.add("Add", nodes.add("MatMul", matrix, rows.T.copy()), kernel.sigma_0**2)
    if type(kernel) not in STATIONARY:
        raise NoRule(f"the kernel {kernel} has no rule")
    scale = np.asarray(kernel.length_scale, dtype=np.float64)
    apart = exact_distances(nodes, nodes.add("Div", matrix, scale), rows / scale)
    return _of_distance(nodes, kernel, apart)


def _of_distance(nodes: Nodes, kernel: Any, squared: str) -> str:
    """Return a stationary kernel of the squared distance in units of its length scale."""
    if type(kernel) is RBF:
        return nodes.add("Exp", nodes.add("Mul", squared, -0.5))
    if type(kernel) is RationalQuadratic:
        grown = nodes.add("Add", nodes.add("Div", squared, 2.0 * kernel.alpha), 1.0)
        return nodes.add("Pow", grown, -float(kernel.alpha))
    if kernel.nu not in (0.5, 1.5, 2.5):
        raise NoRule(f"Matern(nu={kernel.nu}) has no rule")
    distance = nodes.add("Mul", nodes.add("Sqrt", squared), float(np.sqrt(2 * kernel.nu)))
    decay = nodes.add("Exp", nodes.add("Neg", distance))
    if kernel.nu == 0.5:
        return decay
    polynomial = nodes.add("Add", distance, 1.0)
    if kernel.nu == 2.5:
        third = nodes.add("Div", nodes.add("Mul", distance, distance), 3.0)
        polynomial = nodes.add("Add", polynomial, third)
    return nodes.add("Mul", polynomial, decay)


def own_variance(nodes: Nodes, kernel: Any, matrix: str) -> str:
    """Return the kernel between each row and itself, (n, 1)."""
    if isinstance(kernel, (Sum, Product)):
        both = [own_variance(nodes, part, matrix) for part in (kernel.k1, kernel.k2)]
        return nodes.add("Add" if isinstance(kernel, Sum) else "Mul", *both)
    if type(kernel) is DotProduct:
        squares = nodes.add("Mul", matrix, matrix)
        length = nodes.add("ReduceSum", squares, np.array([1]), keepdims=1)
        return nodes.add("Add", length, kernel.sigma_0**2)
    values = {
        ConstantKernel: getattr(kernel, "constant_value", 1.0),
        WhiteKernel: getattr(kernel, "noise_level", 1.0),
    }
    return _filled(nodes, matrix, values.get(type(kernel), 1.0))


def _filled(nodes: Nodes, matrix: str, value: float) -> str:
    """Return a column of one value, which spreads over the columns of whatever it meets."""
    rows = nodes.add("Shape", matrix, start=0, end=1)
    shape = nodes.add("Concat", rows, np.array([1]), axis=0)
    return nodes.add("Expand", np.array([[float(value)]]), shape)


RULES: dict[type, Rule] = {
    GaussianProcessClassifier: classifier,
    GaussianProcessRegressor: regressor,
    _BinaryGaussianProcessClassifierLaplace: two_classes,
}
