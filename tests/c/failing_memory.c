/* Defines what src/libfastpath/memory.c defines; a program that links this one first gets this one. */
#include "failing_memory.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "memory.h"

static size_t count;
static size_t failing;
static size_t live;

void failing_memory_arm(size_t number) {
  count = 0;
  failing = number;
}

size_t failing_memory_count(void) { return count; }

bool failing_memory_fired(void) { return failing > 0 && count >= failing; }

size_t failing_memory_live(void) { return live; }

static bool fails(void) { return ++count == failing; }

void *fp_memory_alloc(size_t size) {
  CHECK(size > 0);
  if (fails()) return NULL;
  void *block = malloc(size);
  if (block != NULL) {
    memset(block, 0xA5, size); /* what is not set is not zero by luck */
    live++;
  }
  return block;
}

void *fp_memory_resize(void *block, size_t size) {
  CHECK(size > 0);
  if (fails()) return NULL;
  void *resized = realloc(block, size);
  if (block == NULL && resized != NULL) live++;
  return resized;
}

void fp_memory_free(void *block) {
  if (block != NULL) live--;
  free(block);
}
