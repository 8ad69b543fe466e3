"""The state of the pretend service and the life of its jobs; nothing of HTTP is known here."""
