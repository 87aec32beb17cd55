"""Kong's declarative configuration, for whoever puts it before the services."""
