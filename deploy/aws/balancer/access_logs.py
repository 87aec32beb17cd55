"""A bucket that the load balancer writes each request into, and that forgets them again."""

from troposphere import GetAtt, Join, Ref, Sub, Template
from troposphere.s3 import Bucket, BucketPolicy

from deploy.aws.buckets import add_bucket
from deploy.environment import Environment


def add_access_logs(template: Template, environment: Environment) -> Bucket:
    bucket = add_bucket(
        template, environment, "AccessLogs", expire_days=environment.log_days, versioned=False
    )
    template.add_resource(
        BucketPolicy(
            "AccessLogsPolicy",
            Bucket=Ref(bucket),
            PolicyDocument={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
                        "Action": "s3:PutObject",
                        # Every object below this account's own folder: their names are dates.
                        "Resource": Join(
                            "", [GetAtt(bucket, "Arn"), "/AWSLogs/", Sub("${AWS::AccountId}"), "/*"]
                        ),
                    }
                ],
            },
        )
    )
    return bucket
