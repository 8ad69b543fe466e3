"""How requests arrive and answers leave, as values; no endpoint is known here."""
