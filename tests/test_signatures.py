"""Who published a version: signatures over manifests, and the keys that make them."""

import stat

import pytest

from spyhop.errors import ArtifactError, ConfigError
from spyhop.keys import new_key, read_key
from spyhop.publishing import publish
from spyhop.signatures import CONTEXT, key_from_text, key_text, signature_file
from spyhop.verified import Trust
from spyhop.versions import read_version, version_prefix


@pytest.fixture
def ada(tmp_path):
    return new_key(tmp_path / "ada.pem")


@pytest.fixture
def bob(tmp_path):
    return new_key(tmp_path / "bob.pem")


def trusting(*signers):
    return Trust(tuple(signer.public_key for signer in signers))


def sign_by_hand(store, version, signer, signature):
    name = signature_file(signer.public_key)
    store.create(f"{version_prefix('whales', version)}{name}", signature)


def test_a_signed_version_is_read_by_who_trusts_its_key(store, whales, ada):
    version = publish(store, whales.folder, signer=ada)

    assert read_version(store, "whales", version, trusting(ada)).version == version


def test_an_unsigned_version_is_refused_by_who_trusts_a_key(store, whales, ada):
    version = publish(store, whales.folder)

    with pytest.raises(ArtifactError, match=r"not signed by any of them; .*ed25519:.*--sign-with"):
        read_version(store, "whales", version, trusting(ada))


def test_a_version_signed_by_another_key_is_refused(store, whales, ada, bob):
    version = publish(store, whales.folder, signer=bob)

    with pytest.raises(ArtifactError, match="not signed by any of them"):
        read_version(store, "whales", version, trusting(ada))


def test_one_of_several_trusted_keys_is_enough(store, whales, ada, bob):
    version = publish(store, whales.folder, signer=bob)

    assert read_version(store, "whales", version, trusting(ada, bob))
    assert read_version(store, "whales", version, trusting(bob, ada))


@pytest.mark.parametrize(
    "signature", [b"", b"\0" * 64, b"too short", b"\xff" * 65, b"x" * 100_000], ids=len
)
def test_a_wrong_signature_is_refused_whatever_its_form(store, whales, ada, signature):
    version = publish(store, whales.folder)
    sign_by_hand(store, version, ada, signature)

    with pytest.raises(ArtifactError, match="has a signature that is wrong"):
        read_version(store, "whales", version, trusting(ada))


def test_a_signature_under_the_name_of_another_key_is_refused(store, whales, ada, bob):
    version = publish(store, whales.folder)
    manifest = whales.bundle.files["manifest.json"]
    sign_by_hand(store, version, ada, bob.sign(CONTEXT + manifest))

    with pytest.raises(ArtifactError, match="signature that is wrong"):
        read_version(store, "whales", version, trusting(ada))


def test_a_signature_of_another_version_is_refused(store, four_whales, ada):
    signed = publish(store, four_whales[0], signer=ada)
    name = signature_file(ada.public_key)
    other = publish(store, four_whales[1])
    sign_by_hand(store, other, ada, store.get(f"{version_prefix('whales', signed)}{name}"))

    with pytest.raises(ArtifactError, match="signature that is wrong"):
        read_version(store, "whales", other, trusting(ada))


def test_a_signature_made_for_something_else_than_a_manifest_is_refused(store, whales, ada):
    version = publish(store, whales.folder)
    sign_by_hand(store, version, ada, ada.sign(whales.bundle.files["manifest.json"]))

    with pytest.raises(ArtifactError, match="signature that is wrong"):
        read_version(store, "whales", version, trusting(ada))


def test_no_other_file_is_read_before_the_signature_was_checked(store, whales, ada):
    version = publish(store, whales.folder)
    read = []

    class Recording:
        url = store.url
        list = staticmethod(store.list)

        def get(self, key):
            read.append(key.rpartition("/")[2])
            return store.get(key)

    with pytest.raises(ArtifactError):
        read_version(Recording(), "whales", version, trusting(ada))

    assert read == ["manifest.json", signature_file(ada.public_key)]


def test_an_absent_signature_that_the_store_refuses_to_speak_of_is_absent(store, whales, ada, bob):
    version = publish(store, whales.folder, signer=bob)

    class Silent(type(store)):
        """S3 where one may read and not list: what is absent is refused."""

        def get(self, key):
            found = super().get(key)
            if found is None:
                raise ConfigError("refused us")
            return found

    silent = Silent(store._root)

    assert read_version(silent, "whales", version, trusting(ada, bob))
    with pytest.raises(ConfigError, match="refused us"):
        read_version(silent, "whales", version, trusting(ada))


def test_publishing_again_adds_the_signature_and_nothing_else(store, whales, ada):
    version = publish(store, whales.folder)
    before = set(store.list(""))

    publish(store, whales.folder, signer=ada)
    publish(store, whales.folder, signer=ada)

    added = f"{version_prefix('whales', version)}{signature_file(ada.public_key)}"
    assert set(store.list("")) - before == {added}


def test_a_new_key_can_be_read_by_its_owner_alone(tmp_path):
    new_key(tmp_path / "key.pem")

    assert stat.S_IMODE((tmp_path / "key.pem").stat().st_mode) == 0o600


def test_a_key_is_never_replaced(tmp_path):
    first = new_key(tmp_path / "key.pem")

    with pytest.raises(ConfigError, match="A key is never replaced; name a new file"):
        new_key(tmp_path / "key.pem")

    assert read_key(tmp_path / "key.pem").public_key == first.public_key


def test_a_key_file_comes_back_as_the_key_that_it_was(tmp_path):
    made = new_key(tmp_path / "key.pem")
    read = read_key(tmp_path / "key.pem")

    assert read.public_key == made.public_key
    assert read.sign(b"message") == made.sign(b"message")


@pytest.mark.parametrize("body", [b"", b"not a key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n"])
def test_what_is_no_key_is_refused_with_the_way_to_make_one(tmp_path, body):
    (tmp_path / "key.pem").write_bytes(body)

    with pytest.raises(ConfigError, match=r"is no signing key .*spyhop keys new"):
        read_key(tmp_path / "key.pem")


def test_another_kind_of_key_is_refused(tmp_path):
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    key = generate_private_key(SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key.pem").write_bytes(pem)

    with pytest.raises(ConfigError, match="another kind of key, expected Ed25519"):
        read_key(tmp_path / "key.pem")


def test_a_public_key_comes_back_from_its_text(ada):
    assert key_from_text(key_text(ada.public_key)) == ada.public_key


@pytest.mark.parametrize(
    "text", ["", "ed25519:", "ed25519:AAAA", "ed25519:ä", "rsa:AAAA", "A" * 44]
)
def test_a_text_that_is_no_public_key_is_refused_and_says_where_one_comes_from(text):
    with pytest.raises(ConfigError, match=r"44 characters of base64, as spyhop keys show prints"):
        key_from_text(text)
