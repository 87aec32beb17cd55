"""Choosing seats for a buyer: pure rules over a hall, and what is known of its free seats.

A set of seats is an ``int``: bit i is the seat of index i. A hall of 50,000 seats is 6 KB, and a
question about all of its seats is a few operations on it.
"""
