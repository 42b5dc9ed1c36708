# cython: binding=False, boundscheck=False, wraparound=False, nonecheck=True, always_allow_keywords=False
"""What a table chose for a request."""
cimport cython
from libc.stdint cimport uint32_t

from fastpath.libfastpath.route cimport FASTPATH_ROUTE_INDEX_NONE


@cython.final
cdef class MatchDetails:
    pass


# Nothing that a match holds leads back to it, and the collector need not look.
@cython.final
@cython.no_gc
@cython.freelist(64)
cdef class Match:
    """What a table chose for a request; the weighted cluster, if any, is already chosen."""

    def __init__(self):
        raise TypeError("a Match is made by a route table")

    cdef MatchDetails with_details(self):
        if self.details is None:
            self.details = MatchDetails.__new__(MatchDetails)
        return self.details

    @property
    def params(self):
        """What the variables of the route's path_template stand for, in bytes; None when it has no template."""
        return None if self.details is None else self.details.params

    @property
    def path(self):
        """The request's path (without its query) as the table's normaliser changed it: what to forward. None when the
        request's own path was matched, unchanged."""
        return None if self.details is None else self.details.path

    @property
    def authority(self):
        """The request's host as the table's options changed it: what to forward. None when it is unchanged."""
        return None if self.details is None else self.details.authority

    @property
    def path_redirect(self):
        """Whether the normaliser wants a 307 with that path as Location instead of forwarding."""
        return self.details is not None and self.details.path_redirect

    @property
    def tls_redirect(self):
        """Whether the virtual host wants a 301 to the same place by https; then there is no route."""
        return self.index == FASTPATH_ROUTE_INDEX_NONE

    @property
    def route(self):
        """The `fastpath.models.Route`, as given to the table. LookupError with a tls_redirect."""
        cdef tuple routes = self.entry[1]
        if self.index == FASTPATH_ROUTE_INDEX_NONE:
            raise LookupError("there is no route, but a redirect to https: look at tls_redirect first")
        return routes[self.index]

    @property
    def cluster(self):
        """Name of the cluster to forward to; None when the route answers itself, or names a header that is missing."""
        cdef tuple clusters = self.entry[2]
        cdef object cluster
        if self.index == FASTPATH_ROUTE_INDEX_NONE:
            return None
        cluster = clusters[self.index]
        if self.share != FASTPATH_ROUTE_INDEX_NONE:
            clusters = cluster
            cluster = clusters[self.share]
        if type(cluster) is bytes:
            return None if self.details is None else self.details.named_cluster
        return cluster

    @property
    def weighted_cluster(self):
        """The `fastpath.models.WeightedCluster` that was chosen; None when the route is not split."""
        if self.share == FASTPATH_ROUTE_INDEX_NONE:
            return None
        return self.route.action.weighted_clusters[self.share]

    @property
    def virtual_host(self):
        """The `fastpath.models.VirtualHost` that the route belongs to."""
        return self.entry[0]

    @property
    def configuration(self):
        """The `fastpath.models.RouteConfiguration` that the table was made of; None when of virtual hosts."""
        return self.entry[5]

    @property
    def layout(self):
        """What the table's maker has laid out for the route; `fastpath.actions.actions_of` reads it. LookupError with a
        tls_redirect."""
        if self.index == FASTPATH_ROUTE_INDEX_NONE:
            raise LookupError("there is no route, but a redirect to https: look at tls_redirect first")
        return self.entry[6][self.index]

    def __repr__(self):
        if self.index == FASTPATH_ROUTE_INDEX_NONE:
            return f"<Match tls_redirect virtual_host={self.virtual_host.name!r}>"
        return f"<Match route={self.route.name!r} cluster={self.cluster!r} virtual_host={self.virtual_host.name!r}>"


cdef Match match_new(tuple entry, uint32_t index, uint32_t share):
    cdef Match match = Match.__new__(Match)
    match.entry = entry
    match.index = index
    match.share = share
    return match
