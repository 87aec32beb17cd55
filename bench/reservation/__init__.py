"""Claims and reservations beside what PostgreSQL can do."""
