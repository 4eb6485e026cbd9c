"""List prices of AWS, in dollars: what is told of cost is reckoned from these, and no others.

Of the region us-east-1, without free tiers and discounts, from AWS's Price List of that `DATE`.
"""

__all__ = [
    "ALARM_MONTH",
    "DATE",
    "DOMAIN_HOUR",
    "GIGABYTE_SECOND",
    "HOURS_PER_MONTH",
    "HTTP_REQUEST",
    "INVOCATION",
    "LISTING",
    "LOGGED_GIGABYTE",
    "METRIC_MONTH",
    "READ_UNIT",
    "REGION",
    "SCHEDULED",
    "SEARCH_UNIT_HOUR",
    "SHARD_HOUR",
    "SHARD_PUT_UNIT",
    "SNAPSHOT_GIGABYTE_SECOND",
    "SNAPSHOT_RESTORED_GIGABYTE",
    "STORED_GIGABYTE_MONTH",
    "STREAM_GIGABYTE_IN",
    "STREAM_GIGABYTE_OUT",
    "STREAM_HOUR",
    "TRACE",
    "TRANSITION",
    "VOLUME_GIGABYTE_MONTH",
    "WRITE_UNIT",
]

DATE = "September 2026"
REGION = "us-east-1"
HOURS_PER_MONTH = 730

HTTP_REQUEST = 1.00e-6  # API Gateway, HTTP API, for each 512 KB
INVOCATION = 0.20e-6  # Lambda
GIGABYTE_SECOND = 0.0000133334  # Lambda, arm64
SNAPSHOT_GIGABYTE_SECOND = 0.0000015046  # SnapStart, of each version that is kept
SNAPSHOT_RESTORED_GIGABYTE = 0.0001397998  # at each cold start

READ_UNIT = 0.125e-6  # DynamoDB, on demand; reading its streams is free to Lambda
WRITE_UNIT = 0.625e-6
STORED_GIGABYTE_MONTH = 0.25

STREAM_HOUR = 0.04  # Kinesis, on demand
STREAM_GIGABYTE_IN = 0.08  # records count as whole kilobytes
STREAM_GIGABYTE_OUT = 0.04
SHARD_HOUR = 0.015  # Kinesis, provisioned
SHARD_PUT_UNIT = 0.014e-6  # a record, for each 25 KB

SCHEDULED = 1.00e-6  # EventBridge Scheduler, for each invocation
TRANSITION = 25e-6  # Step Functions, standard

LISTING = 5e-6  # S3, of a bucket

LOGGED_GIGABYTE = 0.50  # CloudWatch, when it comes in
METRIC_MONTH = 0.30  # one that is the application's own
ALARM_MONTH = 0.10
TRACE = 5e-6  # X-Ray

DOMAIN_HOUR = {"t3.small.search": 0.036, "m7g.large.search": 0.135}  # OpenSearch, for each node
VOLUME_GIGABYTE_MONTH = 0.122  # its disks, gp3
SEARCH_UNIT_HOUR = 0.24  # OpenSearch Serverless
