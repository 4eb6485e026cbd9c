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
