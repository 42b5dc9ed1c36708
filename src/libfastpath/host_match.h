/* host_match.h - which hosts a group has of one before. */
#ifndef FASTPATH_INTERNAL_HOST_MATCH_H
#define FASTPATH_INTERNAL_HOST_MATCH_H

#include <fastpath/lb.h>

typedef struct fp_host_match {
  uint32_t *now;    /* by place in the group before: that in the group now, or NOWHERE */
  uint32_t *before; /* and the other way round */
  int in_order;     /* 1 when hosts that stay are in the same order */
} fp_host_match;
#define FP_HOST_NOWHERE UINT32_MAX

/* MEMORY. */
fp_status fp_host_match_init(fp_host_match *match, const fp_host_group *before, const fp_host_group *now);
void fp_host_match_clear(fp_host_match *match);

#endif
