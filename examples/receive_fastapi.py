"""Documents in over HTTP, results in as events: flow 2 as a FastAPI application.

export PLEXTERA_API_KEY=... PLEXTERA_SIGNING_SECRET=... PLEXTERA_ENDPOINT=https://example.com/webhooks/plextera
uvicorn --app-dir examples receive_fastapi:app
curl --data-binary @lab-result.pdf http://127.0.0.1:8000/documents/lab-result.pdf

Without an account, the sandbox delivers to it (the two lines that it prints are to be exported as well):

plextera sandbox --endpoint $PLEXTERA_ENDPOINT=http://127.0.0.1:8000/webhooks/plextera
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request

from plextera_async import AsyncPlextera
from plextera_async.webhooks import (
    ExtractionCompletedEvent,
    ExtractionFailedEvent,
    ExtractionRejectedEvent,
    WebhookReceiver,
    WebhookVerifier,
)
from plextera_async.webhooks.asgi import WebhookApp

SECRET = os.environ["PLEXTERA_SIGNING_SECRET"]
ENDPOINT = os.environ["PLEXTERA_ENDPOINT"]
EVENTS = [f"document-insights.extraction.{end}" for end in ("completed", "failed", "rejected")]

client = AsyncPlextera()
receiver = WebhookReceiver(WebhookVerifier(SECRET))


@receiver.on(ExtractionCompletedEvent)
async def completed(event: ExtractionCompletedEvent) -> None:
    output = event.extraction.output or await client.extractions.handle(event.extraction.id).result()
    print(event.extraction.id, len(output.fields), "fields", flush=True)


@receiver.on(ExtractionFailedEvent, ExtractionRejectedEvent)
def ended(event: ExtractionFailedEvent | ExtractionRejectedEvent) -> None:
    print(event.extraction.id, event.extraction.status, flush=True)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    async with client:
        subscriptions = client.event_subscriptions.list()
        if ENDPOINT not in [subscription.endpoint_url async for subscription in subscriptions]:
            await client.event_subscriptions.create(
                endpoint_url=ENDPOINT, event_types=EVENTS, signing_secret=SECRET
            )
        yield


app = FastAPI(lifespan=lifespan)
app.mount("/webhooks", WebhookApp(receiver))  # all paths below it


@app.post("/documents/{name}", status_code=202)
async def submit(name: str, request: Request) -> dict[str, str]:
    extraction = await client.extractions.upload(request.stream(), name=name)
    return {"id": extraction.id}
