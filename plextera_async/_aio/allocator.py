"""What the C library is taught about the buffers that asyncio reads into."""

from functools import cache

__all__ = ["keep_read_buffers"]

_LARGER_THAN_A_READ = 1024 * 1024  # asyncio reads into a new buffer of 256 KB each time, and shrinks it then


@cache
def keep_read_buffers() -> None:
    """Let glibc serve read buffers from memory that it has, once per process.

    Until it has seen a larger block come back, it maps such a buffer anew for each read and unmaps it afterwards, which
    the shrinking keeps it from noticing: two system calls and some ten page faults a job, a tenth of a job's CPU.
    See `mallopt(3)`, M_MMAP_THRESHOLD, on the dynamic threshold. Elsewhere this does nothing.
    """
    block = bytes(_LARGER_THAN_A_READ)  # mapped and never touched
    del block
