"""glibc serves read buffers from memory that it has, after one call."""

import ctypes
import platform
import subprocess
import sys

import pytest

from plextera_async._aio import allocator

HAS_MALLINFO = platform.libc_ver()[0] == "glibc" and hasattr(ctypes.CDLL(None), "mallinfo2")

PROGRAM = """
import ctypes, runpy, sys

class Info(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in
        "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()]

tell = ctypes.CDLL(None).mallinfo2
tell.restype = Info

def mapped_for_a_read():
    before = tell().hblks
    buffer = bytes(256 * 1024)
    return tell().hblks - before

before = mapped_for_a_read()
runpy.run_path(sys.argv[1])["keep_read_buffers"]()
print(before, mapped_for_a_read())
"""


@pytest.mark.skipif(not HAS_MALLINFO, reason="it is glibc that maps large blocks anew each time")
def test_a_read_buffer_is_no_longer_mapped_anew():
    """In a bare process: in any other, something may have raised the threshold before."""
    command = [sys.executable, "-I", "-S", "-c", PROGRAM, str(allocator.__file__)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=50)

    assert done.stdout.split() == ["1", "0"]
