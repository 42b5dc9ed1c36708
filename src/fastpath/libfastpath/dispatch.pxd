# Mirror of fastpath/dispatch.h; what each means is told there.
from libc.stdint cimport uint8_t, uint32_t, uint64_t

from fastpath.libfastpath.authority cimport fp_authority_options
from fastpath.libfastpath.base cimport fp_error, fp_status
from fastpath.libfastpath.cluster cimport fp_pick_options, fp_picker
from fastpath.libfastpath.http cimport fp_http_head, fp_http_limits
from fastpath.libfastpath.lb cimport fp_host
from fastpath.libfastpath.path cimport fp_path_options
from fastpath.libfastpath.route cimport fp_route_match, fp_route_request, fp_route_table
from fastpath.libfastpath.snapshot cimport fp_snapshot_cell


cdef extern from "fastpath/dispatch.h" nogil:
    ctypedef struct fp_dispatcher:
        pass

    ctypedef enum fp_dispatch_outcome:
        FASTPATH_DISPATCH_HOST
        FASTPATH_DISPATCH_ANSWER
        FASTPATH_DISPATCH_NO_ROUTE
        FASTPATH_DISPATCH_NO_HOST
        FASTPATH_DISPATCH_TLS_REDIRECT
        FASTPATH_DISPATCH_PATH_REDIRECT

    ctypedef struct fp_dispatch:
        fp_dispatch_outcome outcome
        fp_route_match match
        uint32_t share
        int path_action
        const fp_route_table *table
        fp_route_request request
        fp_picker *picker
        fp_host *host
        size_t host_index

    ctypedef fp_picker *(*fp_dispatch_picker_fn)(
        void *context, fp_dispatch *found, fp_pick_options *options
    ) noexcept nogil

    ctypedef struct fp_dispatch_config:
        fp_snapshot_cell *routes
        fp_dispatch_picker_fn picker_of
        void *context
        const fp_http_limits *limits
        const fp_path_options *path_options
        fp_authority_options authority_options
        uint32_t https
        uint64_t seed

    fp_dispatcher *fp_dispatcher_new(const fp_dispatch_config *config)
    void fp_dispatcher_free(fp_dispatcher *dispatcher)
    fp_status fp_dispatcher_run(fp_dispatcher *dispatcher, const uint8_t *data, size_t len, fp_http_head *head,
                                uint32_t flags, fp_dispatch *found, fp_error *error)
    fp_status fp_dispatcher_run_head(fp_dispatcher *dispatcher, const uint8_t *data, const fp_http_head *head,
                                     uint32_t flags, fp_dispatch *found, fp_error *error)
