"""The actions of a table's routes, each laid out when it is first asked for, and gone with the table."""

from __future__ import annotations

from fastpath.models import RouteConfiguration, VirtualHost

from .route_actions import RouteActions

__all__ = ["Layouts"]


class Layouts(dict[int, RouteActions]):
    """Of one virtual host: index of the route -> its actions."""

    __slots__ = ("_configuration", "_host")

    def __init__(self, host: VirtualHost, configuration: RouteConfiguration | None):
        super().__init__()
        self._host = host
        self._configuration = configuration

    def __missing__(self, index: int) -> RouteActions:
        return self.setdefault(index, RouteActions(self._host.routes[index], self._host, self._configuration))
