/*
 * Builds a table from the input and asks it; checks the answers against trying every route in order.
 * The input: instructions of one byte with what they need after it (read_hosts), then hosts and paths to ask for.
 */
#include <fastpath/route.h>
#include <stdlib.h>

#include "../tests/c/naive_router.h"

enum {
  MAX_HOSTS = 8,
  MAX_ROUTES = 64,
  MAX_DOMAINS = 6
};

typedef struct {
  const uint8_t *data;
  size_t len;
} input;

static uint8_t take_byte(input *from) {
  if (from->len == 0) return 0;
  from->len--;
  return *from->data++;
}

/* A length byte and as many bytes, or what there is. */
static fp_span take_text(input *from) {
  size_t len = take_byte(from);
  fp_span text;
  if (len > from->len) len = from->len;
  text = (fp_span){from->data, len};
  from->data += len;
  from->len -= len;
  return text;
}

static void require(int condition) {
  if (!condition) abort();
}

/* The same bytes in a block of their own, so that a read past their end is seen. */
static uint8_t *copy_of(fp_span text) {
  uint8_t *copy = malloc(text.len == 0 ? 1 : text.len);
  require(copy != NULL);
  if (text.len > 0) memcpy(copy, text.data, text.len);
  return copy;
}

static void ask(const fp_route_table *table, const naive_host *hosts, size_t count, fp_span host, fp_span path) {
  const uint32_t expected_host = naive_virtual_host(hosts, count, host.data, host.len);
  const uint32_t expected = expected_host == FASTPATH_ROUTE_INDEX_NONE
                                ? expected_host
                                : naive_first(&hosts[expected_host], path.data, path.len);
  uint8_t *host_bytes = copy_of(host), *path_bytes = copy_of(path);
  const fp_route_request request = {.authority = {host_bytes, host.len}, .path = {path_bytes, path.len}};
  fp_route_match match;
  (void)fp_route_table_match(table, &request, &match);
  require(match.virtual_host == expected_host);
  require(match.route == expected);
  if (match.share_total > 0) (void)fp_route_table_choose_share(table, &match, path.len);
  free(host_bytes);
  free(path_bytes);
}

static void read_domain(fp_route_builder *builder, naive_host *host, fp_span text) {
  naive_domain *domain;
  if (host != NULL && (host->domain_count == MAX_DOMAINS || text.len > sizeof host->domains[0].text)) return;
  if (fp_route_builder_add_domain(builder, text.data, text.len, NULL) < 0) return;
  require(host != NULL);
  domain = &host->domains[host->domain_count++];
  domain->len = text.len;
  if (text.len > 0) memcpy(domain->text, text.data, text.len);
}

static void read_route(fp_route_builder *builder, naive_host *host, unsigned kind, bool ignore_case, fp_span text) {
  const uint32_t flags = ignore_case ? FASTPATH_ROUTE_IGNORE_CASE : 0;
  naive_route *route;
  if (host != NULL && (host->route_count == MAX_ROUTES || text.len > sizeof host->routes[0].path)) return;
  if (fp_route_builder_add_route(builder, (fp_route_path_kind)kind, text.data, text.len, flags, NULL) < 0) return;
  require(host != NULL);
  route = &host->routes[host->route_count++];
  *route = (naive_route){.kind = (fp_route_path_kind)kind, .ignore_case = ignore_case, .len = text.len};
  if (text.len > 0) memcpy(route->path, text.data, text.len);
}

/* Reads instructions up to the one that says "build", or to the end; returns the number of virtual hosts. */
static size_t read_hosts(fp_route_builder *builder, naive_host *hosts, input *from) {
  size_t count = 0;
  while (from->len > 0) {
    const uint8_t instruction = take_byte(from);
    naive_host *host = count == 0 ? NULL : &hosts[count - 1];
    switch (instruction & 7) {
      case 0: /* the next virtual host */
        if (count == MAX_HOSTS) break;
        require(fp_route_builder_add_virtual_host(builder, NULL) == FASTPATH_OK);
        count++;
        break;
      case 1:
      case 2: read_domain(builder, host, take_text(from)); break;
      case 3: { /* a share of the route before */
        const uint32_t weight = take_byte(from);
        (void)fp_route_builder_add_share(builder, instruction & 8 ? weight << 24 : weight, NULL);
        break;
      }
      case 7: return count;
      default: read_route(builder, host, instruction % 3, (instruction & 8) != 0, take_text(from));
    }
  }
  return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static naive_host hosts[MAX_HOSTS];
  input from = {data, size};
  fp_route_builder *builder = fp_route_builder_new();
  fp_route_table *table = NULL;
  fp_error error;
  size_t count;
  require(builder != NULL);
  memset(hosts, 0, sizeof hosts);
  count = read_hosts(builder, hosts, &from);
  if (fp_route_builder_build(builder, 0, &table, &error) >= 0) {
    do {
      const fp_span host = take_text(&from), path = take_text(&from);
      ask(table, hosts, count, host, path);
    } while (from.len > 0);
  }
  fp_route_builder_free(builder);
  fp_route_table_unref(table);
  return 0;
}
