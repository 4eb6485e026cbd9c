# Every kind of search, and who is let in.

mock_provider "aws" {
  source = "./mocks"
}

variables {
  name               = "cqrs-test-search"
  log_retention_days = 14

  user_role_arns = {
    read  = ["arn:aws:iam::123456789012:role/search"]
    write = ["arn:aws:iam::123456789012:role/indexer", "arn:aws:iam::123456789012:role/walker"]
  }
}

override_resource {
  target = aws_iam_role.this["read"]
  values = { arn = "arn:aws:iam::123456789012:role/reads" }
}

override_resource {
  target = aws_iam_role.this["write"]
  values = { arn = "arn:aws:iam::123456789012:role/writes" }
}

run "none_makes_nothing" {
  module {
    source = "../../terraform/modules/search"
  }

  variables {
    settings = { kind = "none" }
  }

  assert {
    condition = length(concat(
      values(aws_iam_role.this)[*].id, aws_opensearch_domain.this[*].id, aws_opensearchserverless_collection.this[*].id,
      aws_cloudwatch_log_group.domain[*].id, values(aws_cloudwatch_metric_alarm.domain)[*].id,
    )) == 0
    error_message = "Something is made for a search that there is not."
  }

  assert {
    condition     = output.url == "none" && output.service == "none" && output.role_arns == { read = "none", write = "none" } && length(merge(values(output.use_policy_jsons)...)) == 0
    error_message = "A function is told of a search that there is not."
  }
}

run "an_existing_one_that_asks_nobody_who_he_is_needs_no_role" {
  module {
    source = "../../terraform/modules/search"
  }

  variables {
    settings = { kind = "existing", url = "http://127.0.0.1:9200" }
  }

  assert {
    condition     = output.url == "http://127.0.0.1:9200" && output.service == "none" && output.role_arns == { read = "none", write = "none" }
    error_message = "Requests are signed that need not be, or go somewhere else."
  }

  assert {
    condition     = length(aws_iam_role.this) + length(aws_opensearch_domain.this) + length(aws_opensearchserverless_collection.this) == 0
    error_message = "Something is made beside what is there."
  }
}

run "an_existing_one_of_aws_is_used_as_the_roles" {
  module {
    source = "../../terraform/modules/search"
  }

  variables {
    settings = {
      kind    = "existing"
      url     = "https://search-theirs.eu-west-1.es.amazonaws.com"
      service = "es"
      arn     = "arn:aws:es:eu-west-1:123456789012:domain/theirs"
    }
  }

  assert {
    condition     = output.service == "es" && output.role_arns == { for use, role in aws_iam_role.this : use => role.arn }
    error_message = "Requests are not signed as the roles."
  }

  assert {
    condition = { for use, policy in aws_iam_role_policy.this : use => jsondecode(policy.policy).Statement[0].Resource } == {
      read  = ["arn:aws:es:eu-west-1:123456789012:domain/theirs/_mget", "arn:aws:es:eu-west-1:123456789012:domain/theirs/_msearch"]
      write = ["arn:aws:es:eu-west-1:123456789012:domain/theirs/*"]
    }
    error_message = "A role may not use the domain, or may use others."
  }
}

run "a_domain_is_encrypted_and_knows_only_the_roles" {
  module {
    source = "../../terraform/modules/search"
  }

  variables {
    settings = {
      kind             = "domain"
      engine_version   = "OpenSearch_3.3"
      instance_type    = "m7g.large.search"
      instance_count   = 3
      volume_gigabytes = 50
    }
  }

  assert {
    condition = (
      aws_opensearch_domain.this[0].encrypt_at_rest[0].enabled
      && aws_opensearch_domain.this[0].node_to_node_encryption[0].enabled
      && aws_opensearch_domain.this[0].domain_endpoint_options[0].enforce_https
      && startswith(aws_opensearch_domain.this[0].domain_endpoint_options[0].tls_security_policy, "Policy-Min-TLS-1-2-PFS")
    )
    error_message = "Data lies or travels in the clear, or behind an old TLS."
  }

  assert {
    condition = [for statement in jsondecode(aws_opensearch_domain_policy.this[0].access_policies).Statement : statement if statement.Effect == "Deny"] == [{
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = "es:ESHttp*"
      Resource  = "${aws_opensearch_domain.this[0].arn}/*"
      Condition = { ArnNotEquals = { "aws:PrincipalArn" = ["arn:aws:iam::123456789012:role/reads", "arn:aws:iam::123456789012:role/writes"] } }
    }]
    error_message = "The domain lets in others than the roles."
  }

  assert {
    condition = {
      for statement in jsondecode(aws_opensearch_domain_policy.this[0].access_policies).Statement :
      statement.Principal.AWS => [statement.Action, statement.Resource] if statement.Effect == "Allow"
      } == {
      for use, policy in aws_iam_role_policy.this :
      aws_iam_role.this[use].arn => [jsondecode(policy.policy).Statement[0].Action, jsondecode(policy.policy).Statement[0].Resource]
    }
    error_message = "The domain lets a role do something else than the role's own policy."
  }

  # Two paths, by POST, that change nothing: no index, no document, no setting.
  assert {
    condition = jsondecode(aws_iam_role_policy.this["read"].policy).Statement == [{
      Effect   = "Allow"
      Action   = ["es:ESHttpPost"]
      Resource = ["${aws_opensearch_domain.this[0].arn}/_mget", "${aws_opensearch_domain.this[0].arn}/_msearch"]
    }]
    error_message = "Who searches may do more than search, or can't."
  }

  assert {
    condition     = jsondecode(aws_iam_role_policy.this["write"].policy).Statement[0].Resource == ["${aws_opensearch_domain.this[0].arn}/*"]
    error_message = "The role that writes may not use the domain, or may use others."
  }

  assert {
    condition = alltrue([
      for use, json in output.trust_jsons : jsondecode(json).Statement == [{
        Effect    = "Allow"
        Action    = "sts:AssumeRole"
        Principal = { AWS = "arn:aws:iam::123456789012:root" }
        Condition = { ArnEquals = { "aws:PrincipalArn" = [for arn in var.user_role_arns[use] : arn] } }
      }]
    ])
    error_message = "Others may take on a role than those who search, or those who index."
  }

  assert {
    condition = { for use, policies in output.use_policy_jsons : use => [for json in values(policies) : jsondecode(json).Statement] } == {
      for use, role in aws_iam_role.this : use => [[{ Action = "sts:AssumeRole", Effect = "Allow", Resource = role.arn }]]
    }
    error_message = "A function may take on another role, or not this one."
  }

  assert {
    condition = (
      aws_opensearch_domain.this[0].cluster_config[0].zone_awareness_enabled
      && aws_opensearch_domain.this[0].cluster_config[0].zone_awareness_config[0].availability_zone_count == 3
      && aws_opensearch_domain.this[0].ebs_options[0].volume_type == "gp3"
    )
    error_message = "Three nodes do not stand in three zones."
  }

  assert {
    condition     = length(aws_cloudwatch_log_group.domain) == 1 && length(aws_cloudwatch_metric_alarm.domain) == 3
    error_message = "The domain fails in silence."
  }

  assert {
    condition     = output.url == "https://${aws_opensearch_domain.this[0].endpoint}" && output.service == "es"
    error_message = "Functions look for the domain elsewhere."
  }
}

run "a_single_node_stands_in_a_single_zone_and_a_long_name_is_cut" {
  command = plan

  module {
    source = "../../terraform/modules/search"
  }

  variables {
    name = "a-name-as-long-as-a-name-may-be1-and-its-stage-01-search"
    settings = {
      kind             = "domain"
      engine_version   = "OpenSearch_3.3"
      instance_type    = "t3.small.search"
      instance_count   = 1
      volume_gigabytes = 10
    }
  }

  assert {
    condition     = !aws_opensearch_domain.this[0].cluster_config[0].zone_awareness_enabled
    error_message = "One node is to stand in several zones."
  }

  assert {
    condition     = length(aws_opensearch_domain.this[0].domain_name) <= 28 && alltrue([for role in aws_iam_role.this : length(role.name) <= 64])
    error_message = "The domain or the role has a name that AWS refuses."
  }
}

run "a_collection_is_encrypted_and_knows_only_the_roles" {
  module {
    source = "../../terraform/modules/search"
  }

  variables {
    settings = { kind = "serverless", standby_replicas = false }
  }

  assert {
    condition = (
      aws_opensearchserverless_collection.this[0].type == "SEARCH"
      && aws_opensearchserverless_collection.this[0].standby_replicas == "DISABLED"
      && length(aws_opensearchserverless_collection.this[0].name) <= 32
    )
    error_message = "The collection takes no ids of ours, has replicas nobody asked for, or a name that AWS refuses."
  }

  assert {
    condition = jsondecode(aws_opensearchserverless_security_policy.encryption[0].policy) == {
      Rules       = [{ ResourceType = "collection", Resource = ["collection/cqrs-test-search"] }]
      AWSOwnedKey = true
    }
    error_message = "The collection is not encrypted."
  }

  assert {
    condition = {
      for rules in jsondecode(aws_opensearchserverless_access_policy.this[0].policy) :
      join(",", rules.Principal) => flatten(rules.Rules[*].Permission)
      } == {
      "arn:aws:iam::123456789012:role/reads" = ["aoss:ReadDocument"]
      "arn:aws:iam::123456789012:role/writes" = [
        "aoss:CreateCollectionItems", "aoss:DeleteCollectionItems", "aoss:DescribeCollectionItems", "aoss:UpdateCollectionItems",
        "aoss:CreateIndex", "aoss:DeleteIndex", "aoss:DescribeIndex", "aoss:UpdateIndex",
        "aoss:ReadDocument", "aoss:WriteDocument",
      ]
    }
    error_message = "The collection lets in others than the roles, or who searches may write."
  }

  assert {
    condition = (
      alltrue([
        for policy in aws_iam_role_policy.this : jsondecode(policy.policy).Statement == [{
          Effect   = "Allow"
          Action   = ["aoss:APIAccessAll"]
          Resource = [aws_opensearchserverless_collection.this[0].arn]
        }]
      ])
      && output.service == "aoss"
      && output.url == aws_opensearchserverless_collection.this[0].collection_endpoint
    )
    error_message = "A role may not use the collection, or functions look for it elsewhere."
  }
}

run "an_existing_one_needs_a_url" {
  command = plan

  module {
    source = "../../terraform"
  }

  variables {
    name               = "cqrs"
    environment        = "test"
    protect_data       = false
    log_retention_days = 14
    throttling         = { requests_per_second = 10, burst = 10 }
    search             = { kind = "existing" }
  }

  expect_failures = [var.search]
}
