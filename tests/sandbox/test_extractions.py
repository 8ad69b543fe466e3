"""Extractions: what is accepted, how they live and end, what is shown of them."""

from typing import Any

import pytest

from plextera_async.sandbox import Timing
from tests.sandbox.support import EXTRACTIONS, JOBS, Api, FilePart, pdf, running


async def status_of(api: Api, extraction: dict[str, Any]) -> str:
    status: str = (await api.get(f"{EXTRACTIONS}/{extraction['id']}")).json["status"]
    return status


async def test_an_extraction_goes_from_queued_over_processing_to_completed(api: Api) -> None:
    file = await api.upload(b"Name: Alice\nTotal: 12.50")
    created = await api.post(EXTRACTIONS, {"document": {"fileId": file["id"]}, "tags": {"customer": "42"}})
    accepted = created.json
    api.advance(0.06)
    processing = (await api.get(f"{EXTRACTIONS}/{accepted['id']}")).json
    api.advance(2)
    completed = (await api.get(f"{EXTRACTIONS}/{accepted['id']}")).json

    assert created.status == 202
    assert accepted == {
        "id": accepted["id"],
        "status": "QUEUED",
        "outputAvailable": False,
        "createdAt": "2026-01-01T00:00:00Z",
        "updatedAt": "2026-01-01T00:00:00Z",
        "document": {"fileName": "note.txt", "fileId": file["id"], "mimeType": "text/plain", "sizeBytes": 24},
        "tags": {"customer": "42"},
    }
    assert len(bytes.fromhex(accepted["id"])) == 12
    assert processing == accepted | {"status": "PROCESSING"}
    assert completed == accepted | {
        "status": "COMPLETED",
        "outputAvailable": True,
        "completedAt": "2026-01-01T00:00:00Z",
        "output": {
            "fields": [
                {"id": "name", "name": "Name", "type": "string", "value": "Alice", "confidence": 0.9},
                {"id": "total", "name": "Total", "type": "number", "value": 12.5, "confidence": 0.9},
            ],
            "fieldCount": 2,
        },
    }


async def test_a_document_can_be_uploaded_and_extracted_in_one_request(api: Api) -> None:
    extraction = await api.extract(b"Name: Alice", tags={"a": "1"})
    late = await api.post(f"{EXTRACTIONS}/upload", form={"tags": {"a": "2"}, "file": FilePart(b"Name: Bob")})

    assert extraction["tags"] == {"a": "1"}
    assert late.json["tags"] == {"a": "2"}
    assert (await api.get(f"/files/{extraction['document']['fileId']}")).status == 200


@pytest.mark.parametrize(
    ("content", "name", "end"),
    [
        (b"", "empty.pdf", ("REJECTED", "EMPTY_DOCUMENT")),
        (b"%PDF-1.7 and no more", "broken.pdf", ("REJECTED", "BROKEN_DOCUMENT")),
        (b"\x00\x01\x02\x03", "what.bin", ("REJECTED", "UNSUPPORTED_DOCUMENT")),
        (pdf(password="secret"), "locked.pdf", ("FAILED", "DOCUMENT_LOCKED")),
        (b'a,b\n"' + b"x" * 200_000, "huge.csv", ("REJECTED", "BROKEN_DOCUMENT")),
    ],
)
async def test_documents_that_cannot_be_read_end_with_the_reason(
    api: Api, content: bytes, name: str, end: tuple[str, str]
) -> None:
    extraction = await api.finished(content, name)

    assert (extraction["status"], extraction["error"]["code"]) == end
    assert extraction["outputAvailable"] is False
    assert "completedAt" in extraction
    assert "output" not in extraction


async def test_what_has_no_text_completes_without_fields(api: Api) -> None:
    extraction = await api.finished(b"\x89PNG\r\n\x1a\n...", "scan.png")

    assert extraction["status"] == "COMPLETED"
    assert extraction["output"] == {"fields": [], "fieldCount": 0}


async def test_the_same_document_is_rejected_the_second_time(api: Api) -> None:
    first = await api.extract(b"Name: Alice", "a.txt")
    second = await api.finished(b"Name: Alice", "b.txt")
    job = await api.post(f"{JOBS}/extract", {"document": {"fileId": first["document"]["fileId"]}})
    api.advance(60)

    assert await status_of(api, first) == "COMPLETED"
    assert (second["status"], second["error"]["code"]) == ("REJECTED", "DUPLICATE_DOCUMENT")
    assert (await api.get(f"{JOBS}/{job.json['id']}")).json["status"] == "REJECTED"


async def test_a_document_that_was_rejected_or_failed_may_come_again(api: Api) -> None:
    locked = pdf(password="secret")
    await api.finished(locked, "a.pdf")

    assert (await api.finished(locked, "a.pdf"))["error"]["code"] == "DOCUMENT_LOCKED"


async def test_the_content_of_a_url_is_what_was_put_there(api: Api) -> None:
    api.sandbox.add_url("https://example.com/docs/report.txt?v=1", b"Name: Alice")
    api.sandbox.add_url("https://example.com/", b"Name: Bob", "named.txt")
    urls = ["https://example.com/docs/report.txt?v=1", "https://example.com/", "https://example.com/gone#x"]
    ids = [(await api.post(EXTRACTIONS, {"document": {"url": url}})).json["id"] for url in urls]
    api.advance(60)
    report, named, gone = [(await api.get(f"{EXTRACTIONS}/{one}")).json for one in ids]

    assert report["document"] == {"fileName": "report.txt", "mimeType": "text/plain", "sizeBytes": 11}
    assert report["output"]["fieldCount"] == 1
    assert named["document"]["fileName"] == "named.txt"
    assert gone["document"] == {"fileName": "gone"}
    assert (gone["status"], gone["error"]["code"]) == ("FAILED", "DOWNLOAD_FAILED")


async def test_what_stands_at_a_url_may_be_too_large() -> None:
    async with running(max_file_bytes=10) as api:
        api.sandbox.add_url("https://example.com/", b"x" * 11)
        created = await api.post(EXTRACTIONS, {"document": {"url": "https://example.com/"}})
        api.advance(60)
        extraction = (await api.get(f"{EXTRACTIONS}/{created.json['id']}")).json

    assert (extraction["status"], extraction["error"]["code"]) == ("REJECTED", "OVERSIZED_DOCUMENT")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["document"]),
        ({"document": None}, ["document"]),
        ({"document": "x"}, ["document"]),
        ({"document": {}}, ["document"]),
        ({"document": {"fileId": "f", "url": "https://a"}}, ["document"]),
        ({"document": {"fileId": 1}}, ["document.fileId"]),
        ({"document": {"fileId": None}}, ["document.fileId"]),
        ({"document": {"url": "http://a"}}, ["document.url"]),
        ({"document": {"url": ""}}, ["document.url"]),
        ({"document": {"url": "https://a b"}}, ["document.url"]),
        ({"document": {"url": "https://a"}, "tags": []}, ["tags"]),
        ({"document": {"url": "https://a"}, "tags": None}, ["tags"]),
        ({"document": {"url": "https://a"}, "tags": {"": "x"}}, ["tags"]),
        ({"document": {"url": "https://a"}, "tags": {" ": "x"}}, ["tags"]),
        ({"document": {"url": "https://a"}, "tags": {"k" * 65: "x"}}, ["tags"]),
        ({"document": {"url": "https://a"}, "tags": {"k": ""}}, ["tags"]),
        ({"document": {"url": "https://a"}, "tags": {"k": "\t"}}, ["tags"]),
        ({"document": {"url": "https://a"}, "tags": {"k": "v" * 513}}, ["tags"]),
        ({"document": {"url": "https://a"}, "tags": {"k": 1}}, ["tags"]),
        ({"document": {"url": "https://a"}, "tags": {f"k{n}": "v" for n in range(51)}}, ["tags"]),
        ({"document": 1, "tags": {"k": 1}}, ["document", "tags"]),
    ],
)
async def test_every_broken_rule_is_named(api: Api, body: Any, fields: list[str]) -> None:
    reply = await api.post(EXTRACTIONS, body)

    assert (reply.status, reply.code) == (422, "VALIDATION_FAILED")
    assert [detail["field"] for detail in reply.json["error"]["details"]] == fields
    assert all(detail["issue"] for detail in reply.json["error"]["details"])
    assert len(api.sandbox.world.extractions) == 0


async def test_the_limits_of_tags_themselves_are_fine(api: Api) -> None:
    tags = {f"{n:064}": "v" * 512 for n in range(50)}

    reply = await api.post(EXTRACTIONS, {"document": {"url": "https://a"}, "tags": tags})

    assert reply.json["tags"] == tags


@pytest.mark.parametrize(("tags", "status"), [("not json", 400), ({"k": ""}, 422), ("[]", 422)])
async def test_the_tags_of_an_upload_obey_the_same_rules(api: Api, tags: Any, status: int) -> None:
    reply = await api.post(f"{EXTRACTIONS}/upload", form={"file": FilePart(b"x"), "tags": tags})

    assert reply.status == status
    assert len(api.sandbox.world.extractions) == 0


async def test_an_unknown_file_is_not_found(api: Api) -> None:
    assert (await api.post(EXTRACTIONS, {"document": {"fileId": "none"}})).status == 404
    assert (await api.get(f"{EXTRACTIONS}/none")).status == 404


async def test_output_may_come_after_completion() -> None:
    async with running(timing=Timing(output=10)) as api:
        extraction = await api.extract(b"Name: Alice")
        api.advance(5)
        early = (await api.get(f"{EXTRACTIONS}/{extraction['id']}")).json
        api.advance(10)
        late = (await api.get(f"{EXTRACTIONS}/{extraction['id']}")).json

    assert (early["status"], early["outputAvailable"], "output" in early) == ("COMPLETED", False, False)
    assert (late["outputAvailable"], late["output"]["fieldCount"]) == (True, 1)
    assert late["updatedAt"] > early["updatedAt"]


async def test_output_that_is_still_to_come_does_not_survive_reprocessing() -> None:
    async with running(timing=Timing(output=10, processing=100)) as api:
        extraction = await api.extract(b"Name: Alice")
        api.advance(101)
        await api.sandbox.settle()
        api.sandbox.reprocess(extraction["id"])
        api.advance(20)
        again = (await api.get(f"{EXTRACTIONS}/{extraction['id']}")).json

    assert (again["status"], again["outputAvailable"]) == ("PROCESSING", False)


async def test_a_document_can_be_processed_again(api: Api) -> None:
    first = await api.finished(b"Name: Alice")
    api.sandbox.reprocess(first["id"])
    between = (await api.get(f"{EXTRACTIONS}/{first['id']}")).json
    api.advance(10)
    again = (await api.get(f"{EXTRACTIONS}/{first['id']}")).json

    assert between["status"] == "PROCESSING"
    assert not {"completedAt", "output", "error"} & between.keys()
    assert again["output"] == first["output"]
    assert again["completedAt"] > first["completedAt"]


async def test_an_end_can_be_forced_and_what_was_planned_is_called_off(api: Api) -> None:
    failed = await api.extract(b"Name: Alice")
    stuck = await api.extract(b"Name: Bob")
    api.advance(0.1)
    api.sandbox.force(failed["id"], status="FAILED", error=("PROCESSING_FAILED", "It broke."))
    api.sandbox.force(stuck["id"], status="PROCESSING")
    api.advance(60)
    shown = (await api.get(f"{EXTRACTIONS}/{failed['id']}")).json

    assert shown["error"] == {"code": "PROCESSING_FAILED", "message": "It broke."}
    assert await status_of(api, stuck) == "PROCESSING"


async def test_what_is_forced_while_queued_stays(api: Api) -> None:
    extraction = await api.extract(b"Name: Alice")
    api.sandbox.force(extraction["id"], status="QUEUED")
    api.advance(60)

    assert await status_of(api, extraction) == "QUEUED"


async def test_states_and_properties_of_the_future_can_be_tried(api: Api) -> None:
    extraction = await api.extract(b"Name: Alice")
    api.sandbox.force(extraction["id"], extra={"pageCount": 3})
    still = (await api.get(f"{EXTRACTIONS}/{extraction['id']}")).json
    api.sandbox.force(extraction["id"], status="PAUSED")
    open_one = (await api.get(f"{EXTRACTIONS}/{extraction['id']}")).json
    api.sandbox.force(extraction["id"], status="ARCHIVED", ended=True, output={"fields": [{"x": 1}]})
    ended = (await api.get(f"{EXTRACTIONS}/{extraction['id']}")).json

    assert (still["status"], still["pageCount"]) == ("QUEUED", 3)
    assert (open_one["status"], "completedAt" in open_one) == ("PAUSED", False)
    assert (ended["status"], "completedAt" in ended, ended["output"]) == (
        "ARCHIVED",
        True,
        {"fields": [{"x": 1}]},
    )


async def test_a_bug_while_reading_fails_the_extraction(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def burst(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("plextera_async.sandbox.world.extracting.read_document", burst)
    extraction = await api.finished(b"Name: Alice")

    assert (extraction["status"], extraction["error"]["code"]) == ("FAILED", "PROCESSING_FAILED")


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ({"message": "wrong"}, {"message": "wrong", "type": "ERROR", "fieldId": None}),
        (
            {"message": "m" * 1024, "type": "INFO", "fieldId": "f" * 256},
            {"message": "m" * 1024, "type": "INFO", "fieldId": "f" * 256},
        ),
    ],
)
async def test_feedback_is_recorded(api: Api, body: Any, shown: dict[str, Any]) -> None:
    extraction = await api.extract(b"Name: Alice")

    reply = await api.post(f"{EXTRACTIONS}/{extraction['id']}/feedback", body)

    expected = shown | {"extractionId": extraction["id"], "createdAt": "2026-01-01T00:00:00Z"}
    assert reply.status == 202
    assert reply.json == expected | {"id": reply.json["id"]}
    assert api.sandbox.world.feedback[reply.json["id"]].message == body["message"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"message": ""},
        {"message": "m" * 1025},
        {"message": 1},
        {"message": "m", "type": "PRAISE"},
        {"message": "m", "type": 1},
        {"message": "m", "fieldId": ""},
        {"message": "m", "fieldId": "f" * 257},
        {"message": "m", "fieldId": None},
    ],
)
async def test_feedback_has_limits(api: Api, body: Any) -> None:
    extraction = await api.extract(b"Name: Alice")

    assert (await api.post(f"{EXTRACTIONS}/{extraction['id']}/feedback", body)).status == 422


async def test_feedback_needs_its_extraction(api: Api) -> None:
    assert (await api.post(f"{EXTRACTIONS}/none/feedback", {"message": "m"})).status == 404


# The first generation


async def test_a_job_has_the_names_of_its_generation(api: Api) -> None:
    file = await api.upload(b"Name: Alice")
    hub = "0123456789abcdefABCDEF00"
    body = {"document": {"fileId": file["id"]}, "hubId": hub, "metadata": {"a": "b"}}
    created = await api.post(f"{JOBS}/extract", body)
    job = created.json
    api.advance(60)
    completed = (await api.get(f"{JOBS}/{job['id']}")).json

    assert created.status == 202
    assert job["id"].startswith("dijob_")
    assert (job["operation"], job["hubId"], job["metadata"], "tags" in job) == (
        "extract",
        hub,
        {"a": "b"},
        False,
    )
    assert job["hubName"]
    assert completed["output"]["fieldCount"] == 1
    assert "startedAt" in completed
    assert (await api.get(JOBS)).json["data"] == [{k: v for k, v in completed.items() if k != "output"}]
    assert (await api.get(EXTRACTIONS)).json["data"] == []


@pytest.mark.parametrize(
    "more",
    [
        {"hubId": ""},
        {"hubId": "0" * 23},
        {"hubId": "f" * 24},
        {"hubId": 1},
        {"hubId": None},
        {"metadata": {"a": " "}},
    ],
)
async def test_jobs_refuse_bad_hubs_and_metadata(api: Api, more: dict[str, Any]) -> None:
    assert (await api.post(f"{JOBS}/extract", {"document": {"url": "https://a"}} | more)).status == 422


async def test_feedback_on_a_job_has_no_type(api: Api) -> None:
    job = (await api.post(f"{JOBS}/extract", {"document": {"url": "https://a"}})).json

    reply = await api.post(f"{JOBS}/{job['id']}/feedback", {"message": "m", "type": "PRAISE", "fieldId": "f"})

    assert reply.status == 202
    assert reply.json.keys() == {"id", "jobId", "message", "fieldId", "createdAt"}
    assert reply.json["jobId"] == job["id"]
    assert (await api.post(f"{JOBS}/none/feedback", {"message": "m"})).status == 404
    assert (await api.get(f"{JOBS}/none")).status == 404


async def test_a_job_can_be_forced_and_reprocessed(api: Api) -> None:
    job = (await api.post(f"{JOBS}/extract", {"document": {"url": "https://a"}})).json
    api.sandbox.force(job["id"], status="REJECTED", error=("X", "y"))
    rejected = (await api.get(f"{JOBS}/{job['id']}")).json
    api.sandbox.reprocess(job["id"])

    assert rejected["error"]["code"] == "X"
    assert (await api.get(f"{JOBS}/{job['id']}")).json["status"] == "PROCESSING"
