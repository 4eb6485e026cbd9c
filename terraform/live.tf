# What is live. A deployment publishes a version of each function that has changed, and then moves the aliases in
# waves, readers before writers: no function meets what it can't read (docs/adr/0038-waves.md).

resource "aws_lambda_alias" "queries" {
  for_each = module.nouns.waves.queries

  name             = local.live
  function_name    = module.functions[each.key].name
  function_version = local.versions[each.key]
}

resource "aws_lambda_alias" "followers" {
  for_each   = module.nouns.waves.followers
  depends_on = [aws_lambda_alias.queries]

  name             = local.live
  function_name    = module.functions[each.key].name
  function_version = local.versions[each.key]
}

resource "aws_lambda_alias" "processes" {
  for_each   = module.nouns.waves.processes
  depends_on = [aws_lambda_alias.followers]

  name             = local.live
  function_name    = module.functions[each.key].name
  function_version = local.versions[each.key]
}

resource "aws_lambda_alias" "commands" {
  for_each   = module.nouns.waves.commands
  depends_on = [aws_lambda_alias.processes]

  name             = local.live
  function_name    = module.functions[each.key].name
  function_version = local.versions[each.key]
}

locals {
  live = "live" # the alias's name, also in ARNs that are composed

  # Of each function the newest, unless another one is asked for.
  versions = { for name, function in module.functions : name => lookup(var.live_versions, name, function.version) }

  aliases = merge(aws_lambda_alias.queries, aws_lambda_alias.followers, aws_lambda_alias.processes, aws_lambda_alias.commands)
}
