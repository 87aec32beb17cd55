"""Two distributions: the site's, whose pages call the API at their own host, and the API's."""

from collections.abc import Mapping

from troposphere import GetAtt, Ref, Template
from troposphere.cloudfront import (
    CacheBehavior,
    CustomErrorResponse,
    DefaultCacheBehavior,
    Distribution,
    DistributionConfig,
    FunctionAssociation,
    Origin,
    S3OriginConfig,
    ViewerCertificate,
    VpcOriginConfig,
)
from troposphere.s3 import Bucket

from deploy.aws.edge.cache import ALL_VIEWER, CACHED_PATHS, CACHING_DISABLED, PUBLIC_REQUEST
from deploy.aws.edge.function import add_page_function, add_security_headers
from deploy.aws.template import tags_of
from deploy.environment import Environment
from deploy.routing import IDLE_TIMEOUT_SECONDS

READ = ["GET", "HEAD", "OPTIONS"]
EVERYTHING = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
BALANCER = "balancer"
# Above the 25 s between two pings of a stream.
READ_TIMEOUT_SECONDS = 60
# Below the balancer's, so that it never closes a connection under CloudFront's next request.
KEEP_ALIVE_SECONDS = IDLE_TIMEOUT_SECONDS - 5
# Where a refusal is kept for ten seconds by default, a sold-out answer would be too.
_ERRORS = (400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504)


def add_site(
    template: Template, environment: Environment, buckets: Mapping[str, Bucket]
) -> Distribution:
    """Paths of the API go to the balancer, pictures and everything else to the buckets."""
    add_page_function(template, environment)
    add_security_headers(template, environment)
    pages = DefaultCacheBehavior(
        TargetOriginId="site",
        FunctionAssociations=[
            FunctionAssociation(
                EventType="viewer-request", FunctionARN=GetAtt("PageFunction", "FunctionARN")
            )
        ],
        **_files(),
    )
    images = CacheBehavior(PathPattern="/images/*", TargetOriginId="images", **_files())
    api = [_uncached_at(path) for path in ("/api/*", "/.well-known/jwks.json")]
    return _add_distribution(
        template,
        environment,
        "Site",
        Aliases=[environment.domain, environment.admin_host],
        Origins=[_balancer(), *(_bucket(origin, bucket) for origin, bucket in buckets.items())],
        DefaultRootObject="index.html",
        DefaultCacheBehavior=pages,
        CacheBehaviors=[*_cached(), *api, images],
    )


def add_api(template: Template, environment: Environment) -> Distribution:
    return _add_distribution(
        template,
        environment,
        "Api",
        Aliases=[environment.api_host],
        Origins=[_balancer()],
        DefaultCacheBehavior=DefaultCacheBehavior(**_uncached()),
        CacheBehaviors=_cached(),
    )


def _add_distribution(
    template: Template, environment: Environment, name: str, **config: object
) -> Distribution:
    return template.add_resource(
        Distribution(
            name,
            DistributionConfig=DistributionConfig(
                Comment=f"{environment.prefix} {name}",
                Enabled=True,
                HttpVersion="http2and3",
                IPV6Enabled=True,
                # Asia, Europe and America; the last class is the dearest, and far from Korea.
                PriceClass="PriceClass_200",
                WebACLId=Ref("WebAclArn"),
                ViewerCertificate=ViewerCertificate(
                    AcmCertificateArn=Ref("CertificateArn"),
                    MinimumProtocolVersion="TLSv1.2_2021",
                    SslSupportMethod="sni-only",
                ),
                CustomErrorResponses=[
                    CustomErrorResponse(ErrorCode=code, ErrorCachingMinTTL=0) for code in _ERRORS
                ],
                **config,
            ),
            Tags=tags_of(environment, name.lower()),
        )
    )


def _cached() -> list[CacheBehavior]:
    return [
        CacheBehavior(
            PathPattern=path,
            TargetOriginId=BALANCER,
            ViewerProtocolPolicy="redirect-to-https",
            AllowedMethods=EVERYTHING,
            CachePolicyId=Ref(policy),
            OriginRequestPolicyId=Ref(PUBLIC_REQUEST),
            Compress=True,
        )
        for path, policy in CACHED_PATHS
    ]


def _uncached_at(path: str) -> CacheBehavior:
    return CacheBehavior(PathPattern=path, **_uncached())


def _uncached() -> dict[str, object]:
    """Everything that the viewer sends, the host too: it is what the certificate is for."""
    return {
        "TargetOriginId": BALANCER,
        "ViewerProtocolPolicy": "https-only",
        "AllowedMethods": EVERYTHING,
        "CachePolicyId": CACHING_DISABLED,
        "OriginRequestPolicyId": ALL_VIEWER,
        "Compress": True,
    }


def _files() -> dict[str, object]:
    return {
        "ViewerProtocolPolicy": "redirect-to-https",
        "AllowedMethods": READ,
        "CachePolicyId": Ref("SiteCache"),
        "ResponseHeadersPolicyId": Ref("SecurityHeaders"),
        "Compress": True,
    }


def _balancer() -> Origin:
    return Origin(
        Id=BALANCER,
        DomainName=Ref("BalancerDnsName"),
        VpcOriginConfig=VpcOriginConfig(
            VpcOriginId=GetAtt("BalancerOrigin", "Id"),
            OriginReadTimeout=READ_TIMEOUT_SECONDS,
            OriginKeepaliveTimeout=KEEP_ALIVE_SECONDS,
        ),
    )


def _bucket(origin: str, bucket: Bucket) -> Origin:
    return Origin(
        Id=origin,
        DomainName=GetAtt(bucket, "RegionalDomainName"),
        OriginAccessControlId=GetAtt("BucketAccess", "Id"),
        S3OriginConfig=S3OriginConfig(OriginAccessIdentity=""),
    )
