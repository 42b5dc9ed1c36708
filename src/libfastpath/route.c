#include <fastpath/route.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "bits.h"
#include "domain.h"
#include "error.h"
#include "http_names_table.h"
#include "memory.h"
#include "route_builder.h"
#include "route_headers.h"

static fp_status out_of_memory(fp_error *error) {
  return fp_error_set(error, FASTPATH_ERR_MEMORY, 0, 0, "out of memory");
}

struct fp_route_table {
  fp_domain_index domains;
  fp_virtual_host **hosts;
  uint32_t host_count;
  bool ignore_port;
  bool ignore_parameters;
  bool one_host; /* is all there is to find, and paths are compared as they come */
  fp_condition host_header; /* names what domains are compared with */
  uint8_t *host_header_text; /* its own; NULL: they are compared with the authority */
  void *context;
  fp_route_release_fn release;
  _Atomic size_t references;
};

fp_status fp_route_builder_share_virtual_host(fp_route_builder *builder, const fp_route_table *table,
                                              uint32_t virtual_host, fp_error *error) {
  if (virtual_host >= table->host_count) {
    return fp_error_set(error, FASTPATH_ERR_ARGUMENT, 0, virtual_host, "the table has no such virtual host");
  }
  return fp_route_builder_add_host(builder, table->hosts[virtual_host], error);
}

static fp_status build_hosts(fp_route_table *table, const fp_route_builder *builder, fp_error *error) {
  const fp_host_spec *specs = builder->hosts.items;
  const size_t count = builder->hosts.count;
  table->hosts = fp_memory_alloc((count == 0 ? 1 : count) * sizeof(fp_virtual_host *));
  if (table->hosts == NULL) return out_of_memory(error);
  for (size_t i = 0; i < count; i++) {
    const size_t start = specs[i].routes, end = i + 1 < count ? specs[i + 1].routes : builder->routes.count;
    if (specs[i].shared != NULL) {
      table->hosts[i] = fp_virtual_host_ref(specs[i].shared);
    } else {
      const fp_status status =
          specs[i].tree != NULL
              ? fp_virtual_host_new_with_tree(builder, start, specs[i].tree, specs[i].require_tls, &table->hosts[i],
                                              error)
              : fp_virtual_host_new(builder, start, end - start, specs[i].require_tls, &table->hosts[i], error);
      if (status < 0) {
        if (status == FASTPATH_ERR_CONFIG_WEIGHT && error != NULL) error->position += start;
        return status;
      }
    }
    table->host_count++;
  }
  return FASTPATH_OK;
}

static void drop_hosts(fp_route_table *table) {
  for (uint32_t i = 0; i < table->host_count; i++) fp_virtual_host_unref(table->hosts[i]);
  fp_memory_free(table->hosts);
}

fp_status fp_route_builder_build(fp_route_builder *builder, uint32_t flags, fp_route_table **table, fp_error *error) {
  fp_route_table *made;
  fp_status status;
  if ((flags & ~(uint32_t)(FASTPATH_ROUTE_TABLE_IGNORE_PORT | FASTPATH_ROUTE_TABLE_IGNORE_PARAMETERS)) != 0) {
    return fp_error_set(error, FASTPATH_ERR_ARGUMENT, 0, 0, "no such flag");
  }
  made = fp_memory_alloc(sizeof *made);
  if (made == NULL) return out_of_memory(error);
  memset(made, 0, sizeof *made);
  atomic_init(&made->references, 1);
  made->ignore_port = (flags & FASTPATH_ROUTE_TABLE_IGNORE_PORT) != 0;
  made->ignore_parameters = (flags & FASTPATH_ROUTE_TABLE_IGNORE_PARAMETERS) != 0;
  status = fp_domain_index_build(&made->domains, builder->domain_bytes.items, builder->domain_bytes.count,
                                 builder->domains.items, builder->domains.count, error);
  if (status < 0) {
    fp_memory_free(made);
    return status;
  }
  status = build_hosts(made, builder, error);
  if (status < 0) {
    fp_route_table_unref(made);
    return status;
  }
  made->host_header = builder->host_header;
  made->host_header_text = builder->host_header_text;
  builder->host_header_text = NULL;
  made->one_host = made->domains.only_default && made->host_header_text == NULL && !made->ignore_parameters;
  fp_route_builder_clear(builder);
  *table = made;
  return FASTPATH_OK;
}

fp_route_table *fp_route_table_ref(fp_route_table *table) {
  atomic_fetch_add_explicit(&table->references, 1, memory_order_relaxed);
  return table;
}

void fp_route_table_unref(fp_route_table *table) {
  if (table == NULL || atomic_fetch_sub_explicit(&table->references, 1, memory_order_acq_rel) != 1) return;
  fp_domain_index_clear(&table->domains);
  drop_hosts(table);
  fp_memory_free(table->host_header_text);
  if (table->release != NULL) table->release(table->context);
  fp_memory_free(table);
}

void fp_route_table_set_context(fp_route_table *table, void *context, fp_route_release_fn release) {
  table->context = context;
  table->release = release;
}

void *fp_route_table_context(const fp_route_table *table) { return table->context; }

size_t fp_route_table_size(const fp_route_table *table) {
  size_t size =
      sizeof *table + table->host_header.name_len + table->domains.size + table->host_count * sizeof(fp_virtual_host *);
  for (uint32_t i = 0; i < table->host_count; i++) size += table->hosts[i]->size;
  return size;
}

uint32_t fp_route_table_virtual_host_count(const fp_route_table *table) { return table->host_count; }

/* The host without what follows its last ':', unless that stands inside the brackets of an IPv6 address. */
static size_t without_port(const uint8_t *host, size_t len) {
  for (size_t at = len; at-- > 0;) {
    if (host[at] == ']') break;
    if (host[at] == ':') return at;
  }
  return len;
}

void fp_route_table_next_shadowed(const fp_route_table *table, uint32_t virtual_host, uint32_t from, uint32_t *route,
                                  uint32_t *by) {
  *route = *by = FASTPATH_ROUTE_INDEX_NONE;
  if (virtual_host < table->host_count) fp_virtual_host_next_shadowed(table->hosts[virtual_host], from, route, by);
}

/* Whether the virtual host, which asks for TLS, wants the request to come again by it. */
static bool wants_tls(const fp_virtual_host *host, const fp_route_request *request) {
  const fp_span proto = fp_request_forwarded_proto(request);
  if (proto.len == 5 && memcmp(proto.data, "https", 5) == 0) return false;
  return host->require_tls == FASTPATH_ROUTE_TLS_ALL || (request->flags & FASTPATH_ROUTE_REQUEST_INTERNAL) == 0;
}

/* What is there, but empty: with such an x-forwarded-proto, as in Envoy, a request takes no route. */
static inline bool is_empty(fp_span value) { return value.data != NULL && value.len == 0; }

/* The asterisk of OPTIONS, or a query alone ("http://host?query"): as in Envoy no route takes what is no path. */
static inline bool is_no_path(fp_span path) {
  return path.len > 0 && (path.data[0] == '?' || (path.len == 1 && path.data[0] == '*'));
}

static fp_status match_nothing(uint32_t index, fp_route_match *match) {
  *match = (fp_route_match){.virtual_host = index, .route = FASTPATH_ROUTE_INDEX_NONE};
  return FASTPATH_NONE;
}

/* The route of a virtual host, with all that stands before its routes. */
static FASTPATH_NOINLINE fp_status match_any(const fp_route_table *table, uint32_t index,
                                             const fp_route_request *request, fp_route_match *match) {
  const fp_virtual_host *host = table->hosts[index];
  fp_asked_request asked;
  uint32_t route, own;
  fp_status status;
  if (is_no_path(request->path)) return match_nothing(index, match);
  fp_asked_request_init(&asked, request);
  if (unlikely(fp_asked_may_have(&asked, sizeof "x-forwarded-proto" - 1, HTTP_NAME_X_FORWARDED_PROTO)) &&
      is_empty(fp_request_forwarded_proto(request))) {
    return match_nothing(index, match);
  }
  if (host->require_tls != FASTPATH_ROUTE_TLS_NONE && wants_tls(host, request)) {
    *match = (fp_route_match){.virtual_host = index, .route = FASTPATH_ROUTE_INDEX_NONE, .tls_redirect = 1};
    return FASTPATH_OK;
  }
  status = fp_virtual_host_find(host, &asked, table->ignore_parameters, &route);
  if (status < 0) return status;
  if (route == FASTPATH_ROUTE_INDEX_NONE) return match_nothing(index, match);
  own = route;
  host = fp_virtual_host_of(host, &own);
  *match =
      (fp_route_match){.virtual_host = index, .route = route, .share_total = fp_virtual_host_share_total(host, own)};
  return FASTPATH_OK;
}

/* The same where the routes have nothing but paths, of which one is asked for. */
FASTPATH_INLINE fp_status match_path(const fp_virtual_host *host, uint32_t index, fp_span path, fp_route_match *match) {
  uint32_t route;
  *match = (fp_route_match){.virtual_host = index};
  route = fp_route_trie_first(&host->cased.trie, path.data, path.len);
  match->route = route;
  return route == FASTPATH_ROUTE_INDEX_NONE ? FASTPATH_NONE : FASTPATH_OK;
}

static FASTPATH_NOINLINE fp_status match_with_fields(const fp_virtual_host *host, uint32_t index,
                                                     const fp_route_request *request, fp_route_match *match) {
  if (is_empty(fp_request_forwarded_proto(request))) return match_nothing(index, match);
  return match_path(host, index, request->path, match);
}

FASTPATH_INLINE fp_status match_host(const fp_route_table *table, uint32_t index, const fp_route_request *request,
                                     bool ignore_parameters, fp_route_match *match) {
  const fp_virtual_host *host = table->hosts[index];
  if (!host->plain || ignore_parameters || request->path.len <= 1 || unlikely(request->path.data[0] == '?')) {
    return match_any(table, index, request, match);
  }
  if (request->field_count > 0) return match_with_fields(host, index, request, match);
  return match_path(host, index, request->path, match);
}

/* By the virtual host whose domain fits best. */
static FASTPATH_NOINLINE fp_status match_domain(const fp_route_table *table, fp_span host,
                                                const fp_route_request *request, fp_route_match *match) {
  uint32_t index;
  if (table->ignore_port && host.data != NULL) host.len = without_port(host.data, host.len);
  index = fp_domain_index_find(&table->domains, host.data, host.len);
  return index == FASTPATH_ROUTE_INDEX_NONE ? match_nothing(index, match)
                                            : match_host(table, index, request, table->ignore_parameters, match);
}

/* By the virtual host that a header names. Apart, since there has to be room for one that comes in several lines. */
static FASTPATH_NOINLINE fp_status match_header(const fp_route_table *table, const fp_route_request *request,
                                                fp_route_match *match) {
  fp_joined_header joined = {.block = NULL};
  fp_asked_request asked;
  fp_span host;
  fp_status status;
  fp_asked_request_init(&asked, request);
  status = fp_condition_first_line(&table->host_header, &asked, &joined, &host);
  if (status < 0) return status;
  status = match_domain(table, host, request, match);
  fp_joined_header_clear(&joined);
  return status;
}

fp_status fp_route_table_match(const fp_route_table *table, const fp_route_request *request, fp_route_match *match) {
  if (likely(table->one_host)) return match_host(table, table->domains.default_host, request, false, match);
  if (table->host_header_text != NULL) return match_header(table, request, match);
  return match_domain(table, request->authority, request, match);
}

uint32_t fp_route_table_choose_share(const fp_route_table *table, const fp_route_match *match, uint64_t value) {
  uint32_t route = match->route;
  if (match->share_total == 0) return FASTPATH_ROUTE_INDEX_NONE;
  const fp_virtual_host *host = fp_virtual_host_of(table->hosts[match->virtual_host], &route);
  return fp_virtual_host_share(host, route, (uint32_t)(value % match->share_total));
}

static const fp_path_template *template_of(const fp_route_table *table, const fp_route_match *match) {
  uint32_t route = match->route;
  const fp_virtual_host *host = fp_virtual_host_of(table->hosts[match->virtual_host], &route);
  return route < host->route_count ? host->by_route[route] : NULL;
}

uint32_t fp_route_table_param_count(const fp_route_table *table, const fp_route_match *match) {
  const fp_path_template *template = template_of(table, match);
  return template == NULL ? 0 : template->variable_count;
}

fp_span fp_route_table_param_name(const fp_route_table *table, const fp_route_match *match, uint32_t index) {
  const fp_path_template *template = template_of(table, match);
  const fp_template_variable *variable = &template->variables[index];
  return (fp_span){template->text + variable->name, variable->name_len};
}

void fp_route_table_params(const fp_route_table *table, const fp_route_match *match, fp_span path, fp_span *params) {
  const fp_path_template *template = template_of(table, match);
  if (template != NULL) fp_path_template_params(template, path.data, path.len, params);
}

/* ---- trees ---- */

static const fp_match_tree *tree_of(const fp_route_table *table, uint32_t virtual_host) {
  return virtual_host < table->host_count ? table->hosts[virtual_host]->tree : NULL;
}

uint32_t fp_route_table_list_count(const fp_route_table *table, uint32_t virtual_host) {
  const fp_match_tree *tree = tree_of(table, virtual_host);
  return tree == NULL ? 0 : tree->list_count;
}

void fp_route_table_list(const fp_route_table *table, uint32_t virtual_host, uint32_t index, uint32_t *first,
                         uint32_t *end) {
  const fp_match_tree *tree = tree_of(table, virtual_host);
  *first = tree->lists[index];
  *end = tree->lists[index + 1];
}

fp_status fp_route_table_choose_list(const fp_route_table *table, uint32_t virtual_host,
                                     const fp_route_request *request, uint32_t *index) {
  const fp_match_tree *tree = tree_of(table, virtual_host);
  fp_asked_request asked;
  if (tree == NULL) return FASTPATH_ERR_ARGUMENT;
  fp_asked_request_init(&asked, request);
  return fp_match_tree_find(tree, &asked, index);
}
