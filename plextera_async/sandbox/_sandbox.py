"""The sandbox as its users hold it: lifecycle, addresses, and the hand that steers its world."""

import secrets
from collections import deque
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from ._clock import Clock, SystemClock, Timing
from ._faults import Faults
from ._received import Received
from ._server import BASE_PATH, Server
from .delivery.courier import Courier
from .delivery.endpoints import Endpoints
from .delivery.policy import DeliveryPolicy
from .world.agenda import Agenda
from .world.records import EXTRACTION_ENDS, RUN_ENDS, Extraction, Problem, WorkflowStep
from .world.world import World

_MAX_REQUESTS = 100_000


class Sandbox:
    """A pretend Plextera Public API on loopback, with state; `async with` starts and stops it.

    Everything lives on the object, so any number may run at once. Leaving the block closes all connections,
    ends the jobs and removes the temporary files; what `world` and `requests` hold can still be looked at.

    Args:
        api_key: The one valid key; None makes a random one.
        host: Address to listen on.
        port: 0 lets the system choose a free one.
        timing: How long the phases of jobs take.
        clock: None for the real clock; a `VirtualClock` in tests.
        max_file_bytes: Limit of one file; 50 MiB as in the contract.
        endpoints: Where events go: loopback addresses (`http://127.0.0.1:8080/hook`) by subscribed https URL. What
            is subscribed elsewhere is noted as undeliverable, and no connection is opened to it.
        delivery_policy: How often and how long deliveries are tried, and what is in them.

    Raises:
        ValueError: If an endpoint's URL is not https, or its target is no http URL on loopback.

    Attributes:
        api_key: The one valid key.
        clock: The sandbox's time.
        deliveries: Every try to deliver an event, oldest first; the last 100 000 are kept.
        delivery_faults: What is to go wrong with deliveries; see `DeliveryFault`.
        faults: What is to go wrong, and what quotas there are; see `Fault` and `Quota`.
        requests: Every request that arrived, oldest first; the last 100 000 are kept.
        world: The state: `files`, `extractions`, `jobs`, `runs`, `subscriptions` and `feedback` by id.
    """

    def __init__(
        self,
        *,
        api_key: str | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        timing: Timing | None = None,
        clock: Clock | None = None,
        max_file_bytes: int = 50 * 1024 * 1024,
        endpoints: Mapping[str, str] | None = None,
        delivery_policy: DeliveryPolicy | None = None,
    ) -> None:
        self.api_key = api_key or f"sandbox_{secrets.token_urlsafe(24)}"
        self.clock: Clock = clock or SystemClock()
        self.faults = Faults()
        self.requests: deque[Received] = deque(maxlen=_MAX_REQUESTS)
        self._agenda = Agenda(self.clock, timing or Timing())
        self.world = World(self._agenda, max_file_bytes)
        self._endpoints = Endpoints(endpoints or {})
        self._courier = Courier(self.world, self._endpoints, delivery_policy or DeliveryPolicy())
        self.deliveries = self._courier.deliveries
        self.delivery_faults = self._courier.faults
        self.world.listeners.append(self._courier.tell)
        self._server = Server(self.world, self.api_key, faults=self.faults, requests=self.requests)
        self._host = host
        self._port = port
        self._is_running = False

    def __repr__(self) -> str:
        return f"<Sandbox on {self._host}:{self._port}>"

    @property
    def base_url(self) -> str:
        """Where it serves, to be given to a client.

        Raises:
            RuntimeError: If it was never started, so that the port is not known.
        """
        if self._port == 0:
            raise RuntimeError("the sandbox is not running: use it with `async with`")
        return f"http://{self._host}:{self._port}{BASE_PATH}"

    @property
    def timing(self) -> Timing:
        """How long the phases of jobs take; may be replaced at any time, for the phases that begin after that."""
        return self._agenda.timing

    @timing.setter
    def timing(self, timing: Timing) -> None:
        self._agenda.timing = timing

    async def __aenter__(self) -> Self:
        if self._is_running or self._agenda.stopping.is_set():
            raise RuntimeError("a sandbox runs once; make another one")
        self._agenda.open()
        self._port = await self._server.start(self._host, self._port)
        self._courier.open()
        self._is_running = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._server.stop()
        await self._courier.close()
        await self._agenda.close()
        self.world.storage.close()
        self._is_running = False

    async def settle(self) -> None:
        """Wait until the tries of deliveries that are due by now are over; on a virtual clock, for all work due.

        Requests wait for work by themselves, but not for deliveries, whose receivers may be the ones that ask. So do
        not call this from a receiver.
        """
        await self._agenda.settle()
        await self._courier.settle()

    def add_endpoint(self, url: str, target: str) -> None:
        """Deliver what is subscribed at *url* to a loopback address, as with `Sandbox(endpoints=...)`.

        Args:
            url: The https URL, as in the subscription.
            target: Such as `http://127.0.0.1:8080/hook`.

        Raises:
            ValueError: If *url* is not https, or *target* is no http URL on loopback.
        """
        self._endpoints.add(url, target)

    def add_url(self, url: str, content: bytes, name: str | None = None) -> None:
        """Let an https URL have *content*.

        The sandbox opens no connections: an extraction from a URL that was not added ends FAILED.

        Args:
            url: As clients will send it.
            content: What stands there.
            name: File name; None for the last part of the URL's path.
        """
        self.world.add_url(url, content, name)

    def add_workflow(
        self, workflow_id: str, *, name: str | None = None, steps: Sequence[WorkflowStep] = ()
    ) -> None:
        """Publish a workflow.

        Without this, every well-formed slug is a published workflow with three steps; only ids that begin with
        `unknown-` or `unpublished-` are none.

        Args:
            workflow_id: Its id.
            name: None for one made from the id.
            steps: What a run does, one after the other; none means the three steps of every other workflow.

        Raises:
            ValueError: If the workflow is there already, or a step names a nested workflow that was not added
                before (which also keeps workflows from nesting in a circle).
        """
        self.world.add_workflow(workflow_id, name, tuple(steps))

    def close_run(self, run_id: str) -> None:
        """Close a run as a person does in Plextera Studio: it ends CLOSED, and no event tells of it.

        Raises:
            KeyError: If there is no such run.
        """
        self.force(run_id, status="CLOSED")

    def reprocess(self, extraction_id: str) -> None:
        """Send an extraction or a job through PROCESSING once more.

        Raises:
            KeyError: If there is none of this id.
        """
        self.world.extracting.reprocess(self.world.extraction_or_job(extraction_id))

    def force(
        self,
        job_id: str,
        *,
        status: str | None = None,
        error: tuple[str, str] | None = None,
        output: dict[str, Any] | None = None,
        ended: bool | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        """Put an extraction, a job or a run into a state, and call off what was planned for it.

        Args:
            job_id: Its id.
            status: Any string, known or not; None leaves the job its life and only sets *extra*.
            error: Code and message to show.
            output: Of an extraction; shown at once, or after `Timing.output`.
            ended: Whether `completedAt` is set; None for what belongs to the status, so that an unknown status
                has none.
            extra: Properties to add to every answer about it, over the real ones, such as those of a future
                release.

        Raises:
            KeyError: If there is no such job.
        """
        job = self.world.job(job_id)
        if extra is not None:
            job.extra = extra
        if status is None:
            return
        problem = None if error is None else Problem(*error)
        ends = EXTRACTION_ENDS if isinstance(job, Extraction) else RUN_ENDS
        self.world.force(
            job, status=status, error=problem, output=output, ended=status in ends if ended is None else ended
        )
