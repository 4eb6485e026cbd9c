terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }

  # The state's path is given at init (scripts/build/terraform): each environment has its own state.
  backend "local" {}
}
