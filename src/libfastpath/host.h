/* host.h - how hosts come to be; the public part is in fastpath/cluster.h. */
#ifndef FASTPATH_INTERNAL_HOST_H
#define FASTPATH_INTERNAL_HOST_H

#include <fastpath/cluster.h>

/* A host with one reference and all counters 0. Copies the strings. NULL when out of memory. */
fp_host *fp_host_new(const fp_endpoint *endpoint);

/* Whether the endpoint is this host: same address and port. */
int fp_host_is(const fp_host *host, const fp_endpoint *endpoint);

/* Whether what must not change while a host lives is as the endpoint says: hostname and hash key. */
int fp_host_agrees(const fp_host *host, const fp_endpoint *endpoint);

/* Takes over what an update may change. */
void fp_host_set_attributes(fp_host *host, uint32_t weight, uint32_t priority, fp_health_status health);

#endif
