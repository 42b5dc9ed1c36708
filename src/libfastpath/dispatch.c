#include <fastpath/dispatch.h>
#include <string.h>

#include "error.h"
#include "memory.h"

struct fp_dispatcher {
  fp_snapshot_reader routes;
  fp_dispatch_picker_fn picker_of;
  void *context;
  fp_http_limits limits;
  fp_path_options path_options;
  fp_authority_options authority_options;
  fp_span scheme;
  uint64_t random;
  int normalizes_paths;
  int normalizes_authority;
  uint8_t *room; /* for normalised hosts and paths */
  size_t capacity;
};

static fp_span literal(const char *text) { return (fp_span){(const uint8_t *)text, strlen(text)}; }

fp_dispatcher *fp_dispatcher_new(const fp_dispatch_config *config) {
  const fp_authority_options *authority = &config->authority_options;
  fp_dispatcher *made = fp_memory_alloc(sizeof *made);
  if (made == NULL) return NULL;
  *made = (fp_dispatcher){
      .picker_of = config->picker_of,
      .context = config->context,
      .authority_options = *authority,
      .scheme = literal(config->https ? "https" : "http"),
      .random = config->seed,
      .normalizes_paths = config->path_options != NULL,
      .normalizes_authority = authority->strip_trailing_dot || authority->strip_any_port || authority->strip_port != 0};
  if (config->limits != NULL) {
    made->limits = *config->limits;
  } else {
    fp_http_limits_default(&made->limits);
  }
  if (config->path_options != NULL) made->path_options = *config->path_options;
  fp_snapshot_reader_init(&made->routes, config->routes);
  return made;
}

void fp_dispatcher_free(fp_dispatcher *dispatcher) {
  if (dispatcher == NULL) return;
  fp_snapshot_reader_clear(&dispatcher->routes);
  fp_memory_free(dispatcher->room);
  fp_memory_free(dispatcher);
}

static fp_span path_of(const uint8_t *data, const fp_http_head *head) {
  fp_span path = {data + head->path_off, head->path_len};
  if (head->query_off != 0) {
    path.len = (size_t)head->query_off + head->query_len - head->path_off;
  } else if (head->path_len == 0 && head->flags & FASTPATH_HTTP_ABSOLUTE_FORM) {
    path = literal("/"); /* RFC 9110 section 4.2.3: an empty path means the root. To Envoy a query alone is no path. */
  }
  return path;
}

/* The scheme that an absolute target names, "http" or "https". */
static uint32_t target_flag(const uint8_t *data, const fp_http_head *head) {
  if (!(head->flags & FASTPATH_HTTP_ABSOLUTE_FORM)) return 0;
  return data[head->target_off + 4] == ':' ? FASTPATH_ROUTE_REQUEST_TARGET_HTTP : FASTPATH_ROUTE_REQUEST_TARGET_HTTPS;
}

static fp_route_request request_of(const uint8_t *data, const fp_http_head *head) {
  return (fp_route_request){
      .authority = {head->authority_len != 0 ? data + head->authority_off : NULL, head->authority_len},
      .path = path_of(data, head),
      .method = {data + head->method_off, head->method_len},
      .data = data,
      .fields = head->fields,
      .field_count = head->field_count,
      .flags = target_flag(data, head)};
}

/* Room for so many bytes, whose contents do not matter yet. */
static fp_status reserve(fp_dispatcher *dispatcher, size_t size, fp_error *error) {
  if (size > dispatcher->capacity) {
    uint8_t *room = fp_memory_alloc(size);
    if (room == NULL) return fp_error_set(error, FASTPATH_ERR_MEMORY, 0, 0, "out of memory");
    fp_memory_free(dispatcher->room);
    dispatcher->room = room;
    dispatcher->capacity = size;
  }
  return FASTPATH_OK;
}

/* Changes host and path of the request as the connection manager wants them: into the dispatcher's room. */
static fp_status normalize(fp_dispatcher *dispatcher, fp_route_request *request, int *path_action, fp_error *error) {
  const size_t authority_room = dispatcher->normalizes_authority ? request->authority.len : 0;
  const int has_path = dispatcher->normalizes_paths && request->path.len != 0;
  const size_t path_room = has_path ? fp_path_capacity(request->path.len) : 0;
  fp_path path;
  fp_status status = reserve(dispatcher, authority_room + path_room, error);
  *path_action = FASTPATH_PATH_UNCHANGED;
  if (status >= 0 && has_path) {
    status = fp_path_normalize(&dispatcher->path_options, request->path.data, request->path.len,
                               dispatcher->room + authority_room, path_room, &path, error);
    if (status >= 0) {
      request->path = path.whole;
      *path_action = path.action;
    }
  }
  if (status >= 0 && authority_room != 0)
    request->authority = fp_authority_normalize(&dispatcher->authority_options, request->authority.data,
                                                request->authority.len, dispatcher->room);
  return status;
}

/* The host for a route that was found. */
static fp_status choose(fp_dispatcher *dispatcher, fp_dispatch *found) {
  fp_pick_options options = {0};
  fp_status status;
  found->share = found->match.share_total == 0
                     ? FASTPATH_ROUTE_INDEX_NONE
                     : fp_route_table_choose_share(found->table, &found->match, found->request.random);
  if (found->path_action == FASTPATH_PATH_REDIRECT) {
    found->outcome = FASTPATH_DISPATCH_PATH_REDIRECT;
    return FASTPATH_OK;
  }
  found->outcome = FASTPATH_DISPATCH_ANSWER;
  found->picker = dispatcher->picker_of(dispatcher->context, found, &options);
  if (found->picker == NULL) return FASTPATH_OK;
  status = fp_picker_pick(found->picker, &options, &found->host, &found->host_index);
  if (status < 0) return status;
  found->outcome = status == FASTPATH_OK ? FASTPATH_DISPATCH_HOST : FASTPATH_DISPATCH_NO_HOST;
  return FASTPATH_OK;
}

static fp_status decide(fp_dispatcher *dispatcher, fp_dispatch *found, fp_error *error) {
  fp_status status;
  found->table = fp_snapshot_read(&dispatcher->routes);
  status = fp_route_table_match(found->table, &found->request, &found->match);
  if (status == FASTPATH_OK && found->match.tls_redirect) {
    found->outcome = FASTPATH_DISPATCH_TLS_REDIRECT;
  } else if (status == FASTPATH_OK) {
    status = choose(dispatcher, found);
  } else if (status == FASTPATH_NONE) {
    found->outcome = FASTPATH_DISPATCH_NO_ROUTE;
    found->match.virtual_host = found->match.route = FASTPATH_ROUTE_INDEX_NONE;
    status = FASTPATH_OK;
  }
  if (status >= 0) return status;
  return fp_error_set(error, status, 0, SIZE_MAX,
                      status == FASTPATH_ERR_MEMORY ? "out of memory" : "the policy has failed");
}

fp_status fp_dispatcher_run_head(fp_dispatcher *dispatcher, const uint8_t *data, const fp_http_head *head,
                                 uint32_t flags, fp_dispatch *found, fp_error *error) {
  fp_dispatch made = {.share = FASTPATH_ROUTE_INDEX_NONE, .request = request_of(data, head)};
  fp_status status = normalize(dispatcher, &made.request, &made.path_action, error);
  if (status < 0) return status;
  made.request.scheme = dispatcher->scheme;
  made.request.flags |= flags;
  made.request.random = fp_lb_random(&dispatcher->random);
  status = decide(dispatcher, &made, error);
  if (status >= 0) *found = made;
  return status;
}

fp_status fp_dispatcher_run(fp_dispatcher *dispatcher, const uint8_t *data, size_t len, fp_http_head *head,
                            uint32_t flags, fp_dispatch *found, fp_error *error) {
  const fp_status status = fp_http_parse_request(data, len, &dispatcher->limits, head, error);
  return status == FASTPATH_OK ? fp_dispatcher_run_head(dispatcher, data, head, flags, found, error) : status;
}
