"""The members of a .npz archive, which is a zip that may be a bomb."""

import io
import zipfile
import zlib
from collections.abc import Iterator

from spyhop.errors import InvalidRequest

MOST_BYTES = 64 * 1024 * 1024


def members(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield name (without .npy) and bytes of each array in an archive.

    Raises:
        InvalidRequest: it is none, or holds more than 64 MiB, a name twice or no array.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            files = archive.infolist()
            names = {file.filename for file in files}
            if not files or len(names) < len(files):
                raise InvalidRequest("the .npz has no array, or two of one name")
            if sum(file.file_size for file in files) > MOST_BYTES:
                raise InvalidRequest(
                    f"the .npz holds more than {MOST_BYTES} bytes. Send several.", fault="size"
                )
            for file in files:
                yield file.filename.removesuffix(".npy"), _content(archive, file)
    except (
        *(zipfile.BadZipFile, zlib.error, EOFError, OSError),
        *(NotImplementedError, RuntimeError, ValueError, IndexError),
    ) as error:
        raise InvalidRequest("the body is not a .npz archive, as numpy.savez writes") from error


def _content(archive: zipfile.ZipFile, file: zipfile.ZipInfo) -> bytes:
    if file.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise InvalidRequest("the .npz is compressed otherwise than numpy.savez_compressed does")
    with archive.open(file) as member:
        # With its size told, inflating stops there, however much more there would be.
        return member.read(file.file_size)
