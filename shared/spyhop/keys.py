"""Signing keys in files: PKCS #8 in PEM, as other tools read and write them."""

import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from spyhop.errors import ConfigError


class KeyFile:
    """A `Signer` with its private key in memory."""

    def __init__(self, private_key: Ed25519PrivateKey) -> None:
        self._private_key = private_key

    @property
    def public_key(self) -> bytes:
        """The 32 bytes of the public key."""
        return self._private_key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """See `Signer.sign`."""
        return self._private_key.sign(message)


def new_key(path: Path) -> KeyFile:
    """Write a new private key to the new file `path`, readable by its owner alone.

    Raises:
        ConfigError: the file is there already, or cannot be written.
    """
    private_key = Ed25519PrivateKey.generate()
    body = private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise ConfigError(
            f"cannot write a new key to {path}: {error.strerror}. A key is never replaced; "
            "name a new file."
        ) from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(body)
    return KeyFile(private_key)


def read_key(path: Path) -> KeyFile:
    """Return the signer of the key file `path`.

    Raises:
        ConfigError: it is no Ed25519 private key in PEM without a passphrase.
    """
    try:
        private_key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, TypeError, ValueError, UnsupportedAlgorithm) as error:
        raise ConfigError(
            f"{path} is no signing key ({error}). Make one: spyhop keys new"
        ) from error
    if not isinstance(private_key, Ed25519PrivateKey):
        raise ConfigError(f"{path} holds another kind of key, expected Ed25519: spyhop keys new")
    return KeyFile(private_key)
