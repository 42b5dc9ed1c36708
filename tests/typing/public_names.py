"""What a user of the typed API writes; mypy and pyright check it, nothing runs it."""

from __future__ import annotations

from typing_extensions import assert_type

import fastpath


def errors(error: fastpath.ProtocolError) -> None:
    assert_type(error.reason, str)
    assert_type(error.code, str)
    assert_type(error.position, int | None)
    assert_type(error.status, int)


assert_type(fastpath.get_include(), str)
