"""The web application's files and the events' pictures, for CloudFront's eyes alone."""

from collections.abc import Mapping

from troposphere import GetAtt, Join, Ref, Sub, Template
from troposphere.cloudfront import OriginAccessControl, OriginAccessControlConfig
from troposphere.s3 import Bucket, BucketPolicy

from deploy.aws.buckets import add_bucket
from deploy.aws.template import add_export
from deploy.environment import Environment

# By the id of the origin.
BUCKETS = {"site": "SiteFiles", "images": "Images"}
# A path at the site is a key in the bucket.
ABOUT = {"SiteFiles": "index.html at the top", "Images": "below images/"}


def add_buckets(template: Template, environment: Environment) -> Mapping[str, Bucket]:
    template.add_resource(
        OriginAccessControl(
            "BucketAccess",
            OriginAccessControlConfig=OriginAccessControlConfig(
                Name=environment.prefix,
                OriginAccessControlOriginType="s3",
                SigningBehavior="always",
                SigningProtocol="sigv4",
            ),
        )
    )
    buckets = {origin: add_bucket(template, environment, name) for origin, name in BUCKETS.items()}
    for bucket in buckets.values():
        _let_cloudfront_read(template, bucket)
        about = f"upload here, {ABOUT[bucket.title]}"
        add_export(template, environment, f"{bucket.title}Bucket", Ref(bucket), about)
    return buckets


def _let_cloudfront_read(template: Template, bucket: Bucket) -> None:
    """The site's distribution, no other account's; over TLS."""
    distribution = Sub("arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${Site}")
    everything = Join("", [GetAtt(bucket, "Arn"), "/*"])
    read = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": everything,
        "Condition": {"StringEquals": {"AWS:SourceArn": distribution}},
    }
    only_tls = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [GetAtt(bucket, "Arn"), everything],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    template.add_resource(
        BucketPolicy(
            f"{bucket.title}Policy",
            Bucket=Ref(bucket),
            PolicyDocument={"Version": "2012-10-17", "Statement": [read, only_tls]},
        )
    )
