#include "subset_views.h"

#include <string.h>

#include "memory.h"

static void free_view(fp_picker_view *view) {
  if (view == NULL) return;
  fp_picker_view_clear(view);
  fp_memory_free(view);
}

static void free_items(fp_picker_view **items, const fp_subsets *subsets) {
  for (uint32_t i = 0; items != NULL && i < subsets->count; i++) free_view(items[i]);
  fp_memory_free(items);
}

void fp_subset_views_clear(fp_subset_views *views) {
  if (views->subsets != NULL) free_items(views->items, views->subsets);
  free_view(views->fallback);
  fp_host_set_unref(views->set);
  memset(views, 0, sizeof *views);
}

/* Views go where their subset is now; those whose subset is gone stay behind. */
static void move_views(const fp_subset_views *from, fp_picker_view **items, const fp_subsets *subsets) {
  for (uint32_t i = 0; from->items != NULL && i < from->subsets->count; i++) {
    const uint32_t to =
        from->items[i] == NULL ? subsets->count : fp_subsets_find(subsets, from->subsets->items[i].labels);
    if (to == subsets->count) continue;
    items[to] = from->items[i];
    items[to]->set = NULL;
    from->items[i] = NULL;
  }
}

fp_status fp_subset_views_adopt(fp_subset_views *views, fp_host_set *set) {
  const fp_subsets *subsets = set->subsets;
  fp_picker_view **items = NULL;
  if (subsets == NULL) {
    fp_subset_views_clear(views);
    return FASTPATH_OK;
  }
  if (subsets->count > 0) {
    items = fp_memory_alloc(subsets->count * sizeof(fp_picker_view *));
    if (items == NULL) return FASTPATH_ERR_MEMORY;
    memset(items, 0, subsets->count * sizeof(fp_picker_view *));
    move_views(views, items, subsets);
  }
  if (views->subsets != NULL) free_items(views->items, views->subsets);
  if (views->fallback != NULL) views->fallback->set = NULL;
  fp_host_set_ref(set);
  fp_host_set_unref(views->set);
  views->set = set;
  views->subsets = subsets;
  views->items = items;
  return FASTPATH_OK;
}

/* A view that agrees with the set, made if there is none yet. */
static fp_status prepare(fp_picker_view **view, fp_host_set *set, const fp_picker_view *whole) {
  if (*view == NULL) {
    fp_picker_view *made = fp_memory_alloc(sizeof *made);
    if (made == NULL) return FASTPATH_ERR_MEMORY;
    fp_picker_view_init(made, whole->seed, whole->random, whole->callers);
    *view = made;
  }
  return (*view)->set == set ? FASTPATH_OK : fp_picker_view_adopt(*view, set);
}

fp_status fp_subset_views_get(fp_subset_views *views, fp_subset_choice choice, fp_picker_view *whole,
                              fp_picker_view **view) {
  const fp_subsets *subsets = views->subsets;
  fp_picker_view **slot = &views->fallback;
  fp_host_set *set = subsets->fallback;
  fp_status status;
  *view = whole;
  if (choice.target == FP_SUBSET_ANY || (choice.target == FP_SUBSET_DEFAULT && set == NULL)) return FASTPATH_OK;
  if (choice.target == FP_SUBSET_ITEM) {
    slot = &views->items[choice.item];
    set = subsets->items[choice.item].set;
  }
  status = prepare(slot, set, whole);
  *view = *slot;
  return status;
}
