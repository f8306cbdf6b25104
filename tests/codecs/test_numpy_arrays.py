"""numpy's own files come from strangers: never unpickled, never larger than they are."""

import io
import json
import pickle
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression

import spyhop
from spyhop.codecs.archives import MOST_BYTES
from spyhop.http import Request, respond
from spyhop.service import Service
from spyhop.serving import serving_alone
from tests.models import fitted

NPY, NPZ = "application/x-npy", "application/x-npz"


@pytest.fixture(scope="module")
def sums(tmp_path_factory):
    """A regressor on two numbers."""
    X = np.random.default_rng(3).normal(size=(90, 2))
    return fitted(LinearRegression(), X, X.sum(axis=1), tmp_path_factory.mktemp("sums") / "b")


@pytest.fixture(scope="module")
def service(sums) -> Service:
    model = spyhop.load(sums.folder)
    return Service(lambda now: serving_alone(model))


def npy(array, **options):
    out = io.BytesIO()
    np.save(out, array, **options)
    return out.getvalue()


def npz(save=np.savez, **arrays):
    out = io.BytesIO()
    save(out, **arrays)
    return out.getvalue()


def post(service, content, content_type=NPY, accept=NPY):
    headers = {"content-type": content_type, "accept": accept}
    return respond(service, Request("POST", "/predict", headers, content))


def loaded(reply):
    assert reply.status == 200, reply.body
    return np.load(io.BytesIO(reply.body), allow_pickle=False)


def test_values_come_back_as_scikit_learn_computes_them(service, sums):
    values = loaded(post(service, npy(sums.X_test)))

    assert values.dtype == np.float64
    np.testing.assert_allclose(values, sums.pipeline.predict(sums.X_test), rtol=1e-12)


def test_an_array_is_taken_by_place_and_structured_or_several_arrays_by_name(service, sums):
    X = sums.X_test
    by_name = np.array(list(map(tuple, X[:, ::-1])), dtype=[("x1", "f8"), ("x0", "f8")])
    expected = loaded(post(service, npy(X))).tolist()

    assert loaded(post(service, npy(by_name))).tolist() == expected
    for save in (np.savez, np.savez_compressed):
        columns = npz(save, x1=X[:, 1], x0=X[:, 0])
        assert loaded(post(service, columns, NPZ)).tolist() == expected


def test_texts_in_an_array_are_read_as_in_csv(service, sums):
    texts = sums.X_test.astype(str)

    assert post(service, npy(texts)).body == post(service, npy(sums.X_test)).body


def test_labels_or_probabilities_come_back_in_the_order_of_the_classes(whales):
    model = spyhop.load(whales.folder)
    service = Service(lambda now: serving_alone(model))
    body = {"instances": whales.rows[:4]}
    answers = model.predict(whales.rows[:4])

    def ask(accept, **parameters):
        sent = json.dumps({**body, "parameters": parameters}).encode()
        return loaded(post(service, sent, "application/json", accept))

    assert ask(NPY).tolist() == [list(a["probabilities"].values()) for a in answers]
    assert ask(NPY, outputs=["label"]).tolist() == [a["label"] for a in answers]
    both = ask(NPZ)
    assert both["label"].tolist() == [a["label"] for a in answers]
    assert both["probabilities"].tolist() == ask(NPY).tolist()


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ("a body was unpickled",))


def header(shape, descr="<f8"):
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        out, {"descr": descr, "fortran_order": False, "shape": shape}
    )
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        npy(np.array([Bomb()], dtype=object), allow_pickle=True),
        pickle.dumps(Bomb()),
        header((10**12, 2)),
        header((10**12, 2)) + b"12345678",
        header((-1, -8)) + b"12345678",
        header(()) + b"12345678",
        header((1, 1), "<c16") + bytes(16),
        header((1, 1), "<M8[s]") + bytes(8),
        header((1, 1), "|S8") + bytes(8),
        header((1, 1), "|V8") + bytes(8),
        header((1, 2), "<U1") + b"\xff" * 8,
        npy(np.zeros((2, 2, 2))),
        npy(np.zeros((2, 2)))[:-1],
        npy(np.zeros((2, 2))) + b" ",
        npy(np.zeros(2)),
        b"\x93NUMPY\x09\x00",
    ],
)
def test_what_is_no_plain_array_of_rows_is_a_400(service, content):
    assert post(service, content).status == 400


def test_rows_without_any_column_are_counted_before_they_are_made(service):
    assert post(service, header((10**12, 0))).status == 413
    assert post(service, header((3, 0))).status == 422
    assert post(service, header((0, 2))).status == 422
    assert post(service, header((0, 5))).status == 422


def test_an_archive_that_would_inflate_is_a_413_and_one_that_lies_about_it_is_refused(service):
    bomb = npz(np.savez_compressed, x0=np.zeros(MOST_BYTES // 8 + 1))
    assert post(service, bomb, NPZ).status == 413

    small = npz(np.savez_compressed, x0=np.zeros(2_000_000))
    sizes = [file.file_size for file in zipfile.ZipFile(io.BytesIO(small)).infolist()]
    lying = small.replace(sizes[0].to_bytes(4, "little"), (200).to_bytes(4, "little"))
    assert lying != small
    assert post(service, lying, NPZ).status == 400


def test_an_archive_with_another_compression_or_no_array_is_a_400(service):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("x0.npy", npy(np.zeros(3)))

    assert post(service, out.getvalue(), NPZ).status == 400
    assert post(service, npz(), NPZ).status == 400
    assert post(service, npz(x0=np.zeros(2), x1=np.zeros(3)), NPZ).status == 400


def test_nan_is_a_missing_value_and_refused_as_one(service):
    reply = post(service, npy(np.array([[1.0, np.nan]])))

    (problem,) = json.loads(reply.body)["errors"]
    assert (problem["row"], problem["column"], problem["code"]) == (0, "x1", "missing_value")


@given(st.binary(max_size=200), st.sampled_from([b"", b"\x93NUMPY\x01\x00", b"PK\x03\x04"]))
def test_no_bytes_make_anything_but_an_answer_or_a_4xx(service, content, start):
    assert post(service, start + content).status in (200, 400, 413, 422)


@given(st.data())
def test_no_damaged_file_makes_anything_but_an_answer_or_a_4xx(service, sums, data):
    content = data.draw(st.sampled_from([npy(sums.X_test[:2]), npz(x0=[1.0], x1=[2.0])]))
    place = data.draw(st.integers(0, len(content) - 1))
    damaged = content[:place] + data.draw(st.binary(min_size=1, max_size=3)) + content[place + 1 :]

    assert post(service, damaged).status in (200, 400, 413, 422)
