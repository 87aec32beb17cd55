"""The catalogue: venues, layouts and events in one file, read by ``tiketi seed``."""
