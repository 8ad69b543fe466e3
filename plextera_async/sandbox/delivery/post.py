"""One signed request to one loopback address."""

import asyncio
import hmac

from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

from plextera_async.sandbox.world.agenda import Agenda

from .events import API_VERSION, Event

# A POST on a kept connection that the receiver has just closed fails.
_KEEP_SECONDS = 2.0


class Post:
    """Sends events; holds the connections.

    Args:
        agenda: Time.
        timeout: Sandbox seconds that one request may take.
    """

    def __init__(self, agenda: Agenda, timeout: float) -> None:
        self._agenda = agenda
        self._timeout = timeout
        self._session = ClientSession(
            connector=TCPConnector(limit=0, keepalive_timeout=_KEEP_SECONDS),
            cookie_jar=DummyCookieJar(),
            headers={"Content-Type": "application/json", "User-Agent": "plextera-sandbox"},
            timeout=ClientTimeout(total=None),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    async def send(self, target: str, event: Event, *, delivery_id: str, secret: str) -> int:
        """Deliver *event* and give the status of the answer; redirects are not followed.

        Raises:
            TimeoutError: If there was no whole answer in time.
            OSError: If there is no connection.
            aiohttp.ClientError: If there is no connection, or the answer is no HTTP.
        """
        now = self._agenda.clock.now()
        headers = {
            "X-Plextera-Delivery-Id": delivery_id,
            "X-Plextera-Event-Id": event.id,
            "X-Plextera-Event-Type": event.type,
            "X-Plextera-Event-Occurred-At": event.occurred_at,
            "X-Plextera-Api-Version": API_VERSION,
            "X-Plextera-Signature": signature(event.body, secret, int(now)),
        }
        async with asyncio.timeout(None) as limit:
            # Sandbox time decides, so on a virtual clock a slow machine lets nothing time out.
            call_off = self._agenda.at(now + self._timeout, lambda _: limit.reschedule(0))
            try:
                async with self._session.post(
                    target, data=event.body, headers=headers, allow_redirects=False
                ) as answer:
                    await answer.read()
            finally:
                call_off()
        return answer.status


def signature(body: bytes, secret: str, timestamp: int) -> str:
    """Sign a body: `t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">` (CONTRACT 7.5)."""
    digest = hmac.digest(secret.encode(), b"%d.%b" % (timestamp, body), "sha256")
    return f"t={timestamp},v1={digest.hex()}"
