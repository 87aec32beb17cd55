"""A private, encrypted bucket with a lifecycle: the only kind there is here."""

from troposphere import Template
from troposphere.s3 import (
    AbortIncompleteMultipartUpload,
    Bucket,
    BucketEncryption,
    LifecycleConfiguration,
    LifecycleRule,
    NoncurrentVersionExpiration,
    OwnershipControls,
    OwnershipControlsRule,
    PublicAccessBlockConfiguration,
    ServerSideEncryptionByDefault,
    ServerSideEncryptionRule,
    VersioningConfiguration,
)

from deploy.aws.template import tags_of
from deploy.environment import Environment

# What was replaced or deleted by mistake can be had back for so long.
OLD_VERSION_DAYS = 30
UNFINISHED_UPLOAD_DAYS = 1


def add_bucket(
    template: Template,
    environment: Environment,
    logical_name: str,
    *,
    expire_days: int | None = None,
    versioned: bool = True,
) -> Bucket:
    """CloudFormation names it: bucket names are the whole world's."""
    settings = {"VersioningConfiguration": VersioningConfiguration(Status="Enabled")}
    return template.add_resource(
        Bucket(
            logical_name,
            PublicAccessBlockConfiguration=PublicAccessBlockConfiguration(
                BlockPublicAcls=True,
                BlockPublicPolicy=True,
                IgnorePublicAcls=True,
                RestrictPublicBuckets=True,
            ),
            OwnershipControls=OwnershipControls(
                Rules=[OwnershipControlsRule(ObjectOwnership="BucketOwnerEnforced")]
            ),
            BucketEncryption=_encryption(),
            LifecycleConfiguration=LifecycleConfiguration(Rules=_lifecycle(expire_days)),
            DeletionPolicy="Retain",
            UpdateReplacePolicy="Retain",
            Tags=tags_of(environment, logical_name.lower()),
            **(settings if versioned else {}),
        )
    )


def _encryption() -> BucketEncryption:
    by_default = ServerSideEncryptionByDefault(SSEAlgorithm="AES256")
    return BucketEncryption(
        ServerSideEncryptionConfiguration=[
            ServerSideEncryptionRule(ServerSideEncryptionByDefault=by_default)
        ]
    )


def _lifecycle(expire_days: int | None) -> list[LifecycleRule]:
    unfinished = AbortIncompleteMultipartUpload(DaysAfterInitiation=UNFINISHED_UPLOAD_DAYS)
    old = NoncurrentVersionExpiration(NoncurrentDays=OLD_VERSION_DAYS)
    rules = [
        LifecycleRule(
            Id="old-versions",
            Status="Enabled",
            AbortIncompleteMultipartUpload=unfinished,
            NoncurrentVersionExpiration=old,
        )
    ]
    if expire_days is not None:
        rules.append(LifecycleRule(Id="expiry", Status="Enabled", ExpirationInDays=expire_days))
    return rules
