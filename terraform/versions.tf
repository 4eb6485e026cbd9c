terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }

  # Terraform runs in a folder of links to these files, where an override names the state of one environment
  # (scripts/build/terraform/root.py). Here it asks for a bucket rather than to begin an empty state.
  backend "s3" {}
}
