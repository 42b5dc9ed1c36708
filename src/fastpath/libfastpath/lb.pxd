# Mirror of fastpath/lb.h; what each means is told there.
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from fastpath.libfastpath.base cimport fp_error, fp_status


cdef extern from "fastpath/lb.h" nogil:
    ctypedef struct fp_host:
        pass

    const int FASTPATH_LB_MAX_RING_SIZE
    const int FASTPATH_LB_MAX_TABLE_SIZE

    ctypedef enum fp_lb_policy_id:
        FASTPATH_LB_ROUND_ROBIN
        FASTPATH_LB_LEAST_REQUEST
        FASTPATH_LB_RING_HASH
        FASTPATH_LB_RANDOM
        FASTPATH_LB_MAGLEV
        FASTPATH_LB_SCHEDULED_ROUND_ROBIN
        FASTPATH_LB_WEIGHTED_RANDOM
        FASTPATH_LB_PICK_FIRST
        FASTPATH_LB_LEAST_CONNECTION
        FASTPATH_LB_WEIGHTED_LEAST_CONNECTION
        FASTPATH_LB_SHORTEST_EXPECTED_DELAY
        FASTPATH_LB_NEVER_QUEUE
        FASTPATH_LB_KETAMA
        FASTPATH_LB_RENDEZVOUS
        FASTPATH_LB_PEAK_EWMA

    ctypedef enum fp_lb_hash_function:
        FASTPATH_LB_XX_HASH
        FASTPATH_LB_MURMUR_HASH_2

    ctypedef int64_t (*fp_clock)(void *data) noexcept nogil

    ctypedef struct fp_lb_options:
        double active_request_bias
        uint32_t choice_count
        uint32_t full_scan
        uint32_t minimum_ring_size
        uint32_t maximum_ring_size
        uint32_t hash_function
        uint32_t table_size
        int64_t slow_start_window
        double slow_start_aggression
        double slow_start_min_weight
        int64_t decay_time
        int64_t default_latency
        int64_t latency_penalty
        fp_clock clock
        void *clock_data
        uint32_t hash_balance_factor
        void *context

    ctypedef struct fp_host_group:
        uint32_t count
        uint32_t weights_equal
        uint32_t slow_start
        uint32_t whole
        int64_t made_at
        fp_host **hosts
        const uint32_t *weights
        const double *shares
        const uint32_t *positions
        const fp_lb_options *options
        const void *table
        uint64_t weight_sum

    ctypedef struct fp_lb_state:
        uint64_t counter
        uint32_t offset
        uint32_t ready
        void *cursor
        uint64_t *random

    const uint32_t FASTPATH_LB_NO_HOST
    const uint32_t FASTPATH_LB_FAILED

    ctypedef enum fp_lb_number:
        FASTPATH_LB_NO_NUMBER
        FASTPATH_LB_RANDOM_NUMBER
        FASTPATH_LB_REQUEST_HASH

    ctypedef struct fp_lb_request:
        uint64_t number
        uint32_t attempt

    ctypedef struct fp_lb_policy:
        const char *name
        fp_lb_number number
        uint64_t (*hash)(const uint8_t *data, size_t len) noexcept nogil
        fp_status (*check)(const fp_lb_options *options, fp_error *error) noexcept nogil
        fp_status (*table_new)(const fp_host_group *group, void **table, fp_error *error) noexcept nogil
        void (*table_free)(void *table) noexcept nogil
        fp_status (*cursor_new)(const fp_host_group *group, uint64_t seed, void **cursor) noexcept nogil
        void (*cursor_free)(void *cursor) noexcept nogil
        uint32_t (*pick)(const fp_host_group *group, fp_lb_state *state, const fp_lb_request *request) noexcept nogil
        void (*pick_many)(const fp_host_group *group, fp_lb_state *state, const uint64_t *numbers, size_t count,
                          uint32_t *indices) noexcept nogil
        fp_status (*table_update)(const fp_host_group *group, const fp_host_group *previous, void **table,
                                  fp_error *error) noexcept nogil

    void fp_lb_options_default(fp_lb_options *options)
    const fp_lb_policy *fp_lb_policy_get(fp_lb_policy_id id)
    uint64_t fp_lb_random(uint64_t *state)
