"""A container's way in: one WSGI app for SageMaker, Vertex AI, Cloud Run and plain Flask.

Envelopes only; rows are spyhop's matter.
"""

import os

from flask import Flask, Response, request

from spyhop.quick_start import prepare

prepare(os.environ)

from spyhop.container import Container

CONTAINER = Container(os.environ)

app = Flask(__name__, static_folder=None)


@app.before_request  # which sees every method and every path, whatever Flask would route
def reply() -> Response:
    """Return the reply to the request that is being handled."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    body = request.stream.read(CONTAINER.most_bytes)
    answer = CONTAINER.reply(request.method, request.path, headers, body)
    return Response(answer.body, answer.status, answer.headers)
