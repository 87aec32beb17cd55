"""Waiting lists: who found an event sold out is offered what comes free, by the party's size."""
