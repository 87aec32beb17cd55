"""The catalogues that come with Tiketi."""

from importlib.resources import files

DEMO_NAMES = ("demo", "stadium")


def demo_data(name: str) -> bytes:
    """The bytes of one of ``DEMO_NAMES``."""
    return files(__package__).joinpath(f"{name}.yaml").read_bytes()
