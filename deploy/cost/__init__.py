"""What it all costs a month, idle and at its peak, and what an on-sale adds."""
