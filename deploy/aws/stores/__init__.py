"""Aurora and ElastiCache, and the secrets that log in to them."""
