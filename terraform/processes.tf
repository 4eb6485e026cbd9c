# Processes: followers whose output is commands. Here is what they remember, whom they may command, and
# what happens at their deadlines.

# What a process was told by others than events, and what it still has to send, can't be made again.
module "checkout" {
  source = "./modules/view_store"

  name                   = "${local.prefix}-checkout"
  lists                  = ["waiting"]
  bare_lists             = ["waiting"]
  point_in_time_recovery = var.protect_data
  deletion_protection    = var.protect_data
}

module "payment_gateway" {
  source = "./modules/view_store"

  name                   = "${local.prefix}-payment-gateway"
  lists                  = ["waiting"]
  bare_lists             = ["waiting"]
  point_in_time_recovery = var.protect_data
  deletion_protection    = var.protect_data
}

# A deadline is a schedule that happens once: it sends a command.
resource "aws_scheduler_schedule_group" "deadlines" {
  name = local.deadlines_name
}

resource "aws_iam_role" "deadlines" {
  name        = local.deadlines_name
  description = "Lets deadlines send commands to orders_commands."

  assume_role_policy = local.scheduler_trust_json
}

resource "aws_iam_role_policy" "deadlines" {
  name   = "command-orders"
  role   = aws_iam_role.deadlines.name
  policy = local.command_policy_jsons["orders_commands"]
}

# The ARNs of command functions are made of their names: taken from the functions they would close a
# circle, as who sends commands is an entry of the same map.
module "command_function_names" {
  source   = "./modules/short_name"
  for_each = toset(["inventory_commands", "orders_commands", "payments_commands"])

  name       = "${local.prefix}-${each.key}"
  max_length = 64 # as in modules/function
}

data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  deadlines_name = "${local.prefix}-deadlines" # at most 59 of the 64 characters that Scheduler and IAM allow

  partition  = data.aws_partition.current.partition
  in_account = "${data.aws_region.current.id}:${data.aws_caller_identity.current.account_id}" # the middle of an ARN

  command_function_arns = {
    for key, short in module.command_function_names :
    key => "arn:${local.partition}:lambda:${local.in_account}:function:${short.name}"
  }

  command_policy_jsons = {
    for key, arn in local.command_function_arns : key => jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Effect   = "Allow"
        Action   = "lambda:InvokeFunction"
        Resource = arn
      }]
    })
  }

  deadlines_policy_json = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Action = "scheduler:CreateSchedule"
        Resource = [
          for group in concat([local.deadlines_name], local.groups_of_the_emulator) :
          "arn:${local.partition}:scheduler:${local.in_account}:schedule/${group}/*"
        ]
      },
      {
        Effect    = "Allow"
        Action    = "iam:PassRole"
        Resource  = aws_iam_role.deadlines.arn
        Condition = { StringEquals = { "iam:PassedToService" = "scheduler.amazonaws.com" } }
      },
    ]
  })

  # Asked for a permission, the emulator takes every schedule for one of the default group.
  groups_of_the_emulator = var.emulated ? ["default"] : []
}
