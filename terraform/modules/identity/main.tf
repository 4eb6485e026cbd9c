# A Cognito user pool. Everybody may sign up, and is a customer then; an administrator puts people into the groups.

resource "aws_cognito_user_pool" "this" {
  name                = var.name
  username_attributes = ["email"]

  username_configuration {
    case_sensitive = false # can't be changed later
  }

  user_attribute_update_settings {
    attributes_require_verification_before_update = ["email"]
  }

  mfa_configuration = "OPTIONAL"

  software_token_mfa_configuration {
    enabled = true
  }

  auto_verified_attributes = ["email"]
  deletion_protection      = var.protect_data ? "ACTIVE" : "INACTIVE"

  password_policy {
    minimum_length    = 12
    require_lowercase = false
    require_numbers   = false
    require_symbols   = false
    require_uppercase = false

    temporary_password_validity_days = 7
  }

  account_recovery_setting {
    recovery_mechanism {
      name     = "verified_email"
      priority = 1
    }
  }
}

resource "aws_cognito_user_pool_client" "this" {
  name         = "api"
  user_pool_id = aws_cognito_user_pool.this.id

  explicit_auth_flows = concat(
    ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    var.by_password ? ["ALLOW_ADMIN_USER_PASSWORD_AUTH"] : [],
  )

  prevent_user_existence_errors = "ENABLED"
  enable_token_revocation       = true
  access_token_validity         = 60
  id_token_validity             = 60

  token_validity_units {
    access_token = "minutes"
    id_token     = "minutes"
  }
}

resource "aws_cognito_user_group" "this" {
  for_each = toset(["staff", "operator"])

  name         = each.key
  user_pool_id = aws_cognito_user_pool.this.id
}
