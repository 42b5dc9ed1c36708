/*
 * memory.h - the one allocation seam. Everything in the core allocates through these three functions. A test build
 * links another definition of them, so that every allocation can be made to fail once; there is no function pointer
 * to set at run time.
 */
#ifndef FASTPATH_INTERNAL_MEMORY_H
#define FASTPATH_INTERNAL_MEMORY_H

#include <stddef.h>

/* NULL when out of memory. size must not be 0. Threads: any. */
void *fp_memory_alloc(size_t size);

/* As realloc; the old block stays valid when NULL is returned. */
void *fp_memory_resize(void *block, size_t size);

/* NULL is allowed. */
void fp_memory_free(void *block);

#endif
