"""Take single files out of an sdist that is pinned by name, version and hash, fetched by pip."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path


def extract(pin: Path, inside: str, names: Iterable[str], destination: Path) -> None:
    """Lay the files `names`, which stand below `inside` in the sdist that `pin` names, into `destination`.

    SystemExit when one of them is not there; pip refuses a wrong hash.
    """
    missing = set(names)
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:",
             "--require-hashes", "--requirement", str(pin), "--dest", scratch],
            check=True,
        )  # fmt: skip
        (archive,) = Path(scratch).glob("*.tar.gz")
        with tarfile.open(archive) as sdist:
            for member in sdist.getmembers():
                _, _, name = member.name.partition(f"/{inside}/")
                if name in missing and member.isfile():
                    source = sdist.extractfile(member)
                    assert source is not None
                    target = destination / name
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(source.read())
                    missing.remove(name)
    if missing:
        raise SystemExit(f"{archive.name} does not hold {', '.join(sorted(missing))}")
