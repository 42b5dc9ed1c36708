#include "route_builder.h"

#include <string.h>

#include "domain.h"
#include "error.h"
#include "memory.h"
#include "route_trie.h"

static fp_status out_of_memory(fp_error *error) {
  return fp_error_set(error, FASTPATH_ERR_MEMORY, 0, 0, "out of memory");
}

/* Adds the bytes, and a '/' that is not one of them: so an empty string has an address, and see fp_route_spec. */
static bool add_bytes(fp_list *to, const uint8_t *bytes, size_t len, size_t *offset) {
  uint8_t *room;
  *offset = to->count;
  room = fp_list_add(to, len + 1, 1);
  if (room == NULL) return false;
  if (len > 0) memcpy(room, bytes, len);
  room[len] = '/';
  return true;
}

void fp_route_builder_clear(fp_route_builder *builder) {
  const fp_host_spec *hosts = builder->hosts.items;
  const fp_route_spec *routes = builder->routes.items;
  const fp_condition_spec *conditions = builder->conditions.items;
  for (size_t i = 0; i < builder->hosts.count; i++) {
    fp_virtual_host_unref(hosts[i].shared);
    fp_match_tree_unref(hosts[i].tree);
  }
  for (size_t i = 0; i < builder->routes.count; i++) {
    fp_regex_unref(routes[i].regex);
    fp_path_template_unref(routes[i].template);
  }
  for (size_t i = 0; i < builder->conditions.count; i++) fp_condition_clear(&conditions[i].condition);
  fp_list_clear(&builder->hosts);
  fp_list_clear(&builder->routes);
  fp_list_clear(&builder->conditions);
  fp_list_clear(&builder->text);
  fp_list_clear(&builder->weights);
  fp_list_clear(&builder->domains);
  fp_list_clear(&builder->domain_bytes);
  fp_memory_free(builder->host_header_text);
  builder->host_header_text = NULL;
}

fp_route_builder *fp_route_builder_new(void) {
  fp_route_builder *builder = fp_memory_alloc(sizeof *builder);
  if (builder != NULL) memset(builder, 0, sizeof *builder);
  return builder;
}

void fp_route_builder_free(fp_route_builder *builder) {
  if (builder == NULL) return;
  fp_route_builder_clear(builder);
  fp_memory_free(builder);
}

/* ---- virtual hosts and domains ---- */

fp_host_spec *fp_route_builder_current_host(const fp_route_builder *builder) {
  fp_host_spec *hosts = builder->hosts.items;
  return builder->hosts.count == 0 ? NULL : &hosts[builder->hosts.count - 1];
}

fp_status fp_route_builder_add_host(fp_route_builder *builder, fp_virtual_host *shared, fp_error *error) {
  fp_host_spec *host;
  if (builder->hosts.count == FASTPATH_ROUTE_INDEX_NONE) {
    return fp_error_set(error, FASTPATH_ERR_OVERFLOW, 0, 0, "too many virtual hosts for one table");
  }
  host = fp_list_add(&builder->hosts, 1, sizeof *host);
  if (host == NULL) return out_of_memory(error);
  *host = (fp_host_spec){.routes = builder->routes.count,
                         .shared = shared == NULL ? NULL : fp_virtual_host_ref(shared),
                         .require_tls = FASTPATH_ROUTE_TLS_NONE};
  return FASTPATH_OK;
}

fp_status fp_route_builder_add_virtual_host(fp_route_builder *builder, fp_error *error) {
  return fp_route_builder_add_host(builder, NULL, error);
}

fp_status fp_route_builder_require_tls(fp_route_builder *builder, fp_route_require_tls require, fp_error *error) {
  fp_host_spec *host = fp_route_builder_current_host(builder);
  if (host == NULL || host->shared != NULL) {
    return fp_error_set(error, FASTPATH_ERR_STATE, 0, 0, "there is no virtual host, or it is a shared one");
  }
  if ((unsigned)require > FASTPATH_ROUTE_TLS_ALL) {
    return fp_error_set(error, FASTPATH_ERR_ARGUMENT, 0, 0, "no such requirement");
  }
  host->require_tls = (uint8_t)require;
  return FASTPATH_OK;
}

fp_status fp_route_builder_set_host_header(fp_route_builder *builder, fp_span name, fp_error *error) {
  const fp_route_condition present = {
      .kind = FASTPATH_ROUTE_CONDITION_HEADER, .compare = FASTPATH_ROUTE_COMPARE_PRESENT, .name = name};
  fp_condition made;
  uint8_t *text;
  fp_status status = fp_condition_check(&present, error);
  if (status < 0) return status;
  text = fp_memory_alloc(name.len);
  if (text == NULL) return out_of_memory(error);
  status = fp_condition_new(&present, text, &made, error);
  if (status < 0) {
    fp_memory_free(text);
    return status;
  }
  fp_memory_free(builder->host_header_text);
  builder->host_header = made;
  builder->host_header_text = text;
  return FASTPATH_OK;
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
  if (fp_route_builder_current_host(builder) == NULL) {
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
  if (!add_bytes(&builder->domain_bytes, domain, len, &offset)) return out_of_memory(error);
  fp_domain_lower((uint8_t *)builder->domain_bytes.items + offset, domain, len);
  added = fp_list_add(&builder->domains, 1, sizeof *added);
  if (added == NULL) return out_of_memory(error);
  *added = (fp_domain){.offset = offset, .len = (uint32_t)len, .virtual_host = (uint32_t)(builder->hosts.count - 1)};
  return FASTPATH_OK;
}

/* ---- routes ---- */

static fp_status check_separated(const uint8_t *path, size_t len, fp_error *error) {
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

/* Checks the path, and compiles what is to be compiled. */
static fp_status read_path(fp_route_spec *route, const uint8_t *path, size_t len, uint32_t flags, fp_error *error) {
  const size_t forbidden = find_forbidden(path, len);
  if (forbidden < len && route->kind != FASTPATH_ROUTE_PATH_REGEX) {
    return fp_error_set(error, FASTPATH_ERR_CONFIG_PATH, 0, forbidden, "path contains byte 0x%02x at %zu",
                        path[forbidden], forbidden);
  }
  switch ((fp_route_path_kind)route->kind) {
    case FASTPATH_ROUTE_PATH_SEPARATED: return check_separated(path, len, error);
    case FASTPATH_ROUTE_PATH_REGEX: return fp_condition_regex(path, len, &route->regex, error);
    case FASTPATH_ROUTE_PATH_TEMPLATE:
      return fp_path_template_new(path, len, (flags & FASTPATH_ROUTE_ANY_SEGMENT) != 0, &route->template, error);
    case FASTPATH_ROUTE_PATH_PREFIX:
    case FASTPATH_ROUTE_PATH_EXACT:
    case FASTPATH_ROUTE_PATH_CONNECT: break;
  }
  return FASTPATH_OK;
}

fp_status fp_route_builder_add_route(fp_route_builder *builder, fp_route_path_kind kind, const uint8_t *path,
                                     size_t len, uint32_t flags, fp_error *error) {
  const uint32_t known = FASTPATH_ROUTE_IGNORE_CASE | FASTPATH_ROUTE_ANY_SEGMENT;
  const fp_host_spec *host = fp_route_builder_current_host(builder);
  fp_route_spec route = {.kind = (uint8_t)kind, .ignore_case = (flags & FASTPATH_ROUTE_IGNORE_CASE) != 0}, *added;
  fp_status status;
  if (host == NULL || host->shared != NULL || host->tree != NULL) {
    return fp_error_set(error, FASTPATH_ERR_STATE, 0, 0, "a route needs a virtual host first, that takes routes");
  }
  if ((unsigned)kind > FASTPATH_ROUTE_PATH_CONNECT || (flags & ~known) != 0) {
    return fp_error_set(error, FASTPATH_ERR_ARGUMENT, 0, 0, "no such kind of path, or no such flag");
  }
  if (len >= UINT32_MAX || builder->routes.count - host->routes >= FASTPATH_ROUTE_ROUTES_MAX) {
    return fp_error_set(error, FASTPATH_ERR_OVERFLOW, 0, 0, "the path is too long, or the routes are too many");
  }
  status = read_path(&route, path, len, flags, error);
  if (status < 0) return status;
  route.len = (uint32_t)len;
  added = add_bytes(&builder->text, path, len, &route.offset) ? fp_list_add(&builder->routes, 1, sizeof route) : NULL;
  if (added == NULL) {
    fp_regex_unref(route.regex);
    fp_path_template_unref(route.template);
    return out_of_memory(error);
  }
  *added = route;
  builder->last_total = 0;
  return FASTPATH_OK;
}

/* The last route of the current virtual host, or NULL. */
static fp_route_spec *last_route(const fp_route_builder *builder) {
  const fp_host_spec *host = fp_route_builder_current_host(builder);
  fp_route_spec *routes = builder->routes.items;
  if (host == NULL || builder->routes.count == host->routes) return NULL;
  return &routes[builder->routes.count - 1];
}

fp_status fp_route_builder_add_condition(fp_route_builder *builder, const fp_route_condition *condition,
                                         fp_error *error) {
  fp_route_spec *route = last_route(builder);
  fp_condition_spec spec, *added;
  uint8_t *text;
  fp_status status;
  if (route == NULL) return fp_error_set(error, FASTPATH_ERR_STATE, 0, 0, "a condition needs a route first");
  if (route->condition_count == FASTPATH_ROUTE_CONDITIONS_MAX || builder->conditions.count >= UINT32_MAX) {
    return fp_error_set(error, FASTPATH_ERR_OVERFLOW, 0, 0, "too many conditions");
  }
  status = fp_condition_check(condition, error);
  if (status < 0) return status;
  spec.offset = builder->text.count;
  text = fp_list_add(&builder->text, fp_condition_text_len(condition), 1);
  if (text == NULL) return out_of_memory(error);
  status = fp_condition_new(condition, text, &spec.condition, error);
  if (status < 0) {
    builder->text.count = spec.offset;
    return status;
  }
  added = fp_list_add(&builder->conditions, 1, sizeof spec);
  if (added == NULL) {
    fp_condition_clear(&spec.condition);
    return out_of_memory(error);
  }
  *added = spec;
  if (route->condition_count++ == 0) route->conditions = (uint32_t)(builder->conditions.count - 1);
  return FASTPATH_OK;
}

fp_status fp_route_builder_add_share(fp_route_builder *builder, uint32_t weight, fp_error *error) {
  fp_route_spec *route = last_route(builder);
  uint32_t *added;
  if (route == NULL) return fp_error_set(error, FASTPATH_ERR_STATE, 0, 0, "a share needs a route first");
  if (builder->last_total + weight > UINT32_MAX) {
    return fp_error_set(error, FASTPATH_ERR_CONFIG_WEIGHT, 0, 0, "the sum of the weights is above 4294967295");
  }
  if (builder->weights.count >= UINT32_MAX - 1) {
    return fp_error_set(error, FASTPATH_ERR_OVERFLOW, 0, 0, "too many weighted clusters for one table");
  }
  added = fp_list_add(&builder->weights, 1, sizeof *added);
  if (added == NULL) return out_of_memory(error);
  *added = weight;
  if (route->share_count++ == 0) route->shares = (uint32_t)(builder->weights.count - 1);
  builder->last_total += weight;
  return FASTPATH_OK;
}
