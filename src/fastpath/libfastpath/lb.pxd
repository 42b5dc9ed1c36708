# Mirror of fastpath/lb.h; what each means is told there.
from libc.stdint cimport uint32_t, uint64_t

from fastpath.libfastpath.base cimport fp_error, fp_status


cdef extern from "fastpath/lb.h" nogil:
    ctypedef struct fp_host:
        pass

    ctypedef enum fp_lb_policy_id:
        FASTPATH_LB_ROUND_ROBIN

    ctypedef struct fp_host_group:
        uint32_t count
        uint32_t weights_equal
        fp_host **hosts
        const uint32_t *weights
        const uint32_t *positions
        const void *table

    ctypedef struct fp_lb_state:
        uint64_t counter
        uint32_t offset
        uint32_t ready
        void *cursor
        uint64_t *random

    ctypedef struct fp_lb_request:
        uint64_t hash
        uint32_t attempt

    ctypedef struct fp_lb_policy:
        const char *name
        int uses_hash
        fp_status (*table_new)(const fp_host_group *group, void **table, fp_error *error) noexcept nogil
        void (*table_free)(void *table) noexcept nogil
        fp_status (*cursor_new)(const fp_host_group *group, uint64_t seed, void **cursor) noexcept nogil
        void (*cursor_free)(void *cursor) noexcept nogil
        uint32_t (*pick)(const fp_host_group *group, fp_lb_state *state, const fp_lb_request *request) noexcept nogil

    const fp_lb_policy *fp_lb_policy_get(fp_lb_policy_id id)
    uint64_t fp_lb_random(uint64_t *state)
