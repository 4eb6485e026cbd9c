terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }

  # Where the state lies is said at init (scripts/build/terraform): each environment has its own.
  backend "local" {}
}
