# The search: a domain, a Serverless collection, an existing one, or none. Without search views there is
# none, whatever an environment asks for.

module "search" {
  source = "./modules/search"

  name             = "${local.prefix}-search"
  settings         = length(local.searching) > 0 ? var.search : merge(var.search, { kind = "none", service = "none" })
  user_role_arns   = [for function in local.searching : "arn:${local.partition}:iam::${local.account_id}:role/${module.named_functions[function].name}"]
  alarm_topic_arns = var.alarm_topic_arns

  log_retention_days = var.log_retention_days
}

locals {
  searching = [for name, function in module.nouns.functions : name if function.searches]
}
