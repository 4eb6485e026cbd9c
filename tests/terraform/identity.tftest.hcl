# Who callers are, and what is open to whom.

mock_provider "aws" {
  source = "./mocks"
}

override_resource {
  target = aws_iam_role.deadlines
  values = {
    arn = "arn:aws:iam::123456789012:role/deadlines"
  }
}

variables {
  environment        = "test"
  protect_data       = false
  log_retention_days = 14
  throttling         = { requests_per_second = 10, burst = 10 }
}

run "what_is_not_public_takes_a_token_and_its_function_knows_to_whom_it_is_open" {
  module {
    source = "../../terraform"
  }

  assert {
    condition = module.api.authorisation_by_route == {
      for route, entry in module.nouns.routes : route => entry.role == "public" ? "NONE" : "JWT"
    }
    error_message = "A route lets in whom it should not, or asks who needs no token."
  }

  assert {
    condition = merge([for function in module.functions : jsondecode(lookup(function.environment, "ROLES", "{}"))]...) == {
      for route, entry in module.nouns.routes : route => entry.role
    }
    error_message = "A function does not know to whom its routes are open."
  }

  assert {
    condition     = [for one in module.api.trusts : toset(one.audience)] == [toset([module.identity[0].client_id])]
    error_message = "Other tokens than those of the pool's client are believed."
  }
}

run "any_issuer_can_say_who_asks" {
  module {
    source = "../../terraform"
  }

  variables {
    identity = { kind = "oidc", issuer = "https://login.example.com", audience = ["shop"], groups_claim = "roles" }
  }

  assert {
    condition     = [for one in module.api.trusts : merge(one, { audience = join(",", one.audience) })] == [{ issuer = "https://login.example.com", audience = "shop" }]
    error_message = "Tokens of others are believed."
  }

  assert {
    condition     = length(module.identity) == 0 && module.functions["orders_commands"].environment.GROUPS_CLAIM == "roles"
    error_message = "A user pool is made that nobody asks, or groups are looked for elsewhere."
  }
}

run "an_issuer_needs_an_audience" {
  command = plan

  module {
    source = "../../terraform"
  }

  variables {
    identity = { kind = "oidc", issuer = "https://login.example.com" }
  }

  expect_failures = [var.identity]
}

run "nobody_opens_everything_by_mistake" {
  command = plan

  module {
    source = "../../terraform"
  }

  variables {
    environment = "dev"
    identity    = { kind = "none" }
  }

  expect_failures = [var.identity]
}

run "nor_where_customers_are" {
  command = plan

  module {
    source = "../../terraform"
  }

  variables {
    environment = "prod"
    identity    = { kind = "none", word = "everybody may do everything" }
  }

  expect_failures = [var.identity]
}

run "who_means_it_may_do_without" {
  module {
    source = "../../terraform"
  }

  variables {
    environment = "dev"
    identity    = { kind = "none", word = "everybody may do everything" }
  }

  assert {
    condition     = toset(values(module.api.authorisation_by_route)) == toset(["NONE"]) && length(module.api.trusts) == 0
    error_message = "A token is asked for that nobody issues."
  }

  assert {
    condition     = toset(flatten([for function in module.functions : values(jsondecode(lookup(function.environment, "ROLES", "{}")))])) == toset(["public"])
    error_message = "A function lets in who has a token only, and nobody has one."
  }
}
