"""The core of an L7 data plane as a library."""
