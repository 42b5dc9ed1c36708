from fastpath.libfastpath.cluster cimport fp_host_user_data
from fastpath.libfastpath.lb cimport fp_host


cdef class Host:
    cdef fp_host *ptr  # referenced
    cdef readonly str address
    cdef readonly int port


cdef Host make_host(fp_host *ptr)


# The one Host that stands for ptr, which somebody keeps alive. The GIL guards the pointer back to it.
cdef inline Host wrap(fp_host *ptr):
    cdef void *known = fp_host_user_data(ptr)
    if known is not NULL:
        return <Host>known
    return make_host(ptr)


cdef inline fp_host *live(Host host) except NULL:
    if host is None or host.ptr is NULL:
        raise RuntimeError("this object was not made by a Cluster")
    return host.ptr
