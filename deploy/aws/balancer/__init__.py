"""The load balancer, its rules and target groups."""
