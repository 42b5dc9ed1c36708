#include "memory.h"

#include <stdlib.h>

void *fp_memory_alloc(size_t size) { return malloc(size); }

void *fp_memory_resize(void *block, size_t size) { return realloc(block, size); }

void fp_memory_free(void *block) { free(block); }
