# Every function of `local.functions` is made the same way, and has a folder in functions/.

module "functions" {
  source   = "./modules/function"
  for_each = local.functions

  name        = "${local.prefix}-${each.key}"
  description = each.value.description
  package     = local.uploaded_packages[each.key]
  layer_arns  = [module.layer.arn]
  policies    = each.value.policies

  environment = merge(each.value.environment, {
    ENVIRONMENT                  = var.environment
    POWERTOOLS_SERVICE_NAME      = each.key
    POWERTOOLS_METRICS_NAMESPACE = local.prefix
    POWERTOOLS_LOG_LEVEL         = var.log_level
  })

  memory_megabytes   = each.value.memory_megabytes
  timeout_seconds    = each.value.timeout_seconds
  log_level          = var.log_level
  log_retention_days = var.log_retention_days
  traced             = !var.emulated
}

locals {
  functions_dir = coalesce(var.functions_dir, "${path.module}/../functions")

  folders         = toset([for path in fileset(local.functions_dir, "*/handler.py") : dirname(path)])
  without_entry   = setsubtract(local.folders, keys(local.functions))
  without_handler = setsubtract(keys(local.functions), local.folders)
}

resource "terraform_data" "functions_match_folders" {
  lifecycle {
    precondition {
      condition     = length(local.without_entry) == 0
      error_message = "In functions/ but not in `local.functions`: ${join(", ", local.without_entry)}. Add an entry, or remove the folder."
    }

    precondition {
      condition     = length(local.without_handler) == 0
      error_message = "In `local.functions` but not in functions/: ${join(", ", local.without_handler)}. Add a folder with a handler.py, or remove the entry."
    }
  }
}
