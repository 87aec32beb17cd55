"""The VPC: its addresses, ways out, endpoints, and who may call whom."""
