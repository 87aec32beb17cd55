"""The built-in payment company: its own books, its own page, its own signed webhooks.

Nothing outside this package touches its schema, and it touches no other: what it knows of a
payment it was told through the provider protocol, and what it has to say it says over HTTP.
"""
