/* retry_priority.h - which priorities the retries of a request go to; the public part is in fastpath/cluster.h. */
#ifndef FASTPATH_INTERNAL_RETRY_PRIORITY_H
#define FASTPATH_INTERNAL_RETRY_PRIORITY_H

#include "host_set.h"

/* Whether the next choice in this set goes by the loads of `self`, which are brought up to date, and not by the set's. */
bool fp_retry_priority_update(fp_retry_priority *self, const fp_host_set *set);

#endif
