# Where documents are searched for: a domain, a Serverless collection, one that is there already, or nowhere.

module "search" {
  source = "./modules/search"

  name             = "${local.prefix}-search"
  settings         = var.search
  user_role_arns   = [for key in local.searching : "arn:${local.partition}:iam::${local.account_id}:role/${module.named_functions[key].name}"]
  alarm_topic_arns = var.alarm_topic_arns

  log_retention_days = var.log_retention_days
}
