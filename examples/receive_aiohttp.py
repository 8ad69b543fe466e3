"""Documents in over HTTP, results in as events: flow 2 as an aiohttp.web application.

export PLEXTERA_API_KEY=... PLEXTERA_SIGNING_SECRET=... PLEXTERA_ENDPOINT=https://example.com/webhooks/plextera
python examples/receive_aiohttp.py
curl --data-binary @lab-result.pdf http://127.0.0.1:8080/documents/lab-result.pdf

Without an account, the sandbox delivers to it (the two lines that it prints are to be exported as well):

plextera sandbox --endpoint $PLEXTERA_ENDPOINT=http://127.0.0.1:8080/webhooks/plextera
"""

import os
from collections.abc import AsyncIterator

from aiohttp import web

from plextera_async import AsyncPlextera
from plextera_async.webhooks import (
    ExtractionCompletedEvent,
    ExtractionFailedEvent,
    ExtractionRejectedEvent,
    WebhookReceiver,
    WebhookVerifier,
)
from plextera_async.webhooks.aiohttp_web import handler

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


async def lifespan(_: web.Application) -> AsyncIterator[None]:
    async with client:
        subscriptions = client.event_subscriptions.list()
        if ENDPOINT not in [subscription.endpoint_url async for subscription in subscriptions]:
            await client.event_subscriptions.create(
                endpoint_url=ENDPOINT, event_types=EVENTS, signing_secret=SECRET
            )
        yield


async def submit(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    extraction = await client.extractions.upload(request.content.iter_any(), name=name)
    return web.json_response({"id": extraction.id}, status=202)


def make_app() -> web.Application:
    app = web.Application()
    app.cleanup_ctx.append(lifespan)
    app.router.add_post("/webhooks/plextera", handler(receiver))
    app.router.add_post("/documents/{name}", submit)
    return app


if __name__ == "__main__":
    web.run_app(make_app(), host="127.0.0.1")
