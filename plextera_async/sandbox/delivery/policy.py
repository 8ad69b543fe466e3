"""How deliveries are made: the settings of a sandbox for what the contract leaves open."""

from typing import Literal

import attrs

EventShape = Literal["example", "id"]

_AT_LEAST_ZERO = attrs.validators.ge(0.0)


@attrs.frozen(kw_only=True)
class DeliveryPolicy:
    """How often a delivery is tried, and what is in it. Time is sandbox time, in seconds.

    The number of attempts, the delays and the timeout of Plextera itself are not documented (CONTRACT 7.6).

    Raises:
        ValueError: If a number is out of range, or the shape is none of the two.
    """

    attempts: int = attrs.field(default=5, validator=attrs.validators.ge(1))
    """Tries of one event for one subscription, the first included; then it is given up."""
    first_delay: float = attrs.field(default=1.0, validator=_AT_LEAST_ZERO)
    """From the end of the first try to the second; each later delay is twice as long."""
    max_delay: float = attrs.field(default=60.0, validator=_AT_LEAST_ZERO)
    """Longest delay between two tries."""
    timeout: float = attrs.field(default=10.0, validator=attrs.validators.gt(0.0))
    """Longest time for one try, answer included."""
    event_shape: EventShape = attrs.field(
        default="example", validator=attrs.validators.in_(("example", "id"))
    )
    """`example` names a job as the documented examples do (`extractionId`, or `runId` with `workflowId`), `id` as
    the documented text does, like reading it by id."""
    with_output: bool = True
    """Whether completed events of extractions carry the output; without it a client has to read it by id."""

    def delay_after(self, attempt: int) -> float:
        """Say how long to wait after a failed try; the first one is 1."""
        # The exponent is bounded because a float is.
        return min(self.first_delay * 2.0 ** min(attempt - 1, 1000), self.max_delay)
