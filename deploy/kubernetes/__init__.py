"""Kubernetes' definitions as plain data, made from the registry and written as YAML."""
