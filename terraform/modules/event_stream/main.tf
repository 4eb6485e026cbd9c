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
  # The ARN that the stream will have. Creating it takes half a minute, and the functions' policies need
  # not wait for it.
  arn = "arn:${data.aws_partition.current.partition}:kinesis:${data.aws_region.current.id}:${data.aws_caller_identity.current.account_id}:stream/${var.name}"
}
