"""The whole journey of one on-sale, gone through by many buyers over HTTP.

It knows the system by the HTTP contract alone; only the accounts of a local system are made
through the library, since people sign in before an on-sale and not in its first minute.
"""
