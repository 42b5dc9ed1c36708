/* failing_memory.h - the allocation seam of the core, with one allocation that fails. One thread at a time. */
#ifndef FASTPATH_TESTS_FAILING_MEMORY_H
#define FASTPATH_TESTS_FAILING_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* The number-th allocation from now on (1 is the next one) fails, once. 0: none does. Starts counting anew. */
void failing_memory_arm(size_t number);

size_t failing_memory_count(void); /* allocations asked for since then */
bool failing_memory_fired(void);   /* one has failed since then */
size_t failing_memory_live(void);  /* blocks allocated and not freed */

#endif
