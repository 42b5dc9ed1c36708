/* messages.h - the messages that fastpath.benchmarking.inputs writes, by set. Each is in a block of its own, so that a read past
 * its end is nobody's luck. Nothing is freed: a benchmark ends with them. */
#ifndef FASTPATH_BENCH_MESSAGES_H
#define FASTPATH_BENCH_MESSAGES_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum {
  MAX_SETS = 8,
  MAX_MESSAGES = 1024
};

typedef struct message {
  const uint8_t *data;
  size_t len;
  int is_response;
} message;

typedef struct message_set {
  char name;
  int count;
  message messages[MAX_MESSAGES];
} message_set;

static inline void messages_fail(const char *what, const char *path) {
  fprintf(stderr, "%s: %s\n", path, what);
  exit(1);
}

/* How many sets of MAX_SETS were read. Ends the program when the file is not what it should be. */
static inline int read_messages(const char *path, message_set *sets) {
  FILE *file = fopen(path, "rb");
  uint8_t record[6];
  int set_count = 0;
  if (file == NULL) messages_fail("cannot be opened", path);
  while (fread(record, 1, sizeof record, file) == sizeof record) {
    size_t len = record[2] | (size_t)record[3] << 8 | (size_t)record[4] << 16 | (size_t)record[5] << 24;
    uint8_t *data = malloc(len);
    if (data == NULL || fread(data, 1, len, file) != len) messages_fail("cannot be read", path);
    message_set *set = set_count != 0 ? &sets[set_count - 1] : NULL;
    if (set == NULL || set->name != (char)record[0]) {
      if (set_count == MAX_SETS) messages_fail("has too many sets", path);
      set = &sets[set_count++];
      set->name = (char)record[0];
    }
    if (set->count == MAX_MESSAGES) messages_fail("has too many messages", path);
    set->messages[set->count++] = (message){data, len, record[1]};
  }
  fclose(file);
  return set_count;
}

#endif
