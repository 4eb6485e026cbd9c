# The tests' own root: `terraform test` does not look outside of its configuration, so the runs here
# name the real root as their module.
terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}
