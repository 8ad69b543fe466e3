"""What users call: the client, its resources, handles and pages."""
