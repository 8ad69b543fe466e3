"""A pretend Plextera Public API on loopback, for tests, demonstrations and development without an account.

    async with Sandbox() as sandbox:
        async with AsyncPlextera(sandbox.api_key, base_url=sandbox.base_url) as client:
            ...

It is an independent reading of the contract: it keeps state, moves jobs through their lives, refuses what the
contract refuses, goes wrong or has a quota on request (`Sandbox.faults`), records what arrived (`Sandbox.requests`), and delivers
events to a receiver on loopback, signed and with retries (`Sandbox.deliveries`, `Sandbox.delivery_faults`):

    Sandbox(endpoints={"https://example.com/hook": "http://127.0.0.1:8080/hook"})

Where the contract leaves room, these are its conventions:

- A document whose bytes were submitted before is REJECTED (`DUPLICATE_DOCUMENT`), unless the earlier extraction was
  rejected or failed itself. Empty and duplicate documents are rejected without being processed.
- Documents given by URL have the content that `Sandbox.add_url` put there; any other URL ends FAILED. No connection
  is ever opened.
- Every well-formed slug is a published workflow of three steps, except `unknown-...` and `unpublished-...`;
  `Sandbox.add_workflow` makes others. A `document_insights` step extracts the `document` of the trigger input, and
  the output of a first step of another type is the trigger input.
- Every hub id of 24 hexadecimal digits is an enabled hub, except the one with every digit `f`.
- An event is made when a job ends as COMPLETED, FAILED or REJECTED and, if COMPLETED, its output is there; nested
  runs and the extractions of workflows included. Each active subscription that is for it gets it once, under one
  event id for all of them; after reprocessing there is a new event. The filter `workflowId` is for workflow events
  only, `operation` for the others.
- What happens while a subscription is paused is not delivered later, and a try that falls due then is the last one.
  Every try uses the address and the secret that the subscription has by then.
- A delivery that is answered by other than 2xx, too late or not at all is tried again, by default five times in all,
  after 1, 2, 4 and 8 seconds (`DeliveryPolicy`). Redirects are not followed.
- A page size over 100 is refused, as is an `X-Request-Id` of other than 1 to 64 visible ASCII characters.
- PDFs with a page whose media box is not given as lower left and upper right corner count as broken.

It is no OCR and no model. Fields come from plain rules: `Label: value` lines of text, CSV columns, HTML tables and
definition lists, the text and the form fields of PDFs (for which the `cli` extra is needed). Scans, images, office
documents, archives, audio and video complete with no fields. The same bytes always give the same fields, and
`confidence` is a fixed figure per rule.
"""

from ._clock import SystemClock, Timing, VirtualClock
from ._faults import Fault, Faults, Quota
from ._received import Received
from ._sandbox import Sandbox
from .delivery.faults import DeliveryFault, DeliveryFaults
from .delivery.policy import DeliveryPolicy
from .delivery.record import Delivery
from .world.records import WorkflowStep

__all__ = [
    "Delivery",
    "DeliveryFault",
    "DeliveryFaults",
    "DeliveryPolicy",
    "Fault",
    "Faults",
    "Quota",
    "Received",
    "Sandbox",
    "SystemClock",
    "Timing",
    "VirtualClock",
    "WorkflowStep",
]
