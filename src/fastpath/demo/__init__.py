"""`fastpath demo`: the library at work on loopback, between real upstreams and a client that knows nothing of it.

Nothing is imported here: its upstreams and its client are processes of their own, which need none of the library.
"""
