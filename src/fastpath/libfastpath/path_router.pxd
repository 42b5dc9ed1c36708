# Mirror of fastpath/path_router.h; what each means is told there.
from libc.stdint cimport uint32_t

from fastpath.libfastpath.base cimport fp_error, fp_span, fp_status


cdef extern from "fastpath/path_router.h" nogil:
    ctypedef struct fp_path_router:
        pass

    fp_status fp_path_router_new(const fp_span *templates, size_t count, fp_path_router **router, size_t *index,
                                 fp_error *error)
    void fp_path_router_free(fp_path_router *router)
    fp_status fp_path_router_find(const fp_path_router *router, fp_span path, uint32_t *index)
    void fp_path_router_set_values(fp_path_router *router, void *const *values)
    fp_status fp_path_router_find_value(const fp_path_router *router, fp_span path, void **value)
    fp_status fp_path_router_match(const fp_path_router *router, fp_span path, uint32_t *index, fp_span *variables)
    uint32_t fp_path_router_variable_count(const fp_path_router *router, uint32_t template_index)
    fp_span fp_path_router_variable_name(const fp_path_router *router, uint32_t template_index, uint32_t variable)
    size_t fp_path_router_size(const fp_path_router *router)
