"""Acting: clock, transport, the one retry loop, upload bodies. Knows no endpoint."""
