"""Route tables: from virtual hosts and their routes to the decision for one request, in Envoy's order.

The virtual host is the one with the exact domain, else with the longest "*suffix", else with the longest "prefix*",
else with "*". In it, the first route in order of the list whose match holds is the answer.

Source: Envoy v3 API, envoy.config.route.v3.VirtualHost, Route, RouteMatch.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from fastpath._path import PathNormalizer
from fastpath._route import (
    PATH_EXACT,
    PATH_PREFIX,
    PATH_SEPARATED,
    Match,
    RouteMatcher,
    RouteTableBuilder,
    RouteTableSnapshot,
)
from fastpath.errors import ConfigError
from fastpath.models import (
    Config,
    DirectResponse,
    Listener,
    PathWithEscapedSlashesAction,
    Position,
    RedirectAction,
    Route,
    RouteAction,
    RouteMatch,
    VirtualHost,
    WeightedCluster,
)

__all__ = ["Match", "RouteTable", "path_normalizer"]

_UINT32_MAX = 2**32 - 1
_UINT64_MASK = 2**64 - 1
_REDIRECT_CODES = (301, 302, 303, 307, 308)
_ESCAPED_SLASHES: dict[PathWithEscapedSlashesAction, Literal["keep", "reject", "redirect", "forward"]] = {
    PathWithEscapedSlashesAction.KEEP_UNCHANGED: "keep",
    PathWithEscapedSlashesAction.REJECT_REQUEST: "reject",
    PathWithEscapedSlashesAction.UNESCAPE_AND_REDIRECT: "redirect",
    PathWithEscapedSlashesAction.UNESCAPE_AND_FORWARD: "forward",
}
_find_forbidden = re.compile("[\0\r\n]").search


def path_normalizer(listener: Listener) -> PathNormalizer | None:
    """What a listener's connection manager does to paths before they are matched and forwarded; None for nothing."""
    slashes = _ESCAPED_SLASHES[listener.path_with_escaped_slashes_action]
    if slashes == "keep" and not listener.normalize_path and not listener.merge_slashes:
        return None
    return PathNormalizer.envoy(
        escaped_slashes=slashes, normalize=listener.normalize_path, merge_slashes=listener.merge_slashes
    )


def _connection_options(listener: Listener) -> tuple[object, ...]:
    """What of a listener's connection manager bears on routes."""
    return (
        listener.strip_any_host_port,
        listener.normalize_path,
        listener.merge_slashes,
        listener.path_with_escaped_slashes_action,
    )


class RouteTable(RouteMatcher):
    """Chooses the route for a request.

    virtual_hosts: `fastpath.models.VirtualHost`s; no two may share a domain.
    ignore_port_in_host_matching: compare a request's host without its port. Domains keep theirs.
    normalizer: changes a request's path before it is matched; `Match.path` tells the outcome. None: as it is.
    seed: of the generator that chooses among weighted clusters; tables with the same seed that see the same requests
        choose alike. None: differs from table to table.

    Matching is safe in any thread while another one calls `update`. Raises ConfigError for virtual hosts that cannot
    be compiled, with the path to the field at fault.
    """

    def __init__(
        self,
        virtual_hosts: Iterable[VirtualHost],
        *,
        ignore_port_in_host_matching: bool = False,
        normalizer: PathNormalizer | None = None,
        seed: int | None = None,
    ) -> None:
        seed = int.from_bytes(os.urandom(8), "little") if seed is None else seed & _UINT64_MASK
        super().__init__(seed, normalizer)
        self._ignore_port = ignore_port_in_host_matching
        self.publish(_compile(tuple(virtual_hosts), None, self._ignore_port))

    @classmethod
    def from_config(
        cls, config: Config, name: str | None = None, *, listener: Listener | None = None, seed: int | None = None
    ) -> RouteTable:
        """The table of a configuration's route configuration `name`, which may be left out when there is only one.

        The connection manager's options come along: a listener that strips ports makes the table ignore them, one that
        normalises paths makes it normalise them. They are `listener`'s, or those of all listeners that use the routes.

        Raises ConfigError when there is no such route configuration, when there are several and no name, and when the
        listeners that use it differ in these options and none is given.
        """
        configurations = config.route_configurations
        if name is None:
            if len(configurations) != 1:
                raise ConfigError(f"name one of the {len(configurations)} route configurations")
            (name,) = configurations
        if name not in configurations:
            raise ConfigError(f'there is no route configuration named "{name}"')
        chosen = configurations[name]
        users = [listener] if listener else [used for used in config.listeners if used.route_config_name == name]
        if len({_connection_options(user) for user in users}) > 1:
            names = " and ".join(f'"{user.name}"' for user in users)
            raise ConfigError(f"the listeners {names} differ in what they do to hosts and paths: give one of them")
        strip_port = bool(users) and users[0].strip_any_host_port
        return cls(
            chosen.virtual_hosts,
            ignore_port_in_host_matching=chosen.ignore_port_in_host_matching or strip_port,
            normalizer=path_normalizer(users[0]) if users else None,
            seed=seed,
        )

    @property
    def virtual_hosts(self) -> tuple[VirtualHost, ...]:
        """What the table was last made of."""
        return tuple(entry[0] for entry in self.snapshot.context)

    @property
    def size(self) -> int:
        """Bytes that the compiled table takes, without the models."""
        return self.snapshot.size

    def update(self, virtual_hosts: Iterable[VirtualHost]) -> None:
        """Replace the virtual hosts; requests matched from now on see all of the new ones, none sees a mixture.

        A virtual host equal to the one of the same name before is not compiled again. Raises ConfigError, and keeps
        what was live, when the new ones are refused.
        """
        self.publish(_compile(tuple(virtual_hosts), self.snapshot, self._ignore_port))

    def routes(self) -> Iterator[Route]:
        """The routes that are matched now, those of each virtual host in their order."""
        for _, routes, _ in self.snapshot.context:
            yield from routes


class _Step(NamedTuple):
    """One step on the way into the configuration: a segment of the path, and the model that stands there."""

    segment: str
    model: object = None


def _refusal(reason: str, *steps: _Step, code: str = "config") -> ConfigError:
    """The error for the place that the steps lead to, in the words of the innermost model that knows its position."""
    path, source = "", None
    for step in steps:
        path += step.segment
        position = getattr(step.model, "position", None)
        if isinstance(position, Position):
            path = position.path or path
            source = str(position) or source
    return ConfigError(reason, path=path, source=source, code=code)


def _compile(
    virtual_hosts: tuple[VirtualHost, ...], before: RouteTableSnapshot | None, ignore_port: bool
) -> RouteTableSnapshot:
    builder = RouteTableBuilder()
    known = {entry[0].name: (index, entry[0]) for index, entry in enumerate(before.context)} if before else {}
    context = []
    for index, host in enumerate(virtual_hosts):
        here = _Step(f"virtual_hosts[{index}]", host)
        if not isinstance(host, VirtualHost):
            raise _refusal(f"expected a VirtualHost, found {type(host).__name__}", here)
        old_index, old = known.get(host.name, (0, None))
        if before is not None and old is not None and old == host:
            builder.share_virtual_host(before, old_index)
        else:
            builder.add_virtual_host()
            _add_routes(builder, host, here)
        _add_domains(builder, host, here)
        context.append((host, host.routes, tuple(map(_clusters_of, host.routes))))
    try:
        return builder.build(tuple(context), ignore_port=ignore_port)
    except ConfigError as error:
        raise _locate_domain(error, virtual_hosts) from None


def _clusters_of(route: Route) -> str | tuple[str, ...] | None:
    """What the matcher hands out: the cluster, or the clusters in order of the builder's shares."""
    action = route.action
    if not isinstance(action, RouteAction):
        return None
    if action.cluster is not None:
        return action.cluster
    return tuple(weighted.name for weighted in action.weighted_clusters)


def _add_domains(builder: RouteTableBuilder, host: VirtualHost, here: _Step) -> None:
    if not host.domains:
        raise _refusal("a virtual host needs a domain", here, _Step(".domains"))
    for index, domain in enumerate(host.domains):
        try:
            builder.add_domain(domain)
        except (ConfigError, TypeError, UnicodeEncodeError) as error:
            raise _refusal(_reason(error), here, _Step(f".domains[{index}]"), code="config_domain") from None


def _locate_domain(error: ConfigError, virtual_hosts: Sequence[VirtualHost]) -> ConfigError:
    """A duplicate is only known by its number, counted over all virtual hosts."""
    number = error.index or 0
    for index, host in enumerate(virtual_hosts):
        if number < len(host.domains):
            steps = _Step(f"virtual_hosts[{index}]", host), _Step(f".domains[{number}]")
            return _refusal(error.reason, *steps, code=error.code)
        number -= len(host.domains)
    return error


def _add_routes(builder: RouteTableBuilder, host: VirtualHost, here: _Step) -> None:
    add_route = builder.add_route
    for index, route in enumerate(host.routes):
        if not isinstance(route, Route):
            raise _refusal(f"expected a Route, found {type(route).__name__}", here, _Step(f".routes[{index}]"))
        match = route.match
        try:
            if match.prefix is not None and match.path is None and match.path_separated_prefix is None:
                add_route(PATH_PREFIX, match.prefix, not match.case_sensitive)
            elif match.path is not None and match.prefix is None and match.path_separated_prefix is None:
                add_route(PATH_EXACT, match.path, not match.case_sensitive)
            elif match.path_separated_prefix is not None and match.prefix is None and match.path is None:
                add_route(PATH_SEPARATED, match.path_separated_prefix, not match.case_sensitive)
            else:
                raise ConfigError("exactly one of prefix, path and path_separated_prefix is needed")
        except (ConfigError, TypeError, UnicodeEncodeError) as error:
            steps = here, _Step(f".routes[{index}]", route), _Step(".match", match), _Step(_path_field(match))
            raise _refusal(_reason(error), *steps, code="config_path") from None
        action = route.action
        if type(action) is RouteAction:
            _add_route_action(builder, action, here, index, route)
        elif isinstance(action, DirectResponse | RedirectAction):
            _check_answer(action, here, _Step(f".routes[{index}]", route))
        else:
            reason = f"expected a RouteAction, DirectResponse or RedirectAction, found {type(action).__name__}"
            raise _refusal(reason, here, _Step(f".routes[{index}]", route))


def _path_field(match: RouteMatch) -> str:
    """The segment of the one field that is set, or none when the error is about the match as a whole."""
    fields = [name for name in ("prefix", "path", "path_separated_prefix") if getattr(match, name) is not None]
    return f".{fields[0]}" if len(fields) == 1 else ""


def _reason(error: Exception) -> str:
    return error.reason if isinstance(error, ConfigError | UnicodeEncodeError) else str(error)


def _add_route_action(builder: RouteTableBuilder, action: RouteAction, here: _Step, index: int, route: Route) -> None:
    if (action.cluster is None) == (not action.weighted_clusters):
        reason = "exactly one of cluster and weighted_clusters is needed"
        raise _refusal(reason, here, _Step(f".routes[{index}]", route), _Step(".route", action))
    for field in ("cluster", "prefix_rewrite", "host_rewrite_literal"):
        text = getattr(action, field)
        if text is not None and _find_forbidden(text):
            steps = here, _Step(f".routes[{index}]", route), _Step(".route", action), _Step(f".{field}")
            raise _refusal("NUL, CR and LF are not allowed", *steps)
    if action.weighted_clusters:
        steps = here, _Step(f".routes[{index}]", route), _Step(".route", action), _Step(".weighted_clusters")
        _add_shares(builder, action.weighted_clusters, steps)


def _add_shares(builder: RouteTableBuilder, clusters: Sequence[WeightedCluster], steps: tuple[_Step, ...]) -> None:
    total = 0
    for index, cluster in enumerate(clusters):
        here = _Step(f".clusters[{index}]", cluster)
        if _find_forbidden(cluster.name):
            raise _refusal("NUL, CR and LF are not allowed", *steps, here, _Step(".name"))
        weight = cluster.weight
        if type(weight) is not int or not 0 <= weight <= _UINT32_MAX:
            reason = f"a weight is a whole number from 0 to {_UINT32_MAX}, not {weight!r}"
            raise _refusal(reason, *steps, here, _Step(".weight"), code="config_weight")
        total += weight
        if total > _UINT32_MAX:
            raise _refusal(f"the sum of the weights is above {_UINT32_MAX}", *steps, code="config_weight")
        builder.add_share(weight)
    if total == 0:
        raise _refusal("the weights are all 0", *steps, code="config_weight")


def _check_answer(action: DirectResponse | RedirectAction, host: _Step, route: _Step) -> None:
    if isinstance(action, DirectResponse):
        if type(action.status) is not int or not 200 <= action.status <= 599:
            steps = host, route, _Step(".direct_response", action), _Step(".status")
            raise _refusal(f"a status is a whole number from 200 to 599, not {action.status!r}", *steps)
        return
    here = _Step(".redirect", action)
    if action.response_code not in _REDIRECT_CODES:
        reason = f"a redirect's code is one of {_REDIRECT_CODES}, not {action.response_code!r}"
        raise _refusal(reason, host, route, here, _Step(".response_code"))
    if action.path_redirect is not None and action.prefix_rewrite is not None:
        raise _refusal("path_redirect and prefix_rewrite exclude each other", host, route, here)
    for field in ("host_redirect", "path_redirect", "prefix_rewrite"):
        text = getattr(action, field)
        if text is not None and _find_forbidden(text):
            raise _refusal("NUL, CR and LF are not allowed", host, route, here, _Step(f".{field}"))
