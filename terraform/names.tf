# Names, and the account and region they are in.

locals {
  prefix = "${var.name}-${var.environment}"

  partition  = data.aws_partition.current.partition
  account_id = data.aws_caller_identity.current.account_id
  in_account = "${data.aws_region.current.id}:${local.account_id}" # the middle of an ARN
}

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

# Names of functions, for policies. Taken from the functions themselves they would be a cycle: the
# functions depend on their policies.
module "named_functions" {
  source   = "./modules/short_name"
  for_each = toset(concat(values(module.nouns.commanded), local.searching))

  name       = "${local.prefix}-${each.key}"
  max_length = 64 # as in modules/function
}
