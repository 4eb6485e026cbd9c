# How events travel: event store -> publisher -> event stream -> followers.

module "event_stream" {
  source = "./modules/event_stream"

  name            = "${local.prefix}-events"
  shards          = var.stream_shards
  retention_hours = var.stream_retention_hours
  encrypted       = !var.emulated # encrypting takes the provider ten seconds more, and means nothing there
}

module "publishing" {
  source = "./modules/stream_consumer"

  name          = "${local.prefix}-publishing"
  source_arns   = { for service, store in local.event_stores : service => store.stream_arn }
  function_name = module.functions["event_publisher"].name
  function_arn  = local.permitted_function_arns["event_publisher"]
  batch_size    = 500

  # Every commit is an item of its own, and with more than one batch at a time only the order of each
  # item is kept: version 4 would often overtake version 3.
  parallelization_factor = 1

  filters             = [jsonencode({ eventName = ["INSERT"] })] # commits are added, never changed
  maximum_age_seconds = 3600 * (24 - local.hours_to_spare)       # DynamoDB forgets after 24 hours
  failures_bucket_arn = module.failures.arn
  alarm_topic_arns    = var.alarm_topic_arns
  enabled             = !var.emulated
}

module "storefront_projection" {
  source = "./modules/stream_consumer"

  name          = "${local.prefix}-storefront-projection"
  source_arns   = { events = module.event_stream.arn }
  function_name = module.functions["storefront_projector"].name
  function_arn  = local.permitted_function_arns["storefront_projector"]
  batch_size    = 200

  maximum_age_seconds = local.event_maximum_age_seconds
  failures_bucket_arn = module.failures.arn
  alarm_topic_arns    = var.alarm_topic_arns
  enabled             = !var.emulated
}

module "processes" {
  source   = "./modules/stream_consumer"
  for_each = toset(["checkout_process", "payments_gateway"])

  name          = "${local.prefix}-${replace(each.key, "_", "-")}"
  source_arns   = { events = module.event_stream.arn }
  function_name = module.functions[each.key].name
  function_arn  = local.permitted_function_arns[each.key]

  # A process waits for those whom it commands and does little else. Kinesis keeps the order of each key;
  # the local runner works on one batch at a time.
  batch_size             = 25
  parallelization_factor = var.emulated ? 1 : 4

  maximum_age_seconds = local.event_maximum_age_seconds
  failures_bucket_arn = module.failures.arn
  alarm_topic_arns    = var.alarm_topic_arns
  enabled             = !var.emulated
}

# Records that were given up, until the sweep takes them.
module "failures" {
  source = "./modules/private_bucket"

  name          = "${local.prefix}-failures-${data.aws_caller_identity.current.account_id}"
  expiry_days   = var.emulated ? null : 30 # setting it up takes the provider most of a minute
  force_destroy = !var.protect_data
}

data "aws_caller_identity" "current" {}

locals {
  # A record is given up while its stream still has it. One that a stream forgets goes nowhere.
  hours_to_spare            = 2
  event_maximum_age_seconds = 3600 * (var.stream_retention_hours - local.hours_to_spare)

  # Lambda refuses a mapping whose function may not read the stream yet, so the ARN waits for the policies.
  permitted_function_arns = {
    for key, function in module.functions :
    key => length(function.policy_jsons) > 0 ? function.arn : null
  }
}
