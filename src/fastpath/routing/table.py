"""The table that users hold: made of virtual hosts, asked with requests, updated as a whole."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from fastpath._path import PathNormalizer
from fastpath._route import RouteMatcher
from fastpath._route_builder import RouteTableSnapshot
from fastpath.errors import ConfigError, ConfigWarning
from fastpath.forking import reseed_after_fork
from fastpath.models import (
    Config,
    DirectResponse,
    HeaderMatcher,
    HttpConnectionManager,
    Listener,
    PathWithEscapedSlashesAction,
    Route,
    RouteConfiguration,
    RouteMatch,
    VirtualHost,
)

from .compile import compile_table
from .explain import Explanation, explain

if TYPE_CHECKING:
    from fastpath._route import FilterState, Metadata

__all__ = ["RouteTable", "TlsInfo", "path_normalizer"]

_UINT64_MASK = 2**64 - 1
_ESCAPED_SLASHES: dict[PathWithEscapedSlashesAction, Literal["keep", "reject", "redirect", "forward"]] = {
    PathWithEscapedSlashesAction.KEEP_UNCHANGED: "keep",
    PathWithEscapedSlashesAction.REJECT_REQUEST: "reject",
    PathWithEscapedSlashesAction.UNESCAPE_AND_REDIRECT: "redirect",
    PathWithEscapedSlashesAction.UNESCAPE_AND_FORWARD: "forward",
}


def path_normalizer(manager: HttpConnectionManager) -> PathNormalizer | None:
    """What a connection manager does to paths before they are matched and forwarded; None for nothing."""
    slashes = _ESCAPED_SLASHES[manager.path_with_escaped_slashes_action]
    if slashes == "keep" and not manager.normalize_path and not manager.merge_slashes:
        return None
    return PathNormalizer.envoy(
        escaped_slashes=slashes, normalize=manager.normalize_path, merge_slashes=manager.merge_slashes
    )


class _User(NamedTuple):
    """A connection manager that uses the routes."""

    listener: Listener
    manager: HttpConnectionManager

    @property
    def options(self) -> tuple[object, ...]:
        """What of it bears on routes."""
        manager = self.manager
        return (
            manager.strip_any_host_port,
            manager.strip_matching_host_port and self.listener.port,
            manager.strip_trailing_host_dot,
            manager.normalize_path,
            manager.merge_slashes,
            manager.path_with_escaped_slashes_action,
        )


class TlsInfo(NamedTuple):
    """What is known of a client's certificate, for RouteMatch.tls_context."""

    presented: bool = False
    validated: bool = False


class RouteTable(RouteMatcher):
    """Chooses the route for a request.

    virtual_hosts: `fastpath.models.VirtualHost`s, no two of which may share a domain, or a RouteConfiguration, whose
        options come along and which `Match.configuration` then gives.
    ignore_port_in_host_matching: compare a request's host without its port. Domains keep theirs.
    normalizer: changes a request's path before it is matched; `Match.path` tells the outcome. None: as it is.
    strip_trailing_host_dot, strip_any_host_port, strip_matching_host_port: change a request's host before it is
        matched, as Envoy's connection manager does (the last one is a port, 0 for none); `Match.authority` tells.
    seed: of the generator that chooses among weighted clusters and decides runtime fractions; tables with the same seed
        that see the same requests choose alike. None: differs from table to table, and from
        process to forked process.
    warn_shadowed: warn (ConfigWarning) of routes that can never win.

    Matching is safe in any thread while another one calls `update`. Raises ConfigError for virtual hosts that cannot
    be compiled, with the path to the field at fault.
    """

    def __init__(
        self,
        virtual_hosts: Iterable[VirtualHost] | RouteConfiguration,
        *,
        ignore_port_in_host_matching: bool = False,
        normalizer: PathNormalizer | None = None,
        strip_any_host_port: bool = False,
        strip_matching_host_port: int = 0,
        strip_trailing_host_dot: bool = False,
        seed: int | None = None,
        warn_shadowed: bool = False,
    ) -> None:
        not_seeded = seed is None
        seed = int.from_bytes(os.urandom(8), "little") if seed is None else seed & _UINT64_MASK
        self._connection_options: dict[str, Any] = {
            "normalizer": normalizer,
            "strip_any_host_port": strip_any_host_port,
            "strip_matching_host_port": strip_matching_host_port,
            "strip_trailing_host_dot": strip_trailing_host_dot,
        }
        super().__init__(seed, **self._connection_options)
        self._ignore_port = ignore_port_in_host_matching
        self._warn_shadowed = warn_shadowed
        self._build(virtual_hosts, None)
        if not_seeded:
            reseed_after_fork(self)

    @classmethod
    def from_config(
        cls,
        config: Config,
        name: str | None = None,
        *,
        listener: Listener | None = None,
        manager: HttpConnectionManager | None = None,
        seed: int | None = None,
        warn_shadowed: bool = True,
    ) -> RouteTable:
        """The table of a configuration's route configuration `name`, which may be left out when there is only one.

        The connection manager's options come along: one that strips ports makes the table ignore them, one that
        normalises paths makes it normalise them. All connection managers that use the routes must agree in them;
        `listener` looks at its own ones only, `manager` at those that are equal to it. Warns of routes that can never
        win, unless told not to.

        Raises ConfigError when there is no such route configuration, when there are several and no name, when the
        connection managers that use it differ in these options, and when the given ones do not use it.
        """
        configurations = config.route_configurations
        if name is None:
            if len(configurations) != 1:
                raise ConfigError(f"name one of the {len(configurations)} route configurations")
            (name,) = configurations
        if name not in configurations:
            raise ConfigError(f'there is no route configuration named "{name}"')
        users = [
            _User(each, found)
            for each in (config.listeners if listener is None else (listener,))
            for found in each.http_connection_managers()
            if found.route_config_name == name and (manager is None or found == manager)
        ]
        if not users and (listener is not None or manager is not None):
            raise ConfigError(f'no such connection manager uses the route configuration "{name}"')
        if len({user.options for user in users}) > 1:
            names = " and ".join(f'"{each}"' for each in dict.fromkeys(user.listener.name for user in users))
            raise ConfigError(
                f"the connection managers of {names} differ in what they do to hosts and paths: give one of them"
            )
        if not users:
            return cls(configurations[name], seed=seed, warn_shadowed=warn_shadowed)
        user = users[0]
        return cls(
            configurations[name],
            normalizer=path_normalizer(user.manager),
            strip_any_host_port=user.manager.strip_any_host_port,
            strip_matching_host_port=user.listener.port if user.manager.strip_matching_host_port else 0,
            strip_trailing_host_dot=user.manager.strip_trailing_host_dot,
            seed=seed,
            warn_shadowed=warn_shadowed,
        )

    @property
    def virtual_hosts(self) -> tuple[VirtualHost, ...]:
        """What the table was last made of."""
        return tuple(entry[0] for entry in self.snapshot.context)

    @property
    def size(self) -> int:
        """Bytes that the compiled table takes, without the models."""
        return self.snapshot.size

    def update(self, virtual_hosts: Iterable[VirtualHost] | RouteConfiguration) -> None:
        """Replace the virtual hosts; requests matched from now on see all of the new ones, none sees a mixture.

        A virtual host equal to the one of the same name before is not compiled again. Raises ConfigError, and keeps
        what was live, when the new ones are refused.
        """
        self._build(virtual_hosts, self.snapshot)

    def routes(self) -> Iterator[Route]:
        """The routes that are matched now, those of each virtual host in their order."""
        for entry in self.snapshot.context:
            yield from entry[1]

    def shadowed(self) -> Iterator[tuple[Route, Route]]:
        """The routes that can never win, each with the earlier one that takes all its paths without a condition.

        Which paths a regex or a template takes is not compared, so what it shadows is not seen.
        """
        snapshot = self.snapshot
        for index, entry in enumerate(snapshot.context):
            for route, by in snapshot.shadowed(index):
                yield entry[1][route], entry[1][by]

    def explain(
        self,
        *,
        method: str | bytes = "GET",
        authority: str | bytes | None = None,
        path: str | bytes | None = None,
        headers: Iterable[tuple[str | bytes, str | bytes]] = (),
        scheme: str | bytes = "http",
        source: object = None,
        tls: object = None,
        random: int | None = None,
        metadata: Metadata | None = None,
        filter_state: FilterState | None = None,
    ) -> Explanation:
        """What the table looks at for a request, given as for `match_parts`, and what each route fails."""
        return explain(
            self,
            method=method,
            authority=authority,
            path=path,
            headers=headers,
            scheme=scheme,
            source=source,
            tls=tls,
            random=random,
            metadata=metadata,
            filter_state=filter_state,
        )

    def like(self, virtual_hosts: Iterable[VirtualHost]) -> RouteTable:
        """A table of other virtual hosts with this one's options."""
        configuration = self._configuration
        return RouteTable(
            virtual_hosts if configuration is None else replace(configuration, virtual_hosts=tuple(virtual_hosts)),
            ignore_port_in_host_matching=self._ignore_port,
            **self._connection_options,
        )

    def taking(self, headers: tuple[HeaderMatcher, ...]) -> RouteTable:
        """A table of one route for the requests that these all hold for, with this table's eyes for what is in them.

        Raises ConfigError for what no table would take.
        """
        host = VirtualHost("", ("*",), (Route(RouteMatch(prefix="", headers=headers), DirectResponse(200)),))
        internal = self._configuration.internal_only_headers if self._configuration is not None else ()
        configuration = RouteConfiguration("", (host,), internal_only_headers=internal)
        return RouteTable(configuration, **self._connection_options)

    def _build(
        self, virtual_hosts: Iterable[VirtualHost] | RouteConfiguration, before: RouteTableSnapshot | None
    ) -> None:
        configuration = virtual_hosts if isinstance(virtual_hosts, RouteConfiguration) else None
        hosts = configuration.virtual_hosts if configuration is not None else virtual_hosts
        ignore_port = configuration is not None and configuration.ignore_port_in_host_matching
        snapshot = compile_table(
            tuple(hosts),  # type: ignore[arg-type]
            before,
            configuration,
            ignore_port=self._ignore_port or ignore_port,
            ignore_parameters=configuration is not None and configuration.ignore_path_parameters_in_path_matching,
        )
        self.publish(snapshot)
        self._configuration = configuration
        if self._warn_shadowed:
            for route, by in self.shadowed():
                warnings.warn(_shadow_warning(route, by), ConfigWarning, stacklevel=4)


def _shadow_warning(route: Route, by: Route) -> str:
    place = f"{route.position}: {route.position.path}: " if route.position is not None else ""
    earlier = f" ({by.position.path})" if by.position is not None else ""
    return f'{place}the route "{route.name}" can never win: "{by.name}"{earlier} comes first and takes all its paths'
