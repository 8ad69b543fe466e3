"""What the sandbox tests share: a bare HTTP caller and small documents written by hand."""

import asyncio
import hashlib
import io
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import attrs

from plextera_async.sandbox import Sandbox, VirtualClock

EXTRACTIONS = "/document-insights/extractions"
JOBS = "/document-insights/jobs"
SUBSCRIPTIONS = "/event-subscriptions"

_DONE = 3600.0


@attrs.frozen
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return self.json["error"]["code"]


@attrs.frozen
class FilePart:
    content: bytes
    name: str | None = "note.txt"
    content_type: str = "application/octet-stream"


class Api:
    """Calls a sandbox with plain aiohttp: nothing of the client under test."""

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
        self.sandbox = sandbox
        self.session = session

    async def call(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        form: Mapping[str, Any] | None = None,
        data: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        sent = {"Authorization": f"api-key {self.sandbox.api_key}"} | dict(headers or {})
        if form is not None:
            data = form_data(form)
        async with self.session.request(
            method, self.sandbox.base_url + path, json=body, data=data, headers=sent
        ) as response:
            return Reply(response.status, response.headers.copy(), await response.read())

    async def get(self, path: str, **more: Any) -> Reply:
        return await self.call("GET", path, **more)

    async def post(self, path: str, body: Any = None, **more: Any) -> Reply:
        return await self.call("POST", path, body=body, **more)

    async def upload(self, content: bytes, name: str | None = "note.txt") -> dict[str, Any]:
        reply = await self.post("/files", form={"file": FilePart(content, name)})
        assert reply.status == 201
        return reply.json

    async def extract(self, content: bytes, name: str | None = "note.txt", **fields: Any) -> dict[str, Any]:
        form = {"file": FilePart(content, name), **fields}
        reply = await self.post(f"{EXTRACTIONS}/upload", form=form)
        assert reply.status == 202
        return reply.json

    async def finished(self, content: bytes, name: str | None = "note.txt") -> dict[str, Any]:
        """Extract a document and wait for its end."""
        accepted = await self.extract(content, name)
        self.advance(_DONE)
        return (await self.get(f"{EXTRACTIONS}/{accepted['id']}")).json

    def advance(self, seconds: float) -> None:
        assert isinstance(self.sandbox.clock, VirtualClock)
        self.sandbox.clock.advance(seconds)


async def until(claim: Callable[[], object]) -> None:
    """Wait for something that has no event of its own, such as a request that hangs in the sandbox."""
    while not claim():
        await asyncio.sleep(0.002)


def files_below(folder: Path) -> list[int]:
    """Give the sizes of all files in a folder."""
    return [path.stat().st_size for path in folder.rglob("*") if path.is_file()]


def form_data(fields: Mapping[str, Any]) -> aiohttp.FormData:
    form = aiohttp.FormData(quote_fields=False, default_to_multipart=True)
    for name, value in fields.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, FilePart):
                content = io.BytesIO(one.content)
                form.add_field(name, content, filename=one.name, content_type=one.content_type)
            elif isinstance(one, str):
                form.add_field(name, one)
            else:
                form.add_field(name, json.dumps(one), content_type="application/json")
    return form


@asynccontextmanager
async def running(**settings: Any) -> AsyncIterator[Api]:
    settings.setdefault("clock", VirtualClock())
    async with Sandbox(**settings) as sandbox, aiohttp.ClientSession() as session:
        yield Api(sandbox, session)


# Minimal PDFs


def pdf(
    lines: Iterable[tuple[float, float, str]] = (),
    *,
    media_box: str = "0 0 300 400",
    rotate: int = 0,
    fields: str = "",
    annotations: Iterable[str] = (),
    password: str | None = None,
) -> bytes:
    """Write a PDF of one page with text at the given points from its lower left corner."""
    text = "".join(f"BT /F1 10 Tf {x} {y} Td ({line}) Tj ET\n" for x, y, line in lines)
    annotations = list(annotations)
    kids = " ".join(f"{6 + index} 0 R" for index in range(len(annotations)))
    page = f"/Contents 4 0 R /Annots [{kids}] /Resources << /Font << /F1 5 0 R >> >>"
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [{kids}] /DA (/F1 10 Tf) {fields} >> >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [{media_box}] /Rotate {rotate} {page} >>",
        f"<< /Length {len(text)} >>\nstream\n{text}endstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        *annotations,
    ]
    trailer = ""
    if password is not None:
        objects.append(_encryption(password))
        trailer = f" /Encrypt {len(objects)} 0 R /ID [<{'00' * 16}> <{'00' * 16}>]"
    return _file(objects, trailer)


def text_field(name: str, value: str, rect: str = "10 20 110 40") -> str:
    return f"<< /Type /Annot /Subtype /Widget /FT /Tx /T ({name}) /V ({value}) /Rect [{rect}] /P 3 0 R >>"


def check_box(name: str, *, checked: bool) -> str:
    state = "/Yes" if checked else "/Off"
    appearance = "/AP << /N << /Yes 4 0 R /Off 4 0 R >> >>"
    return f"<< /Type /Annot /Subtype /Widget /FT /Btn /T ({name}) /V {state} /AS {state} {appearance} /Rect [0 0 9 9] >>"


def _file(objects: list[str], trailer: str) -> bytes:
    content = b"%PDF-1.4\n"
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(content))
        content += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    start = len(content)
    size = len(objects) + 1
    content += f"xref\n0 {size}\n0000000000 65535 f \n{table}".encode()
    return content + f"trailer\n<< /Size {size} /Root 1 0 R{trailer} >>\nstartxref\n{start}\n%%EOF\n".encode()


_PAD = bytes.fromhex("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")


def _encryption(password: str) -> str:
    """Write the standard security handler, revision 2 (ISO 32000-1, 7.6.3)."""
    padded = (password.encode() + _PAD)[:32]
    owner = _rc4(hashlib.md5(padded, usedforsecurity=False).digest()[:5], padded)
    permissions = (-4).to_bytes(4, "little", signed=True)
    key = hashlib.md5(padded + owner + permissions + bytes(16), usedforsecurity=False).digest()[:5]
    user = _rc4(key, _PAD)
    return f"<< /Filter /Standard /V 1 /R 2 /O <{owner.hex()}> /U <{user.hex()}> /P -4 >>"


def _rc4(key: bytes, data: bytes) -> bytes:
    box = list(range(256))
    j = 0
    for i in range(256):
        j = (j + box[i] + key[i % len(key)]) % 256
        box[i], box[j] = box[j], box[i]
    i = j = 0
    out = bytearray()
    for byte in data:
        i = (i + 1) % 256
        j = (j + box[i]) % 256
        box[i], box[j] = box[j], box[i]
        out.append(byte ^ box[(box[i] + box[j]) % 256])
    return bytes(out)
