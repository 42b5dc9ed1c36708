/*
 * bench_head.c - nanoseconds per head, peers taking turns.
 *
 *   bench_head INPUTS ROUNDS name=library.so ...
 *
 * INPUTS is what fastpath.benchmarking.inputs writes. Prints one line per set and peer: "set peer nanoseconds", the minimum of
 * all rounds. A peer that refuses an input, or finds another number of fields than the first peer, ends the run.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "messages.h"

enum {
  MAX_PEERS = 8,
  SAMPLE_NS = 250000
};

typedef struct peer {
  const char *name;
  int (*parse)(const uint8_t *data, size_t len, int is_response);
  double best[MAX_SETS];
  long passes[MAX_SETS];
} peer;

static message_set sets[MAX_SETS];
static int set_count;
static peer peers[MAX_PEERS];
static int peer_count;

static void fail(const char *what, const char *detail) {
  fprintf(stderr, "bench_head: %s: %s\n", what, detail);
  exit(1);
}

static void load_peer(char *argument) {
  char *path = strchr(argument, '=');
  if (path == NULL || peer_count == MAX_PEERS) fail("not name=library", argument);
  *path++ = 0;
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) fail("cannot load", dlerror());
  peer *p = &peers[peer_count++];
  p->name = argument;
  *(void **)&p->parse = dlsym(library, "peer_parse");
  if (p->parse == NULL) fail("no peer_parse in", path);
}

static void check_agreement(void) {
  for (int s = 0; s < set_count; s++) {
    for (int m = 0; m < sets[s].count; m++) {
      const message *input = &sets[s].messages[m];
      int expected = peers[0].parse(input->data, input->len, input->is_response);
      for (int p = 0; p < peer_count; p++) {
        int found = peers[p].parse(input->data, input->len, input->is_response);
        if (found < 0 || found != expected) fail("disagrees on an input", peers[p].name);
      }
    }
  }
}

static double time_passes(const peer *p, const message_set *s, long passes) {
  double start = now();
  for (long pass = 0; pass < passes; pass++) {
    for (int m = 0; m < s->count; m++) p->parse(s->messages[m].data, s->messages[m].len, s->messages[m].is_response);
  }
  return (now() - start) * 1e9 / ((double)passes * s->count);
}

int main(int argc, char **argv) {
  if (argc < 4) fail("usage", "bench_head INPUTS ROUNDS name=library.so ...");
  set_count = read_messages(argv[1], sets);
  int rounds = atoi(argv[2]);
  for (int i = 3; i < argc; i++) load_peer(argv[i]);
  check_agreement();

  for (int p = 0; p < peer_count; p++) {
    for (int s = 0; s < set_count; s++) {
      double once = time_passes(&peers[p], &sets[s], 20);
      peers[p].best[s] = once;
      peers[p].passes[s] = 1 + (long)(SAMPLE_NS / (once * sets[s].count));
    }
  }
  for (int round = 0; round < rounds; round++) {
    for (int s = 0; s < set_count; s++) {
      for (int p = 0; p < peer_count; p++) {
        double sample = time_passes(&peers[p], &sets[s], peers[p].passes[s]);
        if (sample < peers[p].best[s]) peers[p].best[s] = sample;
      }
    }
  }
  for (int s = 0; s < set_count; s++) {
    for (int p = 0; p < peer_count; p++) printf("%c %s %.2f\n", sets[s].name, peers[p].name, peers[p].best[s]);
  }
  return 0;
}
