"""What goes wrong with deliveries on request."""

from fnmatch import fnmatchcase

import attrs


@attrs.define(kw_only=True, eq=False)
class DeliveryFault:
    """One thing that goes wrong with the tries it meets. Out of order: delay the one that should come later."""

    event_type: str | None = None
    """Only events whose type matches this glob, such as `workflow.run.*`; None for all."""
    times: int | None = 1
    """How many tries it meets, those that follow a failed one included; None means for ever. It counts down."""
    lost: bool = False
    """Send nothing and take it for delivered, so that no further try follows."""
    duplicate: bool = False
    """Once a try succeeded, send the event again, under another delivery id."""
    delay: float = 0.0
    """Sandbox seconds before the try."""
    wrong_signature: bool = False
    """Sign with another secret."""


class DeliveryFaults:
    """The faults of deliveries to come, tried in the order in which they were added."""

    def __init__(self) -> None:
        self._faults: list[DeliveryFault] = []

    def add(self, fault: DeliveryFault) -> DeliveryFault:
        """Let *fault* happen from the next try on; returns it, so that its `times` can be watched."""
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Let nothing more go wrong."""
        self._faults.clear()

    def take(self, event_type: str) -> DeliveryFault:
        """Find the first fault for a try and count it; one that does nothing if there is none."""
        for fault in self._faults:
            if fault.times != 0 and fnmatchcase(event_type, fault.event_type or "*"):
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return DeliveryFault(times=0)
