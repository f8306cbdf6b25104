"""The container's contracts: where its model lies, what its platform calls things, its metrics."""

import json
import tarfile

import pytest

from spyhop.container import Container
from spyhop.container_settings import (
    SAGEMAKER_MODEL,
    VERTEX_BYTES,
    read_container_settings,
    read_port,
)
from spyhop.errors import ConfigError


def post(container, body, path="/predict", **headers):
    return container.reply("POST", path, headers, json.dumps(body).encode())


def get(container, path):
    return container.reply("GET", path, {}, b"")


def archive(folder, path, prefix=""):
    with tarfile.open(path, "w:gz") as tar:
        tar.add(folder, arcname=prefix or ".")
    return path


@pytest.mark.parametrize("form", ["folder", "inside", "archive", "archived folder"])
def test_a_bundle_is_found_as_a_folder_inside_one_or_as_an_archive(form, whales, tmp_path):
    place = tmp_path / "model"
    if form == "folder":
        place.symlink_to(whales.folder)
    else:
        place.mkdir()
    if form == "inside":
        (place / "whales").mkdir()
        for file in whales.folder.iterdir():
            (place / "whales" / file.name).write_bytes(file.read_bytes())
    if form.startswith("archive"):
        prefix = "dist/whales" if form == "archived folder" else ""
        archive(whales.folder, place / "model.tar.gz", prefix)

    reply = post(Container({"SPYHOP_BUNDLE": str(place)}), {"instances": whales.rows[:2]})

    assert reply.status == 200
    assert json.loads(reply.body)["model"]["version"] == whales.bundle.version


@pytest.mark.parametrize("content", ["nothing", "two", "broken"])
def test_without_one_bundle_it_answers_503_and_its_log_says_why(content, whales, tmp_path, capsys):
    if content == "two":
        for name in ("a.tar.gz", "b.tar.gz"):
            archive(whales.folder, tmp_path / name)
    if content == "broken":
        (tmp_path / "model.tar.gz").write_bytes(b"\x1f\x8b no archive")

    container = Container({"SPYHOP_BUNDLE": str(tmp_path)})

    assert get(container, "/ping").status == 503
    assert get(container, "/health").status == 200
    assert "model.tar.gz" in capsys.readouterr().err


def test_an_archive_leads_nowhere_whatever_names_are_in_it(whales, tmp_path):
    (tmp_path / "model").mkdir()
    outside = tmp_path / "outside"
    with tarfile.open(tmp_path / "model" / "model.tar.gz", "w:gz") as tar:
        tar.add(whales.folder, arcname=".")
        tar.add(whales.folder / "VERSION", arcname="../outside")
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)

    assert get(Container({"SPYHOP_BUNDLE": str(tmp_path / "model")}), "/ping").status == 200
    assert not outside.exists()


def test_a_signature_is_asked_of_a_bundle_without_a_channel_too(whales, capsys):
    environ = {
        "SPYHOP_BUNDLE": str(whales.folder),
        "SPYHOP_TRUSTED_KEYS": "ed25519:" + "A" * 43 + "=",
    }

    assert get(Container(environ), "/ping").status == 503
    assert "sign" in capsys.readouterr().err


def vertex(**more):
    return {
        "AIP_MODE": "PREDICTION",
        "AIP_HTTP_PORT": "8080",
        "AIP_PREDICT_ROUTE": "/v1/endpoints/7/deployedModels/8:predict",
        "AIP_HEALTH_ROUTE": "/v1/endpoints/7/deployedModels/8",
        **more,
    }


def test_vertex_routes_are_answered(whales):
    container = Container(vertex(SPYHOP_BUNDLE=str(whales.folder)))

    health = get(container, "/v1/endpoints/7/deployedModels/8")
    reply = post(
        container,
        {"instances": [whales.rows[0], {}], "parameters": {"on_error": "row"}},
        "/v1/endpoints/7/deployedModels/8:predict",
    )

    assert (health.status, reply.status) == (200, 200)
    answer, error = json.loads(reply.body)["predictions"]
    assert "label" in answer
    assert "error" in error


def test_what_vertex_would_drop_is_a_413_that_names_its_limit(whales):
    container = Container(vertex(SPYHOP_BUNDLE=str(whales.folder)))

    reply = container.reply("POST", "/predict", {}, b" " * (VERTEX_BYTES + 1))

    assert reply.status == 413
    assert "1.5 MB, Vertex AI's limit" in json.loads(reply.body)["detail"]
    assert container.most_bytes == VERTEX_BYTES + 1
    other = Container(vertex(SPYHOP_BUNDLE=str(whales.folder), SPYHOP_BODY_BYTES="9000000"))
    assert other.reply("POST", "/predict", {}, b" " * (VERTEX_BYTES + 1)).status == 400


@pytest.mark.parametrize(
    ("environ", "bundle"),
    [
        ({}, SAGEMAKER_MODEL),
        ({"AIP_STORAGE_URI": "gs://models/1"}, "gs://models/1"),
        ({"AIP_STORAGE_URI": ""}, SAGEMAKER_MODEL),
        ({"SPYHOP_BUNDLE": "/model", "AIP_STORAGE_URI": "gs://models/1"}, "/model"),
        ({"SPYHOP_ROOT": "s3://models", "AIP_STORAGE_URI": "gs://models/1"}, None),
    ],
)
def test_the_model_is_where_the_deployer_says_or_else_the_platform(environ, bundle):
    assert read_container_settings(environ).bundle == bundle


@pytest.mark.parametrize(
    ("environ", "port"),
    [
        *(({}, 8080), ({"PORT": "80"}, 80), ({"AIP_HTTP_PORT": "7080", "PORT": "80"}, 7080)),
        ({"SAGEMAKER_BIND_TO_PORT": "9000"}, 9000),
    ],
)
def test_the_port_is_the_platforms(environ, port):
    assert read_port(environ) == port


@pytest.mark.parametrize("port", ["0", "65536", "http"])
def test_a_port_that_is_none_is_refused_by_the_variables_name(port):
    with pytest.raises(ConfigError, match="AIP_HTTP_PORT"):
        read_port({"AIP_HTTP_PORT": port})


def samples(text):
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_metrics_count_requests_rows_and_time_and_say_what_serves(whales):
    container = Container({"SPYHOP_BUNDLE": str(whales.folder)})
    post(container, {"instances": whales.rows[:3]})
    post(container, {"instances": whales.rows[:2]}, "/invocations")
    post(container, {"instances": []})
    get(container, "/ping")

    reply = get(container, "/metrics")

    assert reply.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = samples(reply.body.decode())
    assert found["spyhop_rows_total"] == 5
    assert found['spyhop_requests_total{status="200"}'] == 2
    assert found['spyhop_requests_total{status="422"}'] == 1
    assert found["spyhop_request_seconds_count"] == 3
    assert found['spyhop_request_seconds_bucket{le="+Inf"}'] == 3
    assert 0 < found["spyhop_request_seconds_sum"] < 60
    assert found["spyhop_ready"] == 1
    assert found["spyhop_release"] == found["spyhop_held_back"] == 0
    weight = f'spyhop_version_weight{{model="whales",version="{whales.bundle.version}"}}'
    assert found[weight] == 100


def test_metrics_of_a_model_that_is_not_there_say_so(tmp_path):
    container = Container({"SPYHOP_BUNDLE": str(tmp_path)})

    assert samples(get(container, "/metrics").body.decode())["spyhop_ready"] == 0
