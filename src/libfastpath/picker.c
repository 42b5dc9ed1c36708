/* picker.c - one worker's choices: the newest host set, and which of its subsets. */
#include <string.h>

#include "bits.h"
#include "cluster.h"
#include "memory.h"
#include "override_host.h"
#include "picker_view.h"
#include "snapshot_cell.h"
#include "subset_views.h"

struct fp_picker {
  fp_cluster *cluster;
  fp_snapshot_reader reader;
  fp_picker_view view; /* of all hosts; its set is borrowed from the reader */
  fp_subset_views subsets;
  fp_snapshot_reader callers; /* of the cluster that zone routing goes by */
  fp_snapshot_cell *calling;  /* which: its cell, referenced by the reader; NULL: none */
  uint64_t random;
};

fp_picker *fp_picker_new(fp_cluster *cluster, uint64_t seed) {
  fp_picker *picker = fp_memory_alloc(sizeof *picker);
  if (picker == NULL) return NULL;
  memset(picker, 0, sizeof *picker);
  picker->cluster = fp_cluster_ref(cluster);
  picker->random = seed;
  fp_picker_view_init(&picker->view, seed, &picker->random, &picker->callers);
  fp_snapshot_reader_init(&picker->reader, fp_cluster_cell(cluster));
  return picker;
}

void fp_picker_free(fp_picker *picker) {
  if (picker == NULL) return;
  fp_subset_views_clear(&picker->subsets);
  fp_picker_view_clear(&picker->view);
  fp_snapshot_reader_clear(&picker->callers);
  fp_snapshot_reader_clear(&picker->reader);
  fp_cluster_unref(picker->cluster);
  fp_memory_free(picker);
}

fp_host_set *fp_picker_host_set(const fp_picker *picker) { return picker->view.set; }

/* Zone routing goes by the hosts of this cluster from now on; NULL for none. */
static void listen_to(fp_picker *picker, fp_cluster *cluster) {
  fp_snapshot_cell *cell = cluster == NULL ? NULL : fp_cluster_cell(cluster);
  if (picker->calling == cell) return;
  fp_snapshot_reader_clear(&picker->callers);
  picker->calling = cell;
  if (cell != NULL) fp_snapshot_reader_init(&picker->callers, cell);
}

/* Rare, and apart, as choosing by subset is: the plain pick needs few registers. */
static FASTPATH_NOINLINE fp_status adopt(fp_picker *picker, fp_host_set *set) {
  fp_status status;
  picker->view.set = NULL;
  listen_to(picker, set->zones.callers);
  status = fp_subset_views_adopt(&picker->subsets, set);
  return status < 0 ? status : fp_picker_view_adopt(&picker->view, set);
}

static inline fp_status refresh(fp_picker *picker) {
  fp_host_set *set = fp_snapshot_look(&picker->reader);
  return likely(set == picker->view.set) ? FASTPATH_OK : adopt(picker, set);
}

/* A host of the request's subset, or of what it falls back to. */
static FASTPATH_NOINLINE fp_status pick_in_subset(fp_picker *picker, const fp_pick_options *options, fp_host **host,
                                                  uint32_t *index) {
  const fp_subset_choice choice =
      fp_subsets_choose(picker->view.set->subsets, options == NULL ? NULL : options->metadata_match);
  fp_picker_view *view = &picker->view;
  fp_status status;
  if (choice.target == FP_SUBSET_NONE) return FASTPATH_NONE;
  status = fp_subset_views_get(&picker->subsets, choice, &picker->view, &view);
  if (status >= 0) status = fp_picker_view_pick(view, options, host, index);
  if (status == FASTPATH_NONE && choice.then_any) status = fp_picker_view_pick(&picker->view, options, host, index);
  return status;
}

static inline fp_status pick(fp_picker *picker, const fp_pick_options *options, fp_host **host, uint32_t *index) {
  if (unlikely(picker->view.set->subsets != NULL)) return pick_in_subset(picker, options, host, index);
  return fp_picker_view_pick(&picker->view, options, host, index);
}

fp_status fp_picker_pick(fp_picker *picker, const fp_pick_options *options, fp_host **host, size_t *index) {
  uint32_t found = 0;
  fp_status status = refresh(picker);
  if (status >= 0) status = pick(picker, options, host, &found);
  if (status == FASTPATH_OK && index != NULL) *index = found;
  return status;
}

fp_status fp_picker_pick_many(fp_picker *picker, const uint64_t *hashes, size_t count, uint32_t *indices) {
  fp_host *host;
  fp_status status = refresh(picker);
  if (status == FASTPATH_OK && picker->view.set->subsets == NULL)
    return fp_picker_view_pick_many(&picker->view, hashes, count, indices);
  for (size_t i = 0; status == FASTPATH_OK && i < count; i++) {
    const fp_pick_options options = {.has_hash = hashes != NULL, .hash = hashes != NULL ? hashes[i] : 0};
    status = pick(picker, &options, &host, &indices[i]);
  }
  return status;
}

fp_status fp_picker_pick_override(fp_picker *picker, fp_span key, fp_host **host) {
  const fp_status status = refresh(picker);
  fp_host *found = status < 0 ? NULL : fp_override_host(picker->view.set, key);
  if (status < 0) return status;
  if (found == NULL) return FASTPATH_NONE;
  *host = found;
  return FASTPATH_OK;
}
