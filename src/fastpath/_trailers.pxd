# Trailer sections, to and from bytes.
from fastpath._headers cimport Headers
from fastpath._message cimport HeaderList


# As they are sent, each line with its end; the empty line behind them is not there. LocalProtocolError for bad ones.
cdef bytes trailer_lines(HeaderList trailers)

# What such lines say. What is refused is a LocalProtocolError when it is ours, else a RemoteProtocolError.
cdef Headers trailers_new(bytes lines, bint ours)
