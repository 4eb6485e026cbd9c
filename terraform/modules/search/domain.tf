# An OpenSearch domain, billed per node and hour. It is not protected from deletion, and its snapshots are
# deleted with it: its documents are made from events, and a new domain is filled from them again.
resource "aws_opensearch_domain" "this" {
  count = local.is_domain ? 1 : 0

  domain_name    = module.domain_name.name
  engine_version = var.settings.engine_version

  cluster_config {
    instance_type  = var.settings.instance_type
    instance_count = var.settings.instance_count

    zone_awareness_enabled = local.zones > 1

    dynamic "zone_awareness_config" {
      for_each = local.zones > 1 ? [local.zones] : []

      content {
        availability_zone_count = zone_awareness_config.value
      }
    }
  }

  ebs_options {
    ebs_enabled = true
    volume_type = "gp3"
    volume_size = var.settings.volume_gigabytes
  }

  encrypt_at_rest {
    enabled = true
  }

  node_to_node_encryption {
    enabled = true
  }

  # It is reachable over the internet by signed requests: the functions are not in a VPC.
  domain_endpoint_options {
    enforce_https       = true
    tls_security_policy = "Policy-Min-TLS-1-2-PFS-2023-10"
  }

  # No fine-grained access control: it would be told of the role that reads in its own API, which Terraform does
  # not speak. Here IAM says all of it (docs/adr/0028-two-roles-for-search.md).

  # No slow logs: they are empty until thresholds are set on the indexes.
  log_publishing_options {
    log_type                 = "ES_APPLICATION_LOGS"
    cloudwatch_log_group_arn = aws_cloudwatch_log_group.domain[0].arn
  }

  software_update_options {
    auto_software_update_enabled = true # at night
  }

  depends_on = [aws_cloudwatch_log_resource_policy.domain]
}

# The domain admits the two roles only, whatever IAM allows others.
resource "aws_opensearch_domain_policy" "this" {
  count = local.is_domain ? 1 : 0

  domain_name = aws_opensearch_domain.this[0].domain_name

  access_policies = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        for use, role in aws_iam_role.this :
        merge({ Effect = "Allow", Principal = { AWS = role.arn } }, local.may.es[use])
      ],
      [{
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = "es:ESHttp*" # every request
        Resource  = "${aws_opensearch_domain.this[0].arn}/*"
        Condition = { ArnNotEquals = { "aws:PrincipalArn" = values(aws_iam_role.this)[*].arn } }
      }],
    )
  })
}

resource "aws_cloudwatch_log_group" "domain" {
  count = local.is_domain ? 1 : 0

  name              = "/aws/opensearch/${module.domain_name.name}"
  retention_in_days = var.log_retention_days
}

# An account may have ten of these policies in a region. Functions and API need none.
resource "aws_cloudwatch_log_resource_policy" "domain" {
  count = local.is_domain ? 1 : 0

  policy_name = var.name

  policy_document = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource  = "${aws_cloudwatch_log_group.domain[0].arn}:*"
      Principal = { Service = "es.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
    }]
  })
}

module "domain_name" {
  source = "../short_name"

  name       = var.name
  max_length = 28
}

locals {
  is_domain = var.settings.kind == "domain"

  # The largest number of zones that divides the nodes evenly. (Terraform evaluates both sides of a condition.)
  nodes = coalesce(var.settings.instance_count, 1)
  zones = local.nodes == 1 ? 1 : local.nodes % 3 == 0 ? 3 : 2
}
