/* override_host.h - a host that a request asks for by its address, whatever balancing would say. */
#ifndef FASTPATH_INTERNAL_OVERRIDE_HOST_H
#define FASTPATH_INTERNAL_OVERRIDE_HOST_H

#include "host_set.h"

/* The host with this fp_host_key, in any priority, if its health is one that may be asked for; else NULL. */
fp_host *fp_override_host(const fp_host_set *set, fp_span key);

#endif
