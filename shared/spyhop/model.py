"""A loaded, proved model that answers rows: the one predict path behind every door."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from os import PathLike
from typing import Any

from msgspec.structs import replace

from spyhop.bundle import Bundle, open_folder
from spyhop.core.answers import Outputs, Prediction, one_after_the_other, predictions
from spyhop.core.parity import differences, same_label
from spyhop.core.refusals import errors_in_place, problems_by_row, refusal
from spyhop.core.rows import Table, parse_rows
from spyhop.deployment import Deployment, deployment
from spyhop.engines import CannotCompute, Engine, start_engine
from spyhop.errors import ArtifactError, InvalidRequest, Problem
from spyhop.features import WithFeatures, check_features
from spyhop.log import log
from spyhop.pickles import check_pickle, is_pickle
from spyhop.row_reader import RowReader

# A deployment that brings nothing of its own.
NOTHING = Deployment()


class Model:
    """A bundle whose engine is running; of `bundle` all is there but its files.

    May be called by several threads at once.
    """

    def __init__(self, bundle: Bundle, engine: Engine) -> None:
        # The engine has its own copy of the artefact by now.
        self.bundle = replace(bundle, files={})
        self._engine = engine

    def predict(self, rows: list[Any]) -> list[Prediction]:
        """Return one answer a row, in their order.

        A row is a mapping by column name, in any order, or a list in the schema's order, of
        JSON's own types: numbers, booleans, text, and None where the schema accepts missing
        values.  A classifier answers `{"label": …, "probabilities": {label: 0 to 1}}`, a
        regressor `{"value": …}`.

        Raises:
            InvalidRequest: its `problems` name row, column and reason; no row is answered.
        """
        return self._answers(parse_rows(rows, self.bundle.schema), len(rows))

    def predict_json(self, body: bytes, most_rows: int) -> list[Prediction] | None:
        """Return what `predict` does for the rows in `body`, `{"instances": [row, …]}` as JSON.

        Returns None if a row is no object, anything would be refused, or there are too many
        rows: then decode the body and ask `predict`.

        Raises:
            InvalidRequest: the model cannot compute a row.
        """
        rows = self._reader.rows(body)
        if not 0 < len(rows) <= most_rows:
            return None
        table = self._reader.table(rows)
        return None if table is None else self._answers(table, len(rows))

    @cached_property
    def _reader(self) -> RowReader:
        return RowReader(self.bundle.schema)

    def _answers(self, table: Table, n_rows: int) -> list[Prediction]:
        try:
            outputs = self._engine.run(table)
        except CannotCompute:
            outputs = self._one_by_one(table, n_rows)
        return predictions(outputs, self.bundle.answers)

    def predict_each(self, rows: list[Any]) -> list[Prediction]:
        """Return one answer a row as `predict` does, and `{"error": [problem, …]}` for a bad one.

        Raises:
            InvalidRequest: there is no row at all.
        """
        try:
            return self.predict(rows)
        except InvalidRequest:
            if not rows:
                raise
        wrong = problems_by_row(rows, self.bundle.schema)
        good = [number for number in range(len(rows)) if number not in wrong]
        answers = {number: errors_in_place(problems) for number, problems in wrong.items()}
        answers |= zip(good, self._computed_each(rows, good), strict=True)
        return [answers[number] for number in range(len(rows))]

    def _computed_each(self, rows: list[Any], good: list[int]) -> list[Prediction]:
        """Return the answers to those `rows` that the schema takes; they may fail yet."""
        try:
            return self.predict([rows[number] for number in good]) if good else []
        except InvalidRequest:
            return [self._alone(number, rows[number]) for number in good]

    def _alone(self, number: int, row: Any) -> Prediction:
        try:
            return self.predict([row])[0]
        except InvalidRequest as refused:
            return errors_in_place([p._replace(row=number) for p in refused.problems])

    def _one_by_one(self, table: Table, n_rows: int) -> Outputs:
        """Return the outputs for each row computed alone, or refuse those that fail."""
        found, problems = [], []
        for row in range(n_rows):
            try:
                found.append(self._engine.run({k: v[row : row + 1] for k, v in table.items()}))
            except CannotCompute as error:
                problems.append(Problem(row, None, f"the model cannot compute this row ({error})"))
        if problems:
            raise refusal(problems)
        return one_after_the_other(found)


def load(
    folder: str | PathLike[str],
    *,
    trusted_types: Iterable[str] = (),
    features: str | PathLike[str] | None = None,
    allow_pickle: bool = False,
) -> Model:
    """Return the model in a bundle's folder, ready to predict.

    Checks every digest before any file is parsed, then answers the golden rows and compares.
    scikit-learn is imported only if the bundle's engine is "sklearn"; `trusted_types` are the
    full names of types of your own that such a bundle may construct.  `features` is the
    feature module that it was packed with.  `allow_pickle` says that its artefact may be a
    pickle, which runs whatever code it holds: only for bundles that you or colleagues packed.

    Raises:
        ConfigError: `features` is not the feature code that it was packed with, or the
            artefact is a pickle and was not allowed to be.
        ArtifactError: a file is not the one that was packed, the bundle was never proved, or
            a golden row is answered otherwise than when it was packed.
    """
    return start(open_folder(folder), deployment(trusted_types, features, allow_pickle))


def start(bundle: Bundle, brought: Deployment = NOTHING) -> Model:
    """Return the model of a proved bundle, its golden rows replayed; see `load`."""
    if bundle.parity is None:
        raise ArtifactError(
            f"{bundle.version} of {bundle.name} was never proved equal to scikit-learn. "
            "Refusing to serve it; pack the model again."
        )
    model = start_unproved(bundle, brought)
    changed = _changed_libraries(bundle)
    replay_golden_rows(model, changed)
    if changed:
        log(
            f"{bundle.version} of {bundle.name} answers its golden rows as it was proved, on other "
            f"libraries: {'; '.join(changed)}"
        )
    return model


def start_unproved(bundle: Bundle, brought: Deployment = NOTHING) -> Model:
    """Return the model of a bundle that is being proved; for `served.py` alone."""
    check_features(bundle.features, brought.features, bundle.version)
    check_pickle(bundle.artefact, brought.allow_pickle, bundle.version)
    engine = start_engine(
        bundle.engine,
        bundle.artefact_body,
        schema=bundle.inputs,
        blocks=bundle.blocks,
        answers=bundle.answers,
        trusted_types=brought.trusted_types,
        is_pickle=is_pickle(bundle.artefact),
    )
    if brought.features is not None:
        engine = WithFeatures(engine, brought.features)
    return Model(bundle, engine)


def _changed_libraries(bundle: Bundle) -> list[str]:
    if bundle.engine != "sklearn":
        return []
    from spyhop.version_guard import changed_libraries  # a graph needs none of them

    return changed_libraries(bundle.manifest["libraries"])


def replay_golden_rows(model: Model, changed: Sequence[str] = ()) -> None:
    """Answer the bundle's golden rows again and compare; `changed` are libraries to blame.

    Raises:
        ArtifactError: naming the first golden row whose answer is another.
    """
    bundle = model.bundle
    assert bundle.parity is not None
    try:
        answers = model.predict(list(bundle.golden_rows))
    except InvalidRequest as error:
        raise _golden_failure(bundle, f"was refused: {error}", changed) from error
    apart = differences(bundle.golden_answers, answers, bundle.answers, bundle.parity.scale)
    for row, (promised, answer) in enumerate(zip(bundle.golden_answers, answers, strict=True)):
        if not same_label(promised, answer):
            raise _golden_failure(bundle, f"{row} has another label", changed)
        if apart[row] > bundle.parity.tolerance:
            raise _golden_failure(
                bundle,
                f"{row} is off by {apart[row]:.1e}, tolerance {bundle.parity.tolerance:.0e}",
                changed,
            )


def _golden_failure(bundle: Bundle, what: str, changed: Sequence[str]) -> ArtifactError:
    blame = f" It runs on other libraries: {'; '.join(changed)}." if changed else ""
    return ArtifactError(
        f"{bundle.version} of {bundle.name} does not answer here as it did when it was packed: "
        f"golden row {what}.{blame} Refusing to serve it; install what its manifest names, or "
        "pack it again here."
    )
