#include <fastpath/lb.h>

#include "lb_policies.h"

const fp_lb_policy *fp_lb_policy_get(fp_lb_policy_id id) {
  switch (id) {
    case FASTPATH_LB_ROUND_ROBIN: return &fp_lb_round_robin;
  }
  return NULL;
}

uint64_t fp_lb_random(uint64_t *state) {
  uint64_t value = *state += 0x9E3779B97F4A7C15u;
  value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9u;
  value = (value ^ value >> 27) * 0x94D049BB133111EBu;
  return value ^ value >> 31;
}
