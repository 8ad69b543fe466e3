"""What commands share of their command line."""
