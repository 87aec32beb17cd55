"""The routing table as a haproxy configuration: where there is no ALB, and where it is tried."""

from deploy.haproxy.config import CHECK_INTERVAL_SECONDS, STICKY_COOKIE, Site, make_haproxy, render

__all__ = ["CHECK_INTERVAL_SECONDS", "STICKY_COOKIE", "Site", "make_haproxy", "render"]
