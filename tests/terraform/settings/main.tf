# Reads every environment's settings, so that what is tested is what is applied.
terraform {
  required_providers {
    terraform = {
      source = "terraform.io/builtin/terraform"
    }
  }
}

locals {
  folder = "${path.module}/../../../terraform/environments"

  settings = {
    for file in fileset(local.folder, "*.tfvars") :
    trimsuffix(file, ".tfvars") => provider::terraform::decode_tfvars(file("${local.folder}/${file}"))
  }

  # Those that the runs in environments.tftest.hcl hand on.
  names = [
    "audit_minutes",
    "emulated",
    "environment",
    "log_level",
    "log_retention_days",
    "protect_data",
    "region",
    "search",
    "stream_retention_hours",
    "stream_shards",
    "throttling",
  ]
}

output "of" {
  description = "The settings of each environment, null where it keeps the default."
  value = {
    for environment, settings in local.settings :
    environment => { for name in local.names : name => lookup(settings, name, null) }
  }
}

output "unknown" {
  description = "Settings that are not handed on."
  value       = setsubtract(flatten([for settings in local.settings : keys(settings)]), local.names)
}
