"""gunicorn for real, started as SageMaker, Vertex AI and Cloud Run start a container."""

import http.client
import json
import os
import shutil
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

import spyhop
from spyhop.container_settings import SAGEMAKER_MODEL, VERTEX_BYTES
from spyhop.emulators import door_folder
from spyhop.emulators.container import ContainerServer, flask_command
from spyhop.emulators.functions_framework import request_once
from spyhop.emulators.process import ServerProcess, free_port
from spyhop.http import Request, respond
from spyhop.service import Service, released_service
from spyhop.serving import serving_alone
from spyhop.stores import open_lean_store
from tests.doors.test_container import archive, samples
from tests.doors.test_doors import requests, timeless

pytestmark = pytest.mark.runtime

GOLDEN = {"content-type": "application/json", "x-request-id": "golden"}
PREDICT, HEALTH = "/v1/endpoints/7/deployedModels/8:predict", "/v1/endpoints/7/deployedModels/8"


def serve(environ, port_name):
    port = free_port()
    return ContainerServer({port_name: str(port), "WEB_CONCURRENCY": "2", **environ}, port)


def golden_replies(server, whales):
    return [
        (reply.status, timeless(reply.body.decode()))
        for method, path, body in requests(whales)
        for reply in [server.request(method, path, body.encode(), GOLDEN)]
    ]


def direct_replies(service, whales):
    return [
        (reply.status, timeless(reply.body.decode()))
        for method, path, body in requests(whales)
        for reply in [respond(service, Request(method, path, GOLDEN, body.encode()))]
    ]


@pytest.fixture
def sagemaker_folder():
    """/opt/ml/model, if nobody else has it here."""
    folder = Path(SAGEMAKER_MODEL)
    try:
        folder.mkdir(parents=True)
    except OSError:
        pytest.skip(f"{folder} is not ours to write")
    yield folder
    shutil.rmtree(folder)
    with suppress(OSError):  # somebody else's files may be beside it
        folder.parent.rmdir()


@pytest.mark.parametrize("form", ["unpacked", "archive"])
def test_sagemaker_finds_its_model_and_gets_the_golden_answers(form, sagemaker_folder, whales):
    if form == "unpacked":
        shutil.copytree(whales.folder, sagemaker_folder, dirs_exist_ok=True)
    else:
        archive(whales.folder, sagemaker_folder / "model.tar.gz")
    alone = Service(lambda now: serving_alone(spyhop.load(whales.folder)))

    with serve({}, "SAGEMAKER_BIND_TO_PORT") as server:
        assert server.request("GET", "/ping").status == 200
        found, expected = golden_replies(server, whales), direct_replies(alone, whales)
        rows = "\n".join(",".join(map(str, row.values())) for row in whales.rows[:3])
        sent = {"content-type": "text/csv", "accept": "text/csv"}
        as_csv = server.request("POST", "/invocations", rows.encode(), sent)

    assert found == expected
    assert (as_csv.status, as_csv.body.count(b"\n")) == (200, 3)


def test_vertex_gives_a_prefix_in_a_bucket_and_calls_its_own_paths(gcs_server, whales):
    where = f"gs://{gcs_server.new_bucket()}/whales/model"
    store = open_lean_store(where, gcs_server.environ)
    for file in whales.folder.iterdir():
        assert store.create(file.name, file.read_bytes())
    environ = {
        **gcs_server.environ,
        "AIP_MODE": "PREDICTION",
        "AIP_FRAMEWORK": "CUSTOM_CONTAINER",
        "AIP_STORAGE_URI": where,
        "AIP_PREDICT_ROUTE": PREDICT,
        "AIP_HEALTH_ROUTE": HEALTH,
    }

    with serve(environ, "AIP_HTTP_PORT") as server:
        body = json.dumps({"instances": whales.rows[:2], "parameters": None}).encode()
        health = server.request("GET", HEALTH)
        reply = server.request("POST", PREDICT, body, GOLDEN)
        too_large = server.request("POST", PREDICT, b" " * (VERTEX_BYTES + 1), GOLDEN)

    assert health.status == 200
    assert len(json.loads(reply.body)["predictions"]) == 2
    assert "Vertex AI" in json.loads(too_large.body)["detail"]


def test_a_channel_is_served_to_many_callers_at_once_by_several_workers(released, whales):
    expected = direct_replies(released_service(released), whales)
    body = json.dumps({"instances": whales.rows[:5]}).encode()

    with serve(released, "PORT") as server, ThreadPoolExecutor(8) as callers:
        found = golden_replies(server, whales)
        bodies = set(
            callers.map(lambda i: server.request("POST", "/predict", body, GOLDEN).body, range(100))
        )
        counted = samples(server.request("GET", "/metrics").body.decode())
        workers = subprocess.run(
            ["ps", "--ppid", str(server.pid), "-o", "pid="], capture_output=True, text=True
        ).stdout.split()

    assert found == expected
    assert len(bodies) == 1
    assert len(workers) == 2
    # Whichever worker answers, it tells what all of them counted.
    assert counted['spyhop_requests_total{status="200"}'] == 103
    assert counted["spyhop_release"] == 1


@pytest.fixture(scope="module")
def plain(whales):
    with serve({"SPYHOP_BUNDLE": str(whales.folder)}, "PORT") as server:
        yield server


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_every_method_and_path_gets_a_reply_of_ours(method, plain):
    wrong_method = plain.request(method, "/predict")
    nowhere = plain.request(method, "/static/../x//y")

    assert (wrong_method.status, wrong_method.headers["allow"]) == (405, "POST")
    assert nowhere.status == 404
    assert nowhere.headers["content-type"] == "application/problem+json"


def test_a_body_in_chunks_is_read_and_one_without_end_is_refused(plain, whales):
    body = json.dumps({"instances": whales.rows[:2]}).encode()

    def chunks(piece, times):
        connection = http.client.HTTPConnection("127.0.0.1", plain.port, timeout=30)
        connection.request("POST", "/predict", iter([piece] * times), encode_chunked=True)
        return connection.getresponse().status

    assert chunks(body, 1) == 200
    assert chunks(b" " * 1_000_000, 8) == 413


def test_a_container_that_is_told_to_stop_stops_before_it_is_killed(whales):
    with serve({"SPYHOP_BUNDLE": str(whales.folder)}, "PORT") as server:
        assert server.request("GET", "/ping").status == 200
        started = time.monotonic()

        os.kill(server.pid, signal.SIGTERM)
        os.waitid(os.P_PID, server.pid, os.WEXITED | os.WNOWAIT)

        assert time.monotonic() - started < 3


def test_flask_alone_serves_the_same_app(released, whales):
    port = free_port()

    with ServerProcess(flask_command(port), port, Path.cwd(), released):
        reply = request_once(
            port, "POST", "/predict", json.dumps({"instances": whales.rows[:2]}).encode(), GOLDEN
        )

    assert len(json.loads(reply.body)["predictions"]) == 2


def test_sagemakers_command_is_there_to_be_run():
    assert os.access(door_folder("container") / "serve", os.X_OK)
