"""Tiketi sells the seats of a high-demand event fairly, fast, and never one twice."""

__version__ = "0.1.0"
