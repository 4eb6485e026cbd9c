resource "aws_kinesis_stream" "this" {
  name             = var.name
  shard_count      = var.shards
  retention_period = var.retention_hours

  stream_mode_details {
    stream_mode = var.shards == null ? "ON_DEMAND" : "PROVISIONED"
  }

  encryption_type = var.encrypted ? "KMS" : "NONE"
  kms_key_id      = var.encrypted ? "alias/aws/kinesis" : null

  enforce_consumer_deletion = true
}

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  # What the resource's ARN will be. Making a stream takes half a minute, and no function has to wait
  # for it to get its policy.
  arn = "arn:${data.aws_partition.current.partition}:kinesis:${data.aws_region.current.id}:${data.aws_caller_identity.current.account_id}:stream/${var.name}"
}
