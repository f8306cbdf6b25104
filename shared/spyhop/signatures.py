"""Ed25519 signatures over manifests: who published a version, checked by who serves it.

A signature is 64 bytes beside the manifest, in `manifest.<key id>.sig`; the key's id is the
start of the sha256 of its 32 public bytes.  What is signed is `CONTEXT` and the manifest, so
that a signature made for anything else can never be taken for one of a manifest.
"""

import base64
import hashlib
from collections.abc import Callable, Sequence
from typing import Protocol

from spyhop.errors import ArtifactError, ConfigError

CONTEXT = b"spyhop manifest 1\n"
_FORM = "ed25519:"


class Signer(Protocol):
    """Something that holds a private key: a file (`keys.py`), or your key service."""

    @property
    def public_key(self) -> bytes:
        """The 32 bytes of the public key."""

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of `message`'s Ed25519 signature (RFC 8032)."""


def signature_of(manifest: bytes, signer: Signer) -> tuple[str, bytes]:
    """Return the file name and the content of the signature of `manifest` by `signer`."""
    return signature_file(signer.public_key), signer.sign(CONTEXT + manifest)


def check_signed(
    manifest: bytes,
    read: Callable[[str], bytes | None],
    keys: Sequence[bytes],
    version: str,
) -> None:
    """Return if one of `keys` signed `manifest`; `read` returns a file beside it, or None.

    Raises:
        ArtifactError: none of them did.
        ConfigError: the library that verifies is not installed.
    """
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ModuleNotFoundError as error:
        raise ConfigError(
            "checking signatures (SPYHOP_TRUSTED_KEYS) needs cryptography. Install it with: "
            'pip install "spyhop[signatures]"'
        ) from error
    wrong, refused = False, None
    for key in keys:
        try:
            signature = read(signature_file(key))
        except ConfigError as error:  # S3 refuses an absent object to who may not list it
            refused = error
            continue
        if signature is None:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(signature, CONTEXT + manifest)
        except InvalidSignature:
            wrong = True
            continue
        return
    if refused is not None:
        raise refused
    what = "has a signature that is wrong" if wrong else "is not signed by any of them"
    trusted = ", ".join(map(key_text, keys))
    raise ArtifactError(
        f"version {version} {what}; SPYHOP_TRUSTED_KEYS trusts {trusted}. Refusing to load it; "
        "publish it again with --sign-with a trusted key."
    )


def signature_file(public_key: bytes) -> str:
    """Return the name of the file that holds a signature by this key."""
    return f"manifest.{hashlib.sha256(public_key).hexdigest()[:16]}.sig"


def key_text(public_key: bytes) -> str:
    """Return a public key as people write it: ed25519: and base64."""
    return f"{_FORM}{base64.b64encode(public_key).decode('ascii')}"


def key_from_text(text: str) -> bytes:
    """Return the 32 bytes of the public key that `key_text` wrote.

    Raises:
        ConfigError: it is none.
    """
    try:
        key = base64.b64decode(text.removeprefix(_FORM), validate=True)
    except ValueError:
        key = b""
    if len(key) != 32 or not text.startswith(_FORM):
        raise ConfigError(
            f"got no public key: expected {_FORM} and 44 characters of base64, as spyhop keys "
            "show prints it (SPYHOP_TRUSTED_KEYS takes several, with commas between them)"
        )
    return key
