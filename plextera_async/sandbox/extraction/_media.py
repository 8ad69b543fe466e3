"""Tells what a file is from its first bytes, as the service does, and which files it refuses."""

import re
from pathlib import PurePath

UNKNOWN = "application/octet-stream"
_OFFICE = "application/vnd.openxmlformats-officedocument."

_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF8", "image/gif"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (8, b"WEBP", "image/webp"),
    (8, b"WAVE", "audio/wav"),
    (8, b"AVI ", "video/x-msvideo"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"OggS", "audio/ogg"),
    (0, b"fLaC", "audio/flac"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftypqt", "video/quicktime"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"BZh", "application/x-bzip2"),
    (0, b"\xfd7zXZ\x00", "application/x-xz"),
    (257, b"ustar", "application/x-tar"),
)
_OFFICE_FOLDERS: tuple[tuple[bytes, str, str], ...] = (
    (b"word/", ".docx", _OFFICE + "wordprocessingml.document"),
    (b"xl/", ".xlsx", _OFFICE + "spreadsheetml.sheet"),
    (b"ppt/", ".pptx", _OFFICE + "presentationml.presentation"),
)
_BY_SUFFIX = {
    ".pdf": "application/pdf",
    ".csv": "text/csv",
    ".tsv": "text/csv",
    ".htm": "text/html",
    ".html": "text/html",
    ".txt": "text/plain",
    ".md": "text/plain",
}
_EXECUTABLE_MAGIC = (
    b"\x7fELF",
    b"#!",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
)
_EXECUTABLE = (
    ".app .bash .bat .cmd .com .cpl .dll .dmg .elf .exe .hta .jar .js .jse .msi .mjs .pl .ps1 .psm1 .py .rb"
    " .scr .sh .so .vb .vbe .vbs .wsf .zsh"
)
_EXECUTABLE_SUFFIXES = frozenset(_EXECUTABLE.split())
_HTML = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype html|html|head|body|table|dl)\b",
    re.IGNORECASE | re.DOTALL,
)
_CONTROL = frozenset(range(32)) - frozenset(b"\t\n\r\f\x1b\x08")


def is_executable(name: str, head: bytes) -> bool:
    """Say whether a file is an executable or a script, which the service refuses."""
    # "MZ" alone may begin a letter too; a program has NUL bytes close behind it.
    program = head.startswith(_EXECUTABLE_MAGIC) or (head.startswith(b"MZ") and b"\0" in head[:64])
    return program or PurePath(name).suffix.lower() in _EXECUTABLE_SUFFIXES


def media_type(name: str, head: bytes) -> str:
    """Tell the media type from the first bytes.

    Args:
        name: The file's name; its extension only decides between kinds that look alike, and where the bytes
            tell nothing.
        head: The first 8 KiB or more.
    """
    suffix = PurePath(name).suffix.lower()
    if b"%PDF-" in head[:1024]:
        return "application/pdf"
    if head.startswith(b"PK\x03\x04"):
        return _zip_type(suffix, head)
    known = next((kind for at, magic, kind in _MAGIC if head.startswith(magic, at)), None)
    if known is not None:
        return known
    if head and _is_text(head):
        return _text_type(suffix, head)
    return _BY_SUFFIX.get(suffix, UNKNOWN)


def _zip_type(suffix: str, head: bytes) -> str:
    for folder, office_suffix, kind in _OFFICE_FOLDERS:
        if folder in head or suffix == office_suffix:
            return kind
    return "application/zip"


def _is_text(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    return not _CONTROL.intersection(head)


def _text_type(suffix: str, head: bytes) -> str:
    if _HTML.match(head.removeprefix(b"\xef\xbb\xbf")):
        return "text/html"
    named = _BY_SUFFIX.get(suffix)
    if named in ("text/csv", "text/html"):
        return named
    return "text/plain"
