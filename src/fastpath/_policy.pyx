# cython: binding=False, boundscheck=False, wraparound=False, initializedcheck=False, always_allow_keywords=False
"""Policies of others: a Python object, or a C function table, in the place of a policy of the core."""
cimport cython
from cpython.pycapsule cimport PyCapsule_GetPointer, PyCapsule_IsValid
from cpython.ref cimport Py_DECREF, Py_INCREF
from libc.stdint cimport uint32_t, uint64_t, uintptr_t
from libc.string cimport memset

from fastpath._cluster cimport Policy
from fastpath._host cimport wrap
from fastpath.libfastpath.base cimport FASTPATH_ERR_STATE, FASTPATH_OK, fp_status
from fastpath.libfastpath.lb cimport *

from collections import namedtuple

HostGroup = namedtuple("HostGroup", "hosts weights seed")

ctypedef fp_status (*cursor_new_fn)(const fp_host_group *group, uint64_t seed, void **cursor) noexcept nogil
ctypedef uint32_t (*pick_fn)(
    const fp_host_group *group, fp_lb_state *state, const fp_lb_request *request
) noexcept nogil


@cython.final
cdef class Prepared:
    """A cursor: what one cluster knows of one group."""

    cdef object pick
    cdef object state


# An exception stays set while the status goes back through the core, and is raised by the call that picks.
cdef fp_status cursor_new(
    const fp_host_group *group, uint64_t seed, void **cursor
) except? FASTPATH_ERR_STATE with gil:
    cdef uint32_t i
    policy = (<PythonPolicy>group.options.context).policy
    hosts = tuple([wrap(group.hosts[i]) for i in range(group.count)])
    weights = tuple([group.weights[i] for i in range(group.count)])
    made = Prepared()
    made.pick = policy.pick
    made.state = policy.prepare(HostGroup(hosts, weights, seed))
    Py_INCREF(made)
    cursor[0] = <void *>made
    return FASTPATH_OK


cdef void cursor_free(void *cursor) noexcept with gil:
    Py_DECREF(<object>cursor)


cdef uint32_t pick(
    const fp_host_group *group, fp_lb_state *state, const fp_lb_request *request
) except? FASTPATH_LB_FAILED with gil:
    cdef Prepared prepared
    if state.cursor is NULL:
        return 0  # one host: there is nothing to choose
    prepared = <Prepared>state.cursor
    answer = prepared.pick(prepared.state, request.number, request.attempt)
    if answer is None:
        return FASTPATH_LB_NO_HOST
    if not isinstance(answer, int):
        raise TypeError(f"a policy's pick gives an index or None, not {type(answer).__name__}")
    if not 0 <= answer < group.count:
        raise IndexError(f"a policy's pick gave index {answer} of {group.count} hosts")
    return answer


cdef fp_lb_policy by_turns
cdef fp_lb_policy by_hash
memset(&by_turns, 0, sizeof(by_turns))
by_turns.name = b"CUSTOM"
by_turns.number = FASTPATH_LB_NO_NUMBER
by_turns.cursor_new = <cursor_new_fn>cursor_new
by_turns.cursor_free = cursor_free
by_turns.pick = <pick_fn>pick
by_hash = by_turns
by_hash.number = FASTPATH_LB_REQUEST_HASH


@cython.final
cdef class PythonPolicy(Policy):
    """A Python object with `hashes`, `prepare` and `pick`; see fastpath.policies.HostPolicy."""

    cdef readonly object policy

    def __init__(self, policy not None):
        self.policy = policy
        self.ptr = &by_hash if policy.hashes else &by_turns
        self.context = <void *>self
        self.runs_python = True


@cython.final
cdef class NativePolicy(Policy):
    """A policy written in C: an `fp_lb_policy` (fastpath/lb.h).

    table: its address as an integer, or a PyCapsule named "fp_lb_policy" that holds it. context: the address that its
    functions find in `group->options->context`. owner: kept for as long as a cluster uses the policy: whatever keeps
    the code and the context in memory, such as the ctypes.CDLL. It must be compiled against the headers of this very
    version of fastpath (`fastpath.get_include()`).

    Its `pick` and cursors are called with the GIL held and must not give it up; `check`, `table_new` and `table_free`
    are called without it, from any thread. Nothing can protect from what C code does to memory.
    """

    cdef readonly object owner

    def __init__(self, table not None, *, context=0, owner=None):
        cdef uintptr_t address
        if isinstance(table, int):
            address = table
        elif PyCapsule_IsValid(table, b"fp_lb_policy"):
            address = <uintptr_t>PyCapsule_GetPointer(table, b"fp_lb_policy")
        else:
            raise TypeError("table is neither an address nor a capsule named 'fp_lb_policy'")
        if address == 0 or address % sizeof(void *) != 0 or (<fp_lb_policy *>address).pick is NULL:
            raise ValueError("there is no fp_lb_policy at this address")
        self.ptr = <const fp_lb_policy *>address
        self.context = <void *><uintptr_t>context
        self.owner = (table, owner)
