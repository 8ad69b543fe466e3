"""What a file is, told from its bytes."""

import io
import zipfile

import pytest

from plextera_async.sandbox.extraction import is_executable, media_type

OFFICE = "application/vnd.openxmlformats-officedocument."


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "head", "expected"),
    [
        ("a.txt", b"%PDF-1.4", "application/pdf"),
        ("a", b"junk\n%PDF-1.4", "application/pdf"),
        ("a", b"\x89PNG\r\n\x1a\n", "image/png"),
        ("a", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("a", b"II*\x00", "image/tiff"),
        ("a", b"MM\x00*", "image/tiff"),
        ("a", b"RIFF....WEBP", "image/webp"),
        ("a", b"RIFF....WAVE", "audio/wav"),
        ("a", b"ID3\x03", "audio/mpeg"),
        ("a", b"....ftypisom", "video/mp4"),
        ("a", b"....ftypM4A ", "audio/mp4"),
        ("a", b"\x1f\x8b\x08", "application/gzip"),
        ("a", b"\0" * 257 + b"ustar", "application/x-tar"),
        ("a", zipped("[Content_Types].xml", "word/document.xml"), OFFICE + "wordprocessingml.document"),
        ("a", zipped("xl/workbook.xml"), OFFICE + "spreadsheetml.sheet"),
        ("a.pptx", zipped("[Content_Types].xml"), OFFICE + "presentationml.presentation"),
        ("a.zip", zipped("a.txt"), "application/zip"),
        ("a.txt", b"<!DOCTYPE html><p>", "text/html"),
        ("a", b"\xef\xbb\xbf \n<!-- c --><HTML lang=en>", "text/html"),
        ("a", b'<?xml version="1.0"?>\n<html>', "text/html"),
        ("a.html", b"just text", "text/html"),
        ("a.csv", b"a,b\n1,2", "text/csv"),
        ("a.TSV", b"a\tb", "text/csv"),
        ("a.txt", b"a,b\n1,2", "text/plain"),
        ("a.pdf", b"no header, but text", "text/plain"),
        ("a.pdf", b"\x00\x01\x02", "application/pdf"),
        ("a", "caf\u00e9".encode("latin-1"), "text/plain"),
        ("a", "a\u5c65".encode("utf-16"), "text/plain"),
        ("a", b"\x00\x01", "application/octet-stream"),
        ("a", b"", "application/octet-stream"),
        ("a.csv", b"", "text/csv"),
    ],
)
def test_bytes_decide_and_names_help(name: str, head: bytes, expected: str) -> None:
    assert media_type(name, head) == expected


@pytest.mark.parametrize(
    ("name", "head", "expected"),
    [
        ("a", b"\x7fELF", True),
        ("a.pdf", b"MZ\x90\x00", True),
        ("a.txt", b"MZ Corp, invoice", False),
        ("a", b"\xcf\xfa\xed\xfe", True),
        ("a.txt", b"#!/bin/sh", True),
        ("setup.EXE", b"text", True),
        ("run.ps1", b"text", True),
        ("a.js", b"text", True),
        ("a.pdf", b"%PDF-", False),
    ],
)
def test_executables_and_scripts_are_known(name: str, head: bytes, expected: bool) -> None:  # noqa: FBT001 (a column)
    assert is_executable(name, head) is expected
