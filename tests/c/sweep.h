/*
 * sweep.h - the failing-allocation sweep: a scenario is run once to count its allocations, and then once for each of
 * them with that one failing.
 *
 * A scenario makes every call that can run out of memory through TRY or TRY_NEW. When the call fails, they require that
 * an allocation has failed and that `unchanged` holds, and call again, which must succeed: the object is usable. At the
 * end of a scenario nothing may be left allocated.
 */
#ifndef FASTPATH_TESTS_SWEEP_H
#define FASTPATH_TESTS_SWEEP_H

#include <fastpath/fastpath.h>

#include "check.h"
#include "exported_calls.h"
#include "failing_memory.h"

typedef void (*sweep_scenario)(void);

/* A call that returns a status, and what must be true after it has failed for want of memory. */
#define TRY(call, unchanged)                      \
  do {                                            \
    fp_status try_status = (call);                \
    if (try_status == FASTPATH_ERR_MEMORY) {      \
      CHECK(failing_memory_fired());              \
      CHECK(unchanged);                           \
      try_status = (call);                        \
    }                                             \
    CHECK_EQ(try_status < 0 ? try_status : 0, 0); \
  } while (0)

/* An expression that makes an object, NULL when out of memory. */
#define TRY_NEW(object, call)        \
  do {                               \
    (object) = (call);               \
    if ((object) == NULL) {          \
      CHECK(failing_memory_fired()); \
      (object) = (call);             \
    }                                \
    CHECK((object) != NULL);         \
  } while (0)

void sweep_admission(void);
void sweep_authority(void);
void sweep_base(void);
void sweep_buffer_growth(void);
void sweep_buffer_moves(void);
void sweep_buffer_reading(void);
void sweep_buffer_receiving(void);
void sweep_chunked(void);
void sweep_cluster(void);
void sweep_connection_exchange(void);
void sweep_connection_forward(void);
void sweep_connection_refusal(void);
void sweep_connection_switch(void);
void sweep_dispatch(void);
void sweep_filter_chains(void);
void sweep_hashing(void);
void sweep_health(void);
void sweep_http_head_reader(void);
void sweep_http_parse(void);
void sweep_http_write(void);
void sweep_inspect(void);
void sweep_path(void);
void sweep_path_router(void);
void sweep_policies(void);
void sweep_zones(void);
void sweep_regex(void);
void sweep_regex_set(void);
void sweep_regex_without_dfa(void);
void sweep_route_builder_abandoned(void);
void sweep_route_conditions(void);
void sweep_route_large_regexes(void);
void sweep_route_long_path(void);
void sweep_route_matcher(void);
void sweep_route_table(void);
void sweep_route_templates(void);
void sweep_snapshot(void);
void sweep_subsets(void);

#endif
