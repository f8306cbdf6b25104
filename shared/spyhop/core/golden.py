"""Which proved rows travel in the bundle, to be answered again wherever it is loaded."""

from collections.abc import Sequence

from spyhop.core.answers import AnswerSpec, Prediction

MOST_ROWS = 16
MOST_PROBES = 8

# Another processor may round the last digit differently; a row this near to a tie between
# two labels could then flip, and a healthy bundle would refuse to serve.
NARROWEST_MARGIN = 1e-3


def golden_rows(expected: Sequence[Prediction], spec: AnswerSpec, probes: int) -> list[int]:
    """Return which of `expected` to keep: spread over the test rows, every label, some probes.

    The last `probes` of `expected` are probes.  Returns row numbers in ascending order.
    """
    clear = [row for row, answer in enumerate(expected) if _margin(answer) >= NARROWEST_MARGIN]
    if not clear:  # a model that is never sure is proved on what it has
        clear = list(range(len(expected)))
    first_probe = len(expected) - probes
    tested = [row for row in clear if row < first_probe]
    probed = [row for row in clear if row >= first_probe]
    kept = set(_spread(tested, MOST_ROWS)) | set(_spread(probed, MOST_PROBES))
    if spec.task == "classification":
        kept |= set(_first_of_each_label(expected, tested)[:MOST_ROWS])
    return sorted(kept)


def _margin(answer: Prediction) -> float:
    if "probabilities" not in answer or len(answer["probabilities"]) < 2:
        return 1.0
    second, first = sorted(answer["probabilities"].values())[-2:]
    return float(first - second)


def _spread(rows: Sequence[int], most: int) -> list[int]:
    if len(rows) <= most:
        return list(rows)
    return [rows[i * len(rows) // most] for i in range(most)]


def _first_of_each_label(expected: Sequence[Prediction], rows: Sequence[int]) -> list[int]:
    first: dict[object, int] = {}
    for row in rows:
        first.setdefault(expected[row]["label"], row)
    return list(first.values())
