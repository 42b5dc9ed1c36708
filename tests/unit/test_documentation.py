"""The pages of docs/: what they show runs, in the order of the page, and their links lead somewhere."""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import re
import shutil
import socket
import time
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import yaml
from unit.documented_blocks import LANGUAGES, blocks_of, commands_of, run

import fastpath
from fastpath import models
from fastpath.proxy.retry import RETRY_CONDITIONS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
HERE = Path(__file__).parent / "documentation"
PAGES = sorted(page for page in DOCS.rglob("*.md") if page.relative_to(DOCS).parts[:2] != ("reference", "c"))
WITH_CODE = [page for page in PAGES if blocks_of(page)]
REQUEST = b"GET /shop/cart HTTP/1.1\r\nHost: shop.example\r\n\r\n"


def named(page: Path) -> str:
    return str(page.relative_to(DOCS))


# The files that a page's readers have, and where they come from.
FILES = {
    "configuration.md": {"config/ingress.yaml": "canary-ingress.yaml", "config/services.yaml": "canary-services.yaml"},
    "discovery.md": {"envoy.yaml": "names.yaml"},
    "gateway-api.md": {"gateway/gateway.yaml": "gateway.yaml"},
    "istio.md": {"istio/istio.yaml": "istio.yaml"},
    "kubernetes.md": {
        "manifests/ingress.yaml": "canary-ingress.yaml",
        "manifests/services.yaml": "canary-services.yaml",
        "ingress.yaml": "canary-ingress.yaml",
    },
}


@pytest.fixture
def directory(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the page's examples run, with the files that they load."""
    for name, source in FILES.get(named(page), {"envoy.yaml": "canary.yaml"}).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        there = [place / source for place in (ROOT / "examples", HERE) if (place / source).exists()]
        shutil.copy(there[0], tmp_path / name)
    if named(page) == "kubernetes.md":
        services = [each for each in yaml.safe_load_all((ROOT / "examples/canary-services.yaml").read_text()) if each]
        (tmp_path / "services.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": services}))
        ingress = (ROOT / "examples" / "canary-ingress.yaml").read_text()
        ingress = ingress.replace("\nspec:\n", "\nspec:\n  ingressClassName: public\n")
        (tmp_path / "cluster.yaml").write_text(ingress + "\n---\n" + yaml.safe_dump_all(services))
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def names(page: Path, directory: Path) -> Iterator[dict[str, Any]]:
    """What the page takes for granted."""
    config = fastpath.load(ROOT / "examples" / "canary.yaml")
    response = fastpath.parse_response(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    reading, writing = socket.socketpair()
    with reading, writing:
        writing.sendall(b"one\ntwo\n")
        writing.shutdown(socket.SHUT_WR)
        yield {
            "asyncio": asyncio,
            "config": config,
            "connection_info": fastpath.ConnectionInfo(),
            "data": REQUEST,
            "fastpath": fastpath,
            "first_bytes": REQUEST,
            "ip_address": ip_address,
            "models": models,
            "objects": [
                {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"ports": [{"port": 80}]}}
            ],
            "request": fastpath.parse_request(REQUEST),
            "response": response,
            "sock": reading,
            "table": fastpath.RouteTable.from_config(config),
            "time": time,
        }


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # a page may end in the middle of a connection
@pytest.mark.parametrize("page", WITH_CODE, ids=named)
def test_examples_run(page: Path, directory: Path, names: dict[str, Any]) -> None:
    try:
        run(blocks_of(page), directory, names)
    finally:
        names.clear()
        gc.collect()  # here, and not where the warnings count


@pytest.mark.parametrize("page", WITH_CODE, ids=named)
def test_examples_are_of_a_known_language(page: Path) -> None:
    """So that nothing escapes the test above unseen."""
    text = page.read_text()
    assert not re.search(r"^[ \t]+```|^~~~", text, re.MULTILINE), "a block stands at the margin, between backticks"
    blocks = blocks_of(page)
    assert {block.language for block in blocks} <= LANGUAGES
    commands = "\n".join(each.text for block in blocks if block.language == "console" for each in commands_of(block))
    for block in blocks:
        if block.language == "python" or "\ntests:" in block.text:
            assert block.file in commands, f"{block}: no command uses {block.file}"


def test_links_lead_somewhere() -> None:
    """Sphinx sees to those within docs/, this to those that leave it."""
    lost = [
        f"{named(page)}: {target}"
        for page in PAGES
        for target in re.findall(r"\]\(([^)#:\s]+)", page.read_text())
        if not (page.parent / target).exists() and not target.startswith("c/")  # made of the headers
    ]
    assert not lost


def test_every_public_name_is_described() -> None:
    """Each name of `fastpath` stands on its page of the reference, or on that of a module which the page names."""
    page = (DOCS / "reference" / "python" / "fastpath.md").read_text()
    here = re.search(r":members: (.*)", page)
    assert here is not None
    described = set(here[1].split(", "))
    for module in re.findall(r"\((\w+)\.md\)", page):
        described |= set(importlib.import_module(f"fastpath.{module}").__all__)
    assert set(fastpath.__all__) <= described


def test_retry_conditions_are_named() -> None:
    page = (DOCS / "how-to" / "retries.md").read_text()
    (table,) = re.findall(r"^\| `retry_on` .*\n\|---.*\n((?:\|.*\n)+)", page, re.MULTILINE)
    listed = [name for row in table.splitlines() for name in re.findall(r"`([\w-]+)`", row.split("|")[1])]
    assert sorted(listed) == sorted(RETRY_CONDITIONS)


def test_sections_of_ci_are_explained() -> None:
    sections = re.findall(r"^ *section ([\w-]+)", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    (table,) = re.findall(
        r"^\| section .*\n\|---.*\n((?:\|.*\n)+)", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE
    )
    listed = [name for row in table.splitlines() for name in re.findall(r"`([\w-]+)`", row.split("|")[1])]
    assert listed
    assert sorted(listed) == sorted(sections)


def test_targets_of_make_exist() -> None:
    targets = set(re.findall(r"^([a-z][a-z0-9-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    pages = [*PAGES, *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md"))]
    told = {
        (page.name, name) for page in pages for name in re.findall(r"(?:`|\$ )make ([a-z][a-z0-9-]*)", page.read_text())
    }
    assert told
    assert not {each for each in told if each[1] not in targets}
