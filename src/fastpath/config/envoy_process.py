"""What of Envoy's documents is about the process: checked as Envoy would, and not kept but for where it runs."""

from __future__ import annotations

import enum

from ..models import Locality
from .envoy_address import check_address
from .envoy_locality import read_locality
from .fields import Section

__all__ = ["check_admin", "check_config_source", "read_node"]

_NODE_OPAQUE = ("dynamic_parameters", "metadata", "user_agent_build_version")
_NODE_LISTS = ("client_features", "extensions", "listening_addresses")


class _ApiVersion(enum.Enum):
    AUTO = 0
    V3 = 2


def read_node(section: Section | None) -> Locality | None:
    """Where an envoy.config.core.v3.Node is."""
    if section is None:
        return None
    for name in ("id", "cluster", "user_agent_name", "user_agent_version"):
        section.string(name)
    locality = read_locality(section.section("locality"))
    for name in _NODE_OPAQUE:
        section.section(name)
    for name in _NODE_LISTS:
        section.items(name)
    section.end()
    return locality


def check_admin(section: Section | None) -> None:
    """An envoy.config.bootstrap.v3.Admin."""
    if section is None:
        return
    for name in ("access_log_path", "profile_path"):
        section.header_text(name)
    section.boolean("ignore_global_conn_limit")
    address = section.section("address")
    if address is not None:
        check_address(address)
    for name in ("access_log", "allow_paths", "socket_options"):
        section.items(name)
    section.end()


def check_config_source(section: Section | None) -> None:
    """An envoy.config.core.v3.ConfigSource. Where it leads is for those who ask there."""
    if section is None:
        return
    kind = section.one_of("config source", "path", "path_config_source", "api_config_source", "ads", "self")
    if kind == "path":
        section.string(kind, required=True)
    elif kind is not None:
        content = section.section(kind)
        if content is not None and kind == "path_config_source":
            content.string("path", required=True)
            content.section("watched_directory")
        if content is not None and kind != "api_config_source":
            content.end()
    section.duration("initial_fetch_timeout")
    section.enum("resource_api_version", _ApiVersion, _ApiVersion.AUTO)
    section.items("authorities")
    section.end()
