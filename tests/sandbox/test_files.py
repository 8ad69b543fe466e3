"""Files: what an upload takes, what comes back."""

import tempfile
from pathlib import Path

import pytest

from tests.sandbox.support import EXTRACTIONS, Api, FilePart, files_below, form_data, running


async def test_an_uploaded_file_is_described_read_and_downloaded(api: Api) -> None:
    uploaded = await api.upload(b"Name: Alice", "note.txt")
    described = await api.get(f"/files/{uploaded['id']}")
    download = await api.get(f"/files/{uploaded['id']}/download")

    assert uploaded == {
        "id": uploaded["id"],
        "name": "note.txt",
        "mimeType": "text/plain",
        "sizeBytes": 11,
        "createdAt": "2026-01-01T00:00:00Z",
    }
    assert uploaded["id"].startswith("file_")
    assert len(uploaded["id"]) == 31
    assert described.json == uploaded
    assert download.body == b"Name: Alice"
    assert download.headers["Content-Type"] == "text/plain"
    assert download.headers["Content-Disposition"] == "attachment; filename*=UTF-8''note.txt"


async def test_the_type_is_detected_and_not_believed(api: Api) -> None:
    reply = await api.post("/files", form={"file": FilePart(b"%PDF-1.7 ...", "a.txt", "image/png")})

    assert reply.json["mimeType"] == "application/pdf"


async def test_a_file_may_be_empty_or_nameless(api: Api) -> None:
    empty = await api.upload(b"", "empty.pdf")
    form = b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\ntext\r\n--b--\r\n'
    nameless = await api.post(
        "/files", data=form, headers={"Content-Type": "multipart/form-data; boundary=b"}
    )

    assert (empty["sizeBytes"], empty["mimeType"]) == (0, "application/pdf")
    assert (nameless.json["name"], nameless.json["sizeBytes"]) == ("document", 4)


async def test_large_files_go_to_disk_and_come_back_whole(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    content = bytes(range(256)) * 20_000
    uploaded = await api.upload(content)

    assert files_below(tmp_path) == [len(content)]
    assert (await api.get(f"/files/{uploaded['id']}/download")).body == content


@pytest.mark.parametrize("path", ["/files", f"{EXTRACTIONS}/upload", "/workflows/w/runs"])
async def test_executables_and_files_over_the_limit_are_refused_and_not_kept(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    async with running(max_file_bytes=2_000_000) as api:
        small = await api.post(path, form={"file": FilePart(b"\x7fELF...", "tool")})
        script = await api.post(path, form={"file": FilePart(b"x" * 1_500_000, "run.sh")})
        large = await api.post(path, form={"file": FilePart(b"x" * 2_000_001)})
        limit = await api.post(path, form={"file": FilePart(b"x" * 2_000_000)})

        assert (small.status, small.code) == (415, "UNSUPPORTED_MEDIA_TYPE")
        assert script.status == 415
        assert (large.status, large.code) == (413, "PAYLOAD_TOO_LARGE")
        assert limit.status in (201, 202)
        assert len(api.sandbox.world.files) == 1
        assert files_below(tmp_path) == [2_000_000]


async def test_a_body_far_over_the_limit_is_refused_before_it_is_read() -> None:
    async with running(max_file_bytes=1000) as api:
        reply = await api.post("/files", form={"file": FilePart(b"x" * 2_000_000)})

        assert reply.status == 413
        assert api.sandbox.requests[0].body_length == 0


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, 400),
        ({"document": FilePart(b"x")}, 400),
        ({"file": [FilePart(b"x"), FilePart(b"y")]}, 400),
        ({"other": "text", "file": FilePart(b"x"), "note": {"a": 1}}, 201),
        ({"other": FilePart(b"x" * 1_100_000), "file": FilePart(b"x")}, 413),
    ],
)
async def test_there_is_exactly_one_file(api: Api, fields: dict[str, object], status: int) -> None:
    reply = await api.post("/files", form=fields or {"none": "x"})

    assert reply.status == status


async def test_an_upload_is_a_form(api: Api) -> None:
    assert (await api.post("/files", body={"file": "x"})).status == 415
    assert (await api.post("/files", data=b"", headers={"Content-Type": "multipart/form-data"})).status == 400


async def test_names_arrive_as_they_are(api: Api) -> None:
    for name in ('a "b" c.txt', "r\u00e9sum\u00e9 \u5c65\u6b74.txt", "back\\slash.txt", "percent%41.txt"):
        form = form_data({})
        form.add_field("file", b"x", filename=name)
        reply = await api.post("/files", data=form)

        assert reply.json["name"] == name


async def test_unknown_files_are_not_found(api: Api) -> None:
    assert (await api.get("/files/none")).status == 404
    assert (await api.get("/files/none/download")).status == 404
