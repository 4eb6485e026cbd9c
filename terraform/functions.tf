# The functions, all created the same way.

module "functions" {
  source   = "./modules/function"
  for_each = module.nouns.functions

  name        = "${local.prefix}-${each.key}"
  description = each.value.description
  package     = local.uploaded_packages[each.key]
  layer_arns  = [module.layer.arn]
  policies    = local.policies[each.key]

  environment = merge(local.environments[each.key], {
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
  snap_start         = var.snap_start && contains(values(module.nouns.routes)[*].function, each.key)
}
