#include <fastpath/route.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "domain.h"
#include "error.h"
#include "memory.h"
#include "virtual_host.h"

/* ---- a growing array ---- */

typedef struct {
  void *items;
  size_t count;
  size_t room;
} list;

/* Room for `more` items; they stay valid until the next call. NULL when out of memory. */
static void *list_add(list *to, size_t more, size_t item_size) {
  void *added;
  if (more > to->room - to->count) {
    size_t room = to->room < 8 ? 8 : to->room;
    void *items;
    while (room - to->count < more) {
      if (room > SIZE_MAX / 2 / item_size) return NULL;
      room *= 2;
    }
    items = fp_memory_resize(to->items, room * item_size);
    if (items == NULL) return NULL;
    to->items = items;
    to->room = room;
  }
  added = (uint8_t *)to->items + to->count * item_size;
  to->count += more;
  return added;
}

static void list_clear(list *of) {
  fp_memory_free(of->items);
  *of = (list){0};
}

/* Adds the bytes, and a '/' that is not one of them: so an empty string has an address, and see fp_route_spec. */
static bool list_add_bytes(list *to, const uint8_t *bytes, size_t len, size_t *offset) {
  uint8_t *room;
  *offset = to->count;
  room = list_add(to, len + 1, 1);
  if (room == NULL) return false;
  if (len > 0) memcpy(room, bytes, len);
  room[len] = '/';
  return true;
}

/* ---- the builder ---- */

typedef struct {
  size_t routes;           /* index of its first route */
  fp_virtual_host *shared; /* counted; NULL: compiled from the routes */
} host_spec;

struct fp_route_builder {
  list hosts;        /* host_spec */
  list routes;       /* fp_route_spec */
  list paths;        /* bytes */
  list weights;      /* uint32_t */
  list domains;      /* fp_domain */
  list domain_bytes; /* in lower case */
  uint64_t last_total; /* sum of the last route's weights */
};

static fp_status out_of_memory(fp_error *error) {
  return fp_error_set(error, FASTPATH_ERR_MEMORY, 0, 0, "out of memory");
}

static void clear(fp_route_builder *builder) {
  const host_spec *hosts = builder->hosts.items;
  for (size_t i = 0; i < builder->hosts.count; i++) fp_virtual_host_unref(hosts[i].shared);
  list_clear(&builder->hosts);
  list_clear(&builder->routes);
  list_clear(&builder->paths);
  list_clear(&builder->weights);
  list_clear(&builder->domains);
  list_clear(&builder->domain_bytes);
}

fp_route_builder *fp_route_builder_new(void) {
  fp_route_builder *builder = fp_memory_alloc(sizeof *builder);
  if (builder != NULL) memset(builder, 0, sizeof *builder);
  return builder;
}

void fp_route_builder_free(fp_route_builder *builder) {
  if (builder == NULL) return;
  clear(builder);
  fp_memory_free(builder);
}

static host_spec *current_host(const fp_route_builder *builder) {
  host_spec *hosts = builder->hosts.items;
  return builder->hosts.count == 0 ? NULL : &hosts[builder->hosts.count - 1];
}

static fp_status add_host(fp_route_builder *builder, fp_virtual_host *shared, fp_error *error) {
  host_spec *host;
  if (builder->hosts.count == FASTPATH_ROUTE_INDEX_NONE) {
    return fp_error_set(error, FASTPATH_ERR_OVERFLOW, 0, 0, "too many virtual hosts for one table");
  }
  host = list_add(&builder->hosts, 1, sizeof *host);
  if (host == NULL) return out_of_memory(error);
  host->routes = builder->routes.count;
  host->shared = shared == NULL ? NULL : fp_virtual_host_ref(shared);
  return FASTPATH_OK;
}

fp_status fp_route_builder_add_virtual_host(fp_route_builder *builder, fp_error *error) {
  return add_host(builder, NULL, error);
}

/* The offset of the first byte that no configured string may hold, or len. */
static size_t find_forbidden(const uint8_t *bytes, size_t len) {
  for (size_t i = 0; i < len; i++) {
    if (bytes[i] == '\0' || bytes[i] == '\r' || bytes[i] == '\n') return i;
  }
  return len;
}

fp_status fp_route_builder_add_domain(fp_route_builder *builder, const uint8_t *domain, size_t len, fp_error *error) {
  const size_t forbidden = find_forbidden(domain, len);
  fp_domain *added;
  size_t offset;
  if (current_host(builder) == NULL) {
    return fp_error_set(error, FASTPATH_ERR_STATE, 0, 0, "a domain needs a virtual host first");
  }
  if (len > FASTPATH_ROUTE_DOMAIN_MAX) {
    return fp_error_set(error, FASTPATH_ERR_CONFIG_DOMAIN, 0, FASTPATH_ROUTE_DOMAIN_MAX,
                        "domain of %zu bytes is longer than %d", len, FASTPATH_ROUTE_DOMAIN_MAX);
  }
  if (forbidden < len) {
    return fp_error_set(error, FASTPATH_ERR_CONFIG_DOMAIN, 0, forbidden, "domain contains byte 0x%02x at %zu",
                        domain[forbidden], forbidden);
  }
  if (!list_add_bytes(&builder->domain_bytes, domain, len, &offset)) return out_of_memory(error);
  fp_domain_lower((uint8_t *)builder->domain_bytes.items + offset, domain, len);
  added = list_add(&builder->domains, 1, sizeof *added);
  if (added == NULL) return out_of_memory(error);
  *added = (fp_domain){.offset = offset, .len = (uint32_t)len, .virtual_host = (uint32_t)(builder->hosts.count - 1)};
  return FASTPATH_OK;
}

static fp_status check_path(fp_route_path_kind kind, const uint8_t *path, size_t len, fp_error *error) {
  const size_t forbidden = find_forbidden(path, len);
  if (forbidden < len) {
    return fp_error_set(error, FASTPATH_ERR_CONFIG_PATH, 0, forbidden, "path contains byte 0x%02x at %zu",
                        path[forbidden], forbidden);
  }
  if (kind != FASTPATH_ROUTE_PATH_SEPARATED) return FASTPATH_OK;
  if (len < 2) {
    return fp_error_set(error, FASTPATH_ERR_CONFIG_PATH, 0, 0, "a separated prefix has at least two bytes");
  }
  for (size_t i = 0; i < len; i++) {
    if (path[i] == '?' || path[i] == '#' || (path[i] == '/' && i == len - 1)) {
      return fp_error_set(error, FASTPATH_ERR_CONFIG_PATH, 0, i,
                          "a separated prefix contains no '?' or '#' and does not end with '/'");
    }
  }
  return FASTPATH_OK;
}

fp_status fp_route_builder_add_route(fp_route_builder *builder, fp_route_path_kind kind, const uint8_t *path,
                                     size_t len, uint32_t flags, fp_error *error) {
  const host_spec *host = current_host(builder);
  fp_route_spec *route;
  size_t offset;
  fp_status status;
  if (host == NULL || host->shared != NULL) {
    return fp_error_set(error, FASTPATH_ERR_STATE, 0, 0, "a route needs a virtual host that is not shared first");
  }
  if ((unsigned)kind > FASTPATH_ROUTE_PATH_SEPARATED || (flags & ~(uint32_t)FASTPATH_ROUTE_IGNORE_CASE) != 0) {
    return fp_error_set(error, FASTPATH_ERR_ARGUMENT, 0, 0, "no such kind of path, or no such flag");
  }
  if (len >= UINT32_MAX || builder->routes.count - host->routes >= FASTPATH_ROUTE_INDEX_NONE) {
    return fp_error_set(error, FASTPATH_ERR_OVERFLOW, 0, 0, "the path is too long, or the routes are too many");
  }
  status = check_path(kind, path, len, error);
  if (status < 0) return status;
  if (!list_add_bytes(&builder->paths, path, len, &offset)) return out_of_memory(error);
  route = list_add(&builder->routes, 1, sizeof *route);
  if (route == NULL) return out_of_memory(error);
  *route = (fp_route_spec){.offset = offset,
                           .len = (uint32_t)len,
                           .kind = (uint8_t)kind,
                           .ignore_case = (flags & FASTPATH_ROUTE_IGNORE_CASE) != 0};
  builder->last_total = 0;
  return FASTPATH_OK;
}

fp_status fp_route_builder_add_share(fp_route_builder *builder, uint32_t weight, fp_error *error) {
  const host_spec *host = current_host(builder);
  fp_route_spec *routes = builder->routes.items, *route;
  uint32_t *added;
  if (host == NULL || builder->routes.count == host->routes) {
    return fp_error_set(error, FASTPATH_ERR_STATE, 0, 0, "a share needs a route first");
  }
  if (builder->last_total + weight > UINT32_MAX) {
    return fp_error_set(error, FASTPATH_ERR_CONFIG_WEIGHT, 0, 0, "the sum of the weights is above 4294967295");
  }
  if (builder->weights.count >= UINT32_MAX - 1) {
    return fp_error_set(error, FASTPATH_ERR_OVERFLOW, 0, 0, "too many weighted clusters for one table");
  }
  added = list_add(&builder->weights, 1, sizeof *added);
  if (added == NULL) return out_of_memory(error);
  *added = weight;
  route = &routes[builder->routes.count - 1];
  if (route->share_count++ == 0) route->shares = (uint32_t)(builder->weights.count - 1);
  builder->last_total += weight;
  return FASTPATH_OK;
}

/* ---- the table ---- */

struct fp_route_table {
  fp_domain_index domains;
  fp_virtual_host **hosts;
  uint32_t host_count;
  bool ignore_port;
  void *context;
  fp_route_release_fn release;
  _Atomic size_t references;
};

fp_status fp_route_builder_share_virtual_host(fp_route_builder *builder, const fp_route_table *table,
                                              uint32_t virtual_host, fp_error *error) {
  if (virtual_host >= table->host_count) {
    return fp_error_set(error, FASTPATH_ERR_ARGUMENT, 0, virtual_host, "the table has no such virtual host");
  }
  return add_host(builder, table->hosts[virtual_host], error);
}

static fp_status build_hosts(fp_route_table *table, const fp_route_builder *builder, fp_error *error) {
  const host_spec *specs = builder->hosts.items;
  const fp_route_spec *routes = builder->routes.items;
  const size_t count = builder->hosts.count;
  table->hosts = fp_memory_alloc((count == 0 ? 1 : count) * sizeof(fp_virtual_host *));
  if (table->hosts == NULL) return out_of_memory(error);
  for (size_t i = 0; i < count; i++) {
    const size_t start = specs[i].routes, end = i + 1 < count ? specs[i + 1].routes : builder->routes.count;
    if (specs[i].shared != NULL) {
      table->hosts[i] = fp_virtual_host_ref(specs[i].shared);
    } else {
      const fp_status status = fp_virtual_host_new(builder->paths.items, start == end ? NULL : routes + start,
                                                   end - start, builder->weights.items, &table->hosts[i], error);
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
  if ((flags & ~(uint32_t)FASTPATH_ROUTE_TABLE_IGNORE_PORT) != 0) {
    return fp_error_set(error, FASTPATH_ERR_ARGUMENT, 0, 0, "no such flag");
  }
  made = fp_memory_alloc(sizeof *made);
  if (made == NULL) return out_of_memory(error);
  memset(made, 0, sizeof *made);
  atomic_init(&made->references, 1);
  made->ignore_port = (flags & FASTPATH_ROUTE_TABLE_IGNORE_PORT) != 0;
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
  clear(builder);
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
  if (table->release != NULL) table->release(table->context);
  fp_memory_free(table);
}

void fp_route_table_set_context(fp_route_table *table, void *context, fp_route_release_fn release) {
  table->context = context;
  table->release = release;
}

void *fp_route_table_context(const fp_route_table *table) { return table->context; }

size_t fp_route_table_size(const fp_route_table *table) {
  size_t size = sizeof *table + table->domains.size + table->host_count * sizeof(fp_virtual_host *);
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

fp_status fp_route_table_match(const fp_route_table *table, const fp_route_request *request, fp_route_match *match) {
  const fp_span host = request->authority, path = request->path;
  const size_t host_len = table->ignore_port && host.data != NULL ? without_port(host.data, host.len) : host.len;
  const fp_virtual_host *found;
  match->route = FASTPATH_ROUTE_INDEX_NONE;
  match->share_total = 0;
  match->virtual_host = fp_domain_index_find(&table->domains, host.data, host_len);
  if (match->virtual_host == FASTPATH_ROUTE_INDEX_NONE || path.len == 0) return FASTPATH_NONE;
  found = table->hosts[match->virtual_host];
  match->route = fp_virtual_host_find(found, path.data, path.len);
  if (match->route == FASTPATH_ROUTE_INDEX_NONE) return FASTPATH_NONE;
  match->share_total = fp_virtual_host_share_total(found, match->route);
  return FASTPATH_OK;
}

uint32_t fp_route_table_choose_share(const fp_route_table *table, const fp_route_match *match, uint64_t value) {
  if (match->share_total == 0) return FASTPATH_ROUTE_INDEX_NONE;
  return fp_virtual_host_share(table->hosts[match->virtual_host], match->route, (uint32_t)(value % match->share_total));
}
