"""Deliveries to subscribed endpoints: from a job that ended to signed requests, with retries and faults."""
