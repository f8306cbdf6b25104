"""How gunicorn serves the app in a container: `gunicorn app:app`, in this folder."""

import os
from typing import Any

from spyhop.container_settings import read_port

bind = f"{os.environ.get('SPYHOP_HOST', '0.0.0.0')}:{read_port(os.environ)}"  # noqa: S104

# onnxruntime lets go of Python's lock, so threads share a processor well; a worker a processor
# is for what does not.  How many processors a limited container may use, nobody tells it.
workers = int(os.environ.get("WEB_CONCURRENCY") or min(os.cpu_count() or 1, 4))
worker_class = "gthread"
threads = 4

# Workers share what was loaded before they were forked.
preload_app = True

timeout = 60  # as long as SageMaker waits
keepalive = 75  # longer than load balancers keep an idle connection
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108 - never a disk
control_socket_disable = True


def post_worker_init(worker: Any) -> None:
    """Make a worker that was just forked ready."""
    from app import CONTAINER

    CONTAINER.start_worker(worker.age)


def worker_exit(server: Any, worker: Any) -> None:
    """End a worker that has answered its last request.

    At once: onnxruntime would wait for a thread of its own that did not come into the fork.
    """
    os._exit(0)
