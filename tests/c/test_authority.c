/* What the connection manager's options make of a host. */
#include <fastpath/authority.h>

#include "check.h"

static void check(fp_authority_options options, const char *host, const char *expected) {
  const size_t len = strlen(host);
  uint8_t *data = malloc(len + 1), *room = malloc(len + 1);
  CHECK(data != NULL && room != NULL);
  memcpy(data + 1, host, len); /* in a block that ends where it does */
  const fp_span found = fp_authority_normalize(&options, data + 1, len, room);
  check_bytes(__FILE__, __LINE__, host, found.data, found.len, expected, strlen(expected));
  free(data);
  free(room);
}

int main(void) {
  const fp_authority_options none = {0}, dot = {.strip_trailing_dot = 1}, any = {.strip_any_port = 1};
  const fp_authority_options own = {.strip_port = 8080}, all = {1, 1, 0};
  check(none, "a.:80", "a.:80");
  check(dot, "a.b.", "a.b");
  check(dot, "a.b..", "a.b.");
  check(dot, "a.b.:80", "a.b:80");
  check(dot, "a.b:80", "a.b:80");
  check(dot, ".", "");
  check(any, "a:80", "a");
  check(any, "a:+080", "a");
  check(any, "a:4294967295", "a");
  check(any, "a:4294967296", "a:4294967296");
  check(any, "a:", "a:");
  check(any, "a:x", "a:x");
  check(any, "a:-1", "a:-1");
  check(any, "[::1]", "[::1]");
  check(any, "[::1]:443", "[::1]");
  check(any, ":1", "");
  check(own, "a:8080", "a");
  check(own, "a:80", "a:80");
  check(all, "a.b.:8080", "a.b");
  check(all, "", "");
  return 0;
}
