# The way of events: event store -> publisher -> event stream -> followers.

module "event_stream" {
  source = "./modules/event_stream"

  name            = "${local.prefix}-events"
  shards          = var.stream_shards
  retention_hours = var.stream_retention_hours
  encrypted       = !var.emulated # takes ten seconds more, and has no effect there
}

module "publishing" {
  source = "./modules/stream_consumer"

  name          = "${local.prefix}-publishing"
  source_arns   = { for service, store in module.events : service => store.stream_arn }
  function_name = module.functions["event_publisher"].name
  function_arn  = local.aliases["event_publisher"].arn
  batch_size    = 500

  # With more than one batch at a time only the order of each item is kept, and every commit is an item of
  # its own: version 4 would often arrive before version 3.
  parallelization_factor = 1

  filters             = local.commits_only
  maximum_age_seconds = local.commit_maximum_age_seconds
  failures_bucket_arn = module.failures.arn
  alarm_topic_arns    = var.alarm_topic_arns
  enabled             = !var.emulated
}

module "following" {
  source   = "./modules/stream_consumer"
  for_each = module.nouns.followers

  name          = "${local.prefix}-${replace(each.key, "_", "-")}"
  source_arns   = length(each.value.fed_by) == 0 ? { events = module.event_stream.arn } : { for service in each.value.fed_by : service => module.events[service].stream_arn }
  function_name = module.functions[each.key].name
  function_arn  = local.aliases[each.key].arn
  batch_size    = each.value.batch_size

  # Kinesis keeps the order of each key. The local runner supports one batch at a time.
  parallelization_factor = var.emulated ? 1 : each.value.batches_at_a_time

  filters             = length(each.value.fed_by) == 0 ? [] : local.commits_only
  maximum_age_seconds = length(each.value.fed_by) == 0 ? local.event_maximum_age_seconds : local.commit_maximum_age_seconds
  failures_bucket_arn = module.failures.arn
  alarm_topic_arns    = var.alarm_topic_arns
  enabled             = !var.emulated
}

# Batches that a mapping gave up on, until the recoverer processes them.
module "failures" {
  source = "./modules/private_bucket"

  name          = "${local.prefix}-failures-${local.account_id}"
  expiry_days   = var.emulated ? null : 30 # setting it up takes most of a minute
  https_only    = !var.emulated
  force_destroy = !contains(local.protected, "failures")
}

locals {
  # A mapping must give up on a record while the stream still has it; otherwise the record is lost.
  hours_to_spare             = 2
  event_maximum_age_seconds  = 3600 * (var.stream_retention_hours - local.hours_to_spare)
  commit_maximum_age_seconds = 3600 * (24 - local.hours_to_spare) # DynamoDB streams keep records for 24 hours

  commits_only = [jsonencode({ eventName = ["INSERT"] })] # commits are never changed
}
