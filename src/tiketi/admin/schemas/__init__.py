"""The admin service's shapes on the wire."""
