#include "override_host.h"

#include <string.h>

#include "host.h"

/* "address:port" or "[address]:port" taken apart. 0: neither. */
static int parse_key(fp_span key, fp_endpoint *endpoint) {
  size_t colon = key.len;
  uint32_t port = 0;
  while (colon > 0 && key.data[colon - 1] != ':') colon--;
  if (colon < 2 || colon == key.len || key.len - colon > 5) return 0;
  for (size_t i = colon; i < key.len; i++) {
    if (key.data[i] < '0' || key.data[i] > '9') return 0;
    port = 10 * port + (uint32_t)(key.data[i] - '0');
  }
  if (port > UINT16_MAX) return 0;
  endpoint->port = (uint16_t)port;
  endpoint->address = (fp_span){key.data, colon - 1};
  if (key.data[0] == '[' && key.data[colon - 2] == ']') endpoint->address = (fp_span){key.data + 1, colon - 3};
  return endpoint->address.len > 0;
}

/* One status for what a host set remembers of a host's health. */
static fp_health_status status_of(uint8_t health) {
  const fp_health_status configured = fp_health_configured(health);
  if (health & FP_HEALTH_FAILED) return FASTPATH_HEALTH_UNHEALTHY;
  return fp_health_is_degraded(health) ? FASTPATH_HEALTH_DEGRADED : configured;
}

fp_host *fp_override_host(const fp_host_set *set, fp_span key) {
  fp_endpoint endpoint = {.port = 0};
  fp_host *host = parse_key(key, &endpoint) ? fp_host_set_find(set, &endpoint) : NULL;
  fp_span its_key;
  if (host == NULL) return NULL;
  its_key = fp_host_key(host);
  if (its_key.len != key.len || memcmp(its_key.data, key.data, key.len) != 0) return NULL; /* "1.2.3.4:080" */
  return set->override_statuses >> status_of(fp_host_health_now(host, fp_host_health(host))) & 1 ? host : NULL;
}
