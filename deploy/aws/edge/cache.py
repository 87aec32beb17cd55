"""What CloudFront keeps, and how long."""

from troposphere import Template
from troposphere.cloudfront import (
    CacheCookiesConfig,
    CacheHeadersConfig,
    CachePolicy,
    CachePolicyConfig,
    CacheQueryStringsConfig,
    OriginRequestCookiesConfig,
    OriginRequestHeadersConfig,
    OriginRequestPolicy,
    OriginRequestPolicyConfig,
    OriginRequestQueryStringsConfig,
    ParametersInCacheKeyAndForwardedToOrigin,
)

from deploy.environment import Environment

SITE_SECONDS = 86_400
# The event list and the seat maps: a map never changes, a list may be half a minute old.
SLOW_SECONDS = 30
# The board, and what changes while one looks: as long as the origin says, and no longer than this.
LIVE_SECONDS = 1
# Among the emitted resources: what of a request for something public goes to the balancer.
PUBLIC_REQUEST = "PublicRequest"
# AWS's own policies, by their published ids.
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
ALL_VIEWER = "216adef6-5c7f-47e4-b989-5492eafa07d3"

# Least, by default, most: seconds. A least above 0 wins over the origin's own word.
_POLICIES = {
    "SiteCache": (0, SITE_SECONDS, SITE_SECONDS),
    "SlowCache": (SLOW_SECONDS, SLOW_SECONDS, SLOW_SECONDS),
    "LiveCache": (0, 0, LIVE_SECONDS),
}
# In the order of evaluation; what none of them matches is not cached.
CACHED_PATHS = (
    ("/api/v1/events", "SlowCache"),
    ("/api/v1/events/*/seats", "SlowCache"),
    ("/api/v1/events/*", "LiveCache"),
    ("/api/v1/queue/*/board", "LiveCache"),
)


def add_cache_policies(template: Template, environment: Environment) -> None:
    """Neither cookies nor tokens are part of the key: only what is public is cached."""
    for name, (least, by_default, most) in _POLICIES.items():
        key = ParametersInCacheKeyAndForwardedToOrigin(
            CookiesConfig=CacheCookiesConfig(CookieBehavior="none"),
            HeadersConfig=CacheHeadersConfig(HeaderBehavior="none"),
            QueryStringsConfig=CacheQueryStringsConfig(
                QueryStringBehavior="none" if name == "SiteCache" else "all"
            ),
            EnableAcceptEncodingBrotli=True,
            EnableAcceptEncodingGzip=True,
        )
        template.add_resource(
            CachePolicy(
                name,
                CachePolicyConfig=CachePolicyConfig(
                    Name=f"{environment.prefix}-{name}",
                    MinTTL=least,
                    DefaultTTL=by_default,
                    MaxTTL=most,
                    ParametersInCacheKeyAndForwardedToOrigin=key,
                ),
            )
        )
    _add_public_request(template, environment)


def _add_public_request(template: Template, environment: Environment) -> None:
    """No cookies: the balancer would answer with its own, which keeps a client at a task, and one
    kept answer would bring all who read it to the same.
    """
    template.add_resource(
        OriginRequestPolicy(
            PUBLIC_REQUEST,
            OriginRequestPolicyConfig=OriginRequestPolicyConfig(
                Name=f"{environment.prefix}-{PUBLIC_REQUEST}",
                CookiesConfig=OriginRequestCookiesConfig(CookieBehavior="none"),
                HeadersConfig=OriginRequestHeadersConfig(HeaderBehavior="allViewer"),
                QueryStringsConfig=OriginRequestQueryStringsConfig(QueryStringBehavior="all"),
            ),
        )
    )
