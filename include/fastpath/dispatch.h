/*
 * fastpath/dispatch.h - a request in one call: bytes, head, route, host.
 *
 *   data --> fp_http_parse_request --> host and path normalised --> fp_route_table_match --> your callback --> a picker
 *            fp_http_head                                           virtual host, route,     (whose cluster)   fp_host
 *                                                                   share of a split
 *
 * The decision is that of the calls it stands for. What the indices of a table stand for is yours to know: a callback
 * says which picker chooses the host of a route, and by which hash or subset.
 */
#ifndef FASTPATH_DISPATCH_H
#define FASTPATH_DISPATCH_H

#include <fastpath/authority.h>
#include <fastpath/base.h>
#include <fastpath/cluster.h>
#include <fastpath/http.h>
#include <fastpath/path.h>
#include <fastpath/route.h>
#include <fastpath/snapshot.h>

#ifdef __cplusplus
extern "C" {
#endif

/* [cffi] */

/* What one worker dispatches with. One owner; one thread at a time. */
typedef struct fp_dispatcher fp_dispatcher;

/* What is to be done with a request. */
typedef enum fp_dispatch_outcome {
  FASTPATH_DISPATCH_HOST = 0,          /* forward it to `host` */
  FASTPATH_DISPATCH_ANSWER = 1,        /* the callback named no picker: the route answers by itself */
  FASTPATH_DISPATCH_NO_ROUTE = 2,      /* 404 */
  FASTPATH_DISPATCH_NO_HOST = 3,       /* the picker has no host to give: 503 */
  FASTPATH_DISPATCH_TLS_REDIRECT = 4,  /* 301 to the same place by https; there is no route */
  FASTPATH_DISPATCH_PATH_REDIRECT = 5 /* 307 to request.path: the normaliser wants it; the route is what it would be */
} fp_dispatch_outcome;

/* A decision. The caller's; what it points to is borrowed until the dispatcher is next used or freed. */
typedef struct fp_dispatch {
  fp_dispatch_outcome outcome;
  fp_route_match match; /* indices FASTPATH_ROUTE_INDEX_NONE when there is no route */
  uint32_t share; /* of the route's split, chosen by request.random; FASTPATH_ROUTE_INDEX_NONE when it has none */
  int path_action; /* fp_path_action: what the normaliser made of the path */
  const fp_route_table *table; /* that the indices are of */
  fp_route_request request; /* as it was matched: host and path normalised; points into data too */
  fp_picker *picker; /* that chose, or had nothing to give; else NULL */
  fp_host *host; /* with HOST; else NULL. Nothing is counted: see fp_host_acquire */
  size_t host_index; /* in fp_picker_host_set(picker), with HOST */
} fp_dispatch;

/*
 * Says who chooses the host of a route that was found: a picker, or NULL when the route answers by itself. `found` has
 * all but the last three fields; `share` may be changed, for those who split by something else than chance. `options`
 * are all zero and may be filled in; what they point to must last until the dispatching call returns. Called in the
 * thread that dispatches, at most once for each call; must not use the dispatcher.
 */
typedef fp_picker *(*fp_dispatch_picker_fn)(void *context, fp_dispatch *found, fp_pick_options *options);

typedef struct fp_dispatch_config {
  fp_snapshot_cell *routes; /* whose snapshots are fp_route_tables; the dispatcher references it */
  fp_dispatch_picker_fn picker_of;
  void *context; /* for picker_of; must outlive the dispatcher */
  const fp_http_limits *limits; /* copied; NULL: the defaults */
  const fp_path_options *path_options; /* copied; NULL: paths are matched as they come */
  fp_authority_options authority_options;
  uint32_t https; /* 1 when requests come by https */
  uint64_t seed; /* of the numbers that decide about shares and fractions */
} fp_dispatch_config;

/* NULL when out of memory. routes and picker_of must not be NULL. Threads: any. */
fp_dispatcher *fp_dispatcher_new(const fp_dispatch_config *config);
void fp_dispatcher_free(fp_dispatcher *dispatcher); /* NULL is allowed */

/*
 * Decide about the request that starts at data[0].
 *   data, len  borrowed for the call, and for as long as the decision is looked at
 *   head       as for fp_http_parse_request; written when the head is complete and not refused
 *   flags      FASTPATH_ROUTE_REQUEST_*: what is known of the connection
 *   found      written on OK only
 * OK: there is a decision, of whatever outcome. NEED_MORE: the head is not complete. Errors: as fp_http_parse_request
 * for a head that is refused, as fp_path_normalize for its path, as fp_picker_pick, MEMORY; after each of them the
 * dispatcher goes on with the next request. Never waits for an update of routes or clusters.
 */
fp_status fp_dispatcher_run(fp_dispatcher *dispatcher, const uint8_t *data, size_t len, fp_http_head *head,
                            uint32_t flags, fp_dispatch *found, fp_error *error);

/* The same for a head that was parsed already, whose offsets count from `data`: never NEED_MORE. */
fp_status fp_dispatcher_run_head(fp_dispatcher *dispatcher, const uint8_t *data, const fp_http_head *head,
                                 uint32_t flags, fp_dispatch *found, fp_error *error);

/* [/cffi] */

#ifdef __cplusplus
}
#endif
#endif
