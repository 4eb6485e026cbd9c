# Reads an environment's settings, so that what is tested is what is applied.
terraform {
  required_providers {
    terraform = {
      source = "terraform.io/builtin/terraform"
    }
  }
}

variable "environment" {
  description = "Name of the environment: dev makes terraform/environments/dev.tfvars."
  type        = string
}

locals {
  file     = "${path.module}/../../../terraform/environments/${var.environment}.tfvars"
  settings = provider::terraform::decode_tfvars(file(local.file))
}

output "all" {
  description = "Every setting that an environment may have, null where it keeps the default."
  value = {
    for name in [
      "environment",
      "region",
      "emulated",
      "local_api_id",
      "protect_data",
      "stream_shards",
      "stream_retention_hours",
      "log_level",
      "log_retention_days",
      "throttling",
      "checkout_deadline_seconds",
      "sweep_schedule",
      "alarm_topic_arns",
      "search",
    ] : name => lookup(local.settings, name, null)
  }
}

output "unknown" {
  description = "Settings that this module has not heard of."
  value = setsubtract(keys(local.settings), [
    "environment",
    "region",
    "emulated",
    "local_api_id",
    "protect_data",
    "stream_shards",
    "stream_retention_hours",
    "log_level",
    "log_retention_days",
    "throttling",
    "checkout_deadline_seconds",
    "sweep_schedule",
    "alarm_topic_arns",
    "search",
  ])
}
