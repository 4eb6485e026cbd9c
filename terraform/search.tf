# The search: a domain, a Serverless collection, an existing one, or none. Without search views there is
# none, whatever an environment asks for.

module "search" {
  source = "./modules/search"

  name               = "${local.prefix}-search"
  settings           = length(local.searching) > 0 ? var.search : merge(var.search, { kind = "none", service = "none" })
  alarm_topic_arns   = var.alarm_topic_arns
  log_retention_days = var.log_retention_days

  user_role_arns = {
    for use in ["read", "write"] : use => [
      for function in local.searching : "arn:${local.partition}:iam::${local.account_id}:role/${module.named_functions[function].name}"
      if local.search_uses[function] == use
    ]
  }
}

locals {
  searching   = [for name, function in module.nouns.functions : name if function.searches]
  search_uses = { for name in local.searching : name => module.nouns.functions[name].indexes ? "write" : "read" }
}
