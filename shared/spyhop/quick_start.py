"""What a function's process must know before anything is imported, so that it starts quickly.

Imports nothing: every door calls it first.
"""

from collections.abc import Iterable, MutableMapping

# Where Debian and Ubuntu (Cloud Functions) and Amazon Linux (Lambda) keep all certificates.
CERTIFICATES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")
NO_FOLDER = "/dev/null"


def prepare(environ: MutableMapping[str, str], certificates: Iterable[str] = CERTIFICATES) -> None:
    """Set in `environ` what numpy and obstore read when they are imported; nothing that is set.

    One thread for linear algebra: a pool delays the start of a function with one vCPU.  The
    bundle of certificates alone: obstore would read each of them once more from its folder,
    which takes five times as long.
    """
    environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if "SSL_CERT_FILE" in environ or "SSL_CERT_DIR" in environ:
        return
    for path in certificates:
        if _is_there(path):
            environ["SSL_CERT_FILE"], environ["SSL_CERT_DIR"] = path, NO_FOLDER
            return


def _is_there(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return bool(file.read(1))
    except OSError:
        return False
