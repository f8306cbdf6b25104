"""Put AWS's Lambda Runtime Interface Emulator beside the virtual environment's programs.

It is one program inside the wheel of aws-sam-cli (Apache-2.0), which is downloaded with its
digest checked and not installed.
"""

import platform
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


def main(pinned: str, folder: str) -> None:
    """Download what the requirements file `pinned` names, and unpack the emulator to `folder`."""
    architecture = ARCHITECTURES[platform.machine().lower()]
    target = Path(folder) / "aws-lambda-rie"
    with tempfile.TemporaryDirectory() as wheels:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        subprocess.run([*pip, "--require-hashes", "-r", pinned, "-d", wheels], check=True)
        (wheel,) = Path(wheels).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            target.write_bytes(archive.read(f"samcli/local/rapid/aws-lambda-rie-{architecture}"))
    target.chmod(0o755)


if __name__ == "__main__":
    main(*sys.argv[1:])
