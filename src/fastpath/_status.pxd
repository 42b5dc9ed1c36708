# From a status of the C core to a Python exception: the one place where that is decided is errors.exception_for.
from libc.stdint cimport SIZE_MAX

from fastpath.libfastpath.base cimport FASTPATH_ERR_MEMORY, fp_error, fp_status, fp_status_name


cdef inline int check(fp_status status, const fp_error *error) except -1:
    """The status when it is fine (>= 0), else raises. `error` may be NULL. What a peer sent is RemoteProtocolError."""
    if <int>status >= 0:
        return <int>status
    return raise_status(status, error, False)


cdef inline int check_local(fp_status status, const fp_error *error) except -1:
    """As check, for what this side was asked to send: refusals are LocalProtocolError."""
    if <int>status >= 0:
        return <int>status
    return raise_status(status, error, True)


cdef inline int raise_status(fp_status status, const fp_error *error, bint local) except -1:
    if status == FASTPATH_ERR_MEMORY:
        raise MemoryError
    from fastpath.errors import exception_for

    cdef bytes code = fp_status_name(status)
    if error is NULL or error.code != status:
        raise exception_for(<int>status, code.decode(), local=local)
    raise exception_for(
        <int>status,
        code.decode(),
        (<bytes>error.message).decode("utf-8", "backslashreplace"),
        position=None if error.position == SIZE_MAX else error.position,
        http_status=error.http_status,
        local=local,
    )
