"""Puts a bill of materials into wheels, where PEP 770 wants it: sbom.py WHEEL...

CycloneDX 1.6 in JSON, checked against its schema. It names what is compiled in, llhttp, with the version, the origin
and the licence of the sources that the build took; the wheel must carry that licence's text, too.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tempfile
from email.parser import HeaderParser
from pathlib import Path

import llhttp
from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

__all__ = ["materials"]


def llhttp_component(directory: Path) -> Component:
    """llhttp as it lies in a directory of sources that the build takes."""
    header = (directory / "include/llhttp.h").read_text()
    version = ".".join(re.findall(r"#define LLHTTP_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", header))
    pin = re.search(r"^(\w+)==(\S+) --hash=sha256:(\w+)$", llhttp.PINNED.read_text(), re.MULTILINE)
    assert pin is not None
    return Component(
        name="llhttp",
        version=version,
        type=ComponentType.LIBRARY,
        bom_ref="llhttp",
        purl=PackageURL("github", "nodejs", "llhttp", f"v{version}"),
        licenses=[LicenseFactory().make_with_id("MIT")],
        description="HTTP/1 parser, compiled into the extension modules and shipped as lib/libllhttp.a",
        hashes=[
            HashType(
                alg=HashAlgorithm.SHA_256, content=hashlib.sha256((directory / "src/llhttp.c").read_bytes()).hexdigest()
            )
        ],
        external_references=[
            ExternalReference(
                type=ExternalReferenceType.SOURCE_DISTRIBUTION,
                url=XsUri(f"https://pypi.org/project/{pin[1]}/{pin[2]}/"),
                hashes=[HashType(alg=HashAlgorithm.SHA_256, content=pin[3])],
                comment="the sdist whose vendor/llhttp the sources are of",
            )
        ],
    )


def materials(name: str, version: str, directory: Path) -> str:
    """The bill of a distribution, as JSON that keeps to the schema."""
    bom = Bom()
    bom.metadata.component = Component(
        name=name,
        version=version,
        type=ComponentType.LIBRARY,
        bom_ref=name,
        purl=PackageURL("pypi", None, name, version),
        licenses=[LicenseFactory().make_with_id("Apache-2.0")],
    )
    part = llhttp_component(directory)
    bom.components.add(part)
    bom.register_dependency(bom.metadata.component, [part])
    made = JsonV1Dot6(bom).output_as_string(indent=2)
    if flaw := JsonStrictValidator(SchemaVersion.V1_6).validate_str(made):
        raise SystemExit(f"the bill of materials is not CycloneDX: {flaw}")
    return made


def put_in(wheel: Path, directory: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(
            [sys.executable, "-m", "wheel", "unpack", "--dest", scratch, wheel], check=True, stdout=subprocess.DEVNULL
        )
        (unpacked,) = Path(scratch).iterdir()
        (info,) = unpacked.glob("*.dist-info")
        metadata = HeaderParser().parsestr((info / "METADATA").read_text())
        text = " ".join((directory / "LICENSE").read_text().split())
        told = " ".join((info / "licenses/NOTICE").read_text().split())
        licence = text[text.index("Permission is hereby granted") :]
        if licence not in told:
            raise SystemExit(f"{wheel.name} does not carry the licence of llhttp")
        (info / "sboms").mkdir(exist_ok=True)
        bill = materials(metadata["Name"], metadata["Version"], directory)
        (info / "sboms" / f"{metadata['Name']}.cdx.json").write_text(bill)
        subprocess.run(
            [sys.executable, "-m", "wheel", "pack", "--dest-dir", wheel.parent, unpacked],
            check=True,
            stdout=subprocess.DEVNULL,
        )


def main() -> int:
    directory = llhttp.source_directory()
    for wheel in map(Path, sys.argv[1:]):
        put_in(wheel, directory)
    return 0


if __name__ == "__main__":
    sys.exit(main())
