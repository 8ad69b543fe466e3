"""The way of many documents: found, sent, waited for, counted, written down."""
