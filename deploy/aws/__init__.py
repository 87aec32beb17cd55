"""CloudFormation stacks: one file a concern, linked by exports and parameters."""
