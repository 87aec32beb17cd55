"""The ECS cluster, what runs in it, and how much of it."""
