"""The way of many documents: found, sent, waited for, written down."""
