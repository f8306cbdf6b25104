"""AWS Lambda on this machine: awslambdaric under AWS's Runtime Interface Emulator.

The emulator starts the function at the first invocation, as Lambda does at a cold start, and
takes one invocation at a time.
"""

import http.client
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spyhop.emulators import door_folder
from spyhop.emulators.process import ServerProcess, compile_bytecode, free_port

INVOCATIONS = "/2015-03-31/functions/function/invocations"
ANSWER_WITHIN_S = 60


class LambdaRuntime(ServerProcess):
    """One instance of the Lambda function, with the environment variables `environ`.

    `folder` holds handler.py; it is spyhop's own door if not given.
    """

    def __init__(self, environ: Mapping[str, str], folder: Path | None = None) -> None:
        folder = door_folder("aws_lambda") if folder is None else folder
        compile_bytecode(folder)
        port = free_port()
        command = [
            str(Path(sys.prefix) / "bin" / "aws-lambda-rie"),
            # Without these addresses it listens on every interface.
            *("--runtime-interface-emulator-address", f"127.0.0.1:{port}"),
            *("--runtime-api-address", f"127.0.0.1:{free_port()}"),
            *(sys.executable, "-m", "awslambdaric", "handler.handler"),
        ]
        super().__init__(command, port, folder, environ)

    def invoke(self, event: Any) -> Any:
        """Return what the function returned; an exception in it is an object `errorMessage`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_WITHIN_S)
        try:
            connection.request("POST", INVOCATIONS, json.dumps(event).encode())
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()


def http_event(path: str, body: str, request_id: str) -> dict[str, Any]:
    """Return the event that API Gateway's HTTP API (payload 2.0) makes of a POST with JSON."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"content-type": "application/json", "x-request-id": request_id},
        "requestContext": {
            "http": {"method": "POST", "path": path, "protocol": "HTTP/1.1"},
            "requestId": request_id,
            "stage": "$default",
        },
        "body": body,
        "isBase64Encoded": False,
    }
