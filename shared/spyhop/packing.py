"""From a fitted pipeline to a proved bundle: derive, convert, prove, write, swap into place."""

import os
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from msgspec import structs

from spyhop.bundle import VERSION, Bundle, open_folder
from spyhop.bundle_writer import Draft, write_bundle
from spyhop.candidates import Candidate, candidates
from spyhop.core.answers import AnswerSpec
from spyhop.core.golden import golden_rows
from spyhop.core.names import NAME_RULE, is_model_name
from spyhop.core.parity import compare
from spyhop.deployment import Deployment, deployment
from spyhop.derive import derive_schema
from spyhop.engines.fitted import answer_spec
from spyhop.errors import ArtifactError
from spyhop.evidence import Evidence, gather_evidence, own_outputs
from spyhop.feature_table import FeaturesThenPipeline, feature_frame, raw_columns
from spyhop.model import start
from spyhop.proof import served_answers
from spyhop.scores import scores
from spyhop.tables import TableView

LabelledTable = tuple[Any, Any]


def pack(
    pipeline: Any,
    *,
    name: str,
    train: LabelledTable,
    test: LabelledTable,
    out: str | Path,
    trusted_types: Iterable[str] = (),
    features: str | Path | None = None,
    allow_pickle: bool = False,
    created: datetime | None = None,
) -> Bundle:
    """Write a proved bundle of a fitted classifier or regressor into the folder `out`.

    `train` and `test` are (X, y): X the table the pipeline was fitted on, and one held out,
    both pandas DataFrames or two-dimensional arrays of shape (n_rows, n_columns), or lists of
    texts; y of shape (n_rows,).  The schema comes from `train`, the proof from `test`.

    The fastest engine that proves equal to scikit-learn is chosen: each is staged, loaded by
    the serving path in a fresh process and asked all test rows as JSON (ten thousand at
    most), with probes of missing values and unknown categories.  Labels must be equal,
    numbers within the engine's tolerance: 1e-6 of their scale in float64, 1e-5 in float32,
    1e-9 for scikit-learn itself.

    A bundle that is in `out` already is replaced once the new one is complete.
    `trusted_types` names types of your own in the pipeline; who deploys must allow them too.
    `features` is your feature module (see `features.py`): X is then the table as callers send
    it, and the pipeline was fitted on `apply_features(features, X)`.
    `allow_pickle`: where no engine can hold the pipeline otherwise, write a joblib file; who
    deploys must allow that, too (SPYHOP_ALLOW_PICKLE).

    Raises:
        ArtifactError: the pipeline, a table or `out` is not what it should be, or no engine
            answers as scikit-learn does; the message has each engine's reason.
    """
    out = Path(out).resolve()
    _check_target(name, out)
    subject = _subject(pipeline, train, test, deployment(trusted_types, features, allow_pickle))
    draft, evidence = _draft(subject, name, created or datetime.now(UTC))
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as staging:
        inputs = draft.inputs or draft.schema
        ladder = candidates(pipeline, inputs, draft.answers, allow_pickle)
        proved = _first_proved(ladder, draft, evidence, Path(staging), subject.brought)
        finished = write_bundle(Path(staging) / "finished", proved)
        start(open_folder(finished), subject.brought)
        _swap_into_place(finished, out)
    return open_folder(out)


class _Subject(NamedTuple):
    """What is packed.  `whole` is the pipeline with the feature module before it, if there is
    one, and `inputs` the table that the pipeline itself was fitted on."""

    whole: Any
    train: TableView
    train_truth: Any
    test: TableView
    test_truth: Any
    answers: AnswerSpec
    brought: Deployment
    pipeline: Any
    inputs: TableView | None


def _subject(
    pipeline: Any, train: LabelledTable, test: LabelledTable, brought: Deployment
) -> _Subject:
    train_table, test_table = _labelled(train, "train"), _labelled(test, "test")
    if test_table.names != train_table.names:
        raise ArtifactError(
            f"test has the columns {', '.join(test_table.names)}; expected those of train, in "
            f"their order: {', '.join(train_table.names)}."
        )
    whole, inputs = pipeline, None
    if brought.features is not None:
        columns = raw_columns(train_table)
        whole = FeaturesThenPipeline(brought.features, columns, pipeline)
        inputs = TableView(feature_frame(brought.features, train_table, columns))
    tables = (train_table, train[1], test_table, test[1])
    return _Subject(whole, *tables, answer_spec(pipeline), brought, pipeline, inputs)


def _draft(subject: _Subject, name: str, created: datetime) -> tuple[Draft, Evidence]:
    """Return what is known before an engine is chosen, and what to choose it by."""
    whole, train, test, answers = subject.whole, subject.train, subject.test, subject.answers
    features, inputs = subject.brought.features, subject.inputs
    schema = derive_schema(whole, train, answers)
    evidence = gather_evidence(whole, schema, answers, test)
    draft = Draft(
        name=name,
        created=created.isoformat(timespec="seconds"),
        schema=schema,
        inputs=None if inputs is None else derive_schema(subject.pipeline, inputs, answers),
        features=None if features is None else features.sha256,
        answers=answers,
        metrics={
            "test": scores(subject.test_truth, own_outputs(whole, test, answers), answers),
            "train": scores(subject.train_truth, own_outputs(whole, train, answers), answers),
        },
    )
    return draft, evidence


def _check_target(name: str, out: Path) -> None:
    if not is_model_name(name):
        raise ArtifactError(f"got the name {name!r}, expected {NAME_RULE}.")
    if out.exists() and not (out / VERSION).exists() and (out.is_file() or any(out.iterdir())):
        raise ArtifactError(
            f"{out} exists and is no bundle; nothing in it was touched. Choose another folder."
        )


def _labelled(table: LabelledTable, which: str) -> TableView:
    X, y = table
    view = TableView(X)
    if len(view) == 0 or len(view) != len(y):
        raise ArtifactError(
            f"{which} has {len(view)} rows and {len(y)} labels; expected as many labels as rows, "
            "and at least one."
        )
    return view


def _first_proved(
    ladder: Iterable[Candidate],
    draft: Draft,
    evidence: Evidence,
    staging: Path,
    brought: Deployment,
) -> Draft:
    """Return `draft` with the first engine that answers as scikit-learn does."""
    failures: dict[str, str] = {}
    for candidate in ladder:
        try:
            return _proved(
                candidate, replace(draft, not_chosen=failures), evidence, staging, brought
            )
        except ArtifactError as error:
            failures[candidate.strategy] = str(error)
    reasons = "\n".join(f"  {strategy}: {reason}" for strategy, reason in failures.items())
    raise ArtifactError(f"no engine answers as scikit-learn does:\n{reasons}")


def _proved(
    candidate: Candidate,
    draft: Draft,
    evidence: Evidence,
    staging: Path,
    brought: Deployment,
) -> Draft:
    graph = candidate.make()
    staged = replace(
        draft,
        engine=candidate.engine,
        strategy=candidate.strategy,
        artefact=candidate.file,
        artefact_body=graph.artefact,
        blocks=graph.blocks,
    )
    folder = write_bundle(staging / candidate.strategy.replace(" ", "-"), staged)
    answered = served_answers(folder, evidence.rows, brought)
    asked = evidence.probes
    evidence, answered = evidence.settled(answered, candidate.tolerance)
    parity = compare(
        evidence.expected,
        answered,
        draft.answers,
        candidate.tolerance,
        evidence.scale,
        evidence.probes,
    )
    if not parity.holds:
        raise ArtifactError(parity.why_not())
    parity = structs.replace(parity, undecided=asked - evidence.probes)
    kept = golden_rows(evidence.expected, draft.answers, evidence.probes)
    return replace(
        staged,
        parity=parity,
        golden_rows=tuple(evidence.rows[row] for row in kept),
        golden_answers=tuple(evidence.expected[row] for row in kept),
    )


def _swap_into_place(finished: Path, out: Path) -> None:
    """Make `finished` be `out`.

    A reader finds the old bundle, for a moment none, then the new one; never a mixture.
    """
    old = finished.with_name("old")
    if out.exists():
        os.rename(out, old)
    try:
        os.rename(finished, out)
    except BaseException:
        if old.exists():
            os.rename(old, out)
        raise
