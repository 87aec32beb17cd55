"""Every AWS and Kubernetes definition that Tiketi runs on, emitted from the registry's one list."""
