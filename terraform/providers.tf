# The address of a local AWS comes from AWS_ENDPOINT_URL, never from `endpoints {}`:
# the configuration stays the one that is deployed.
provider "aws" {
  region = var.region

  default_tags {
    tags = {
      Application = var.name
      Environment = var.environment
      ManagedBy   = "terraform"
    }
  }

  # A local AWS has no metadata service and no buckets with names of their own in DNS, and what it
  # can't do should fail in seconds: the provider's own patience is 25 retries.
  max_retries                 = var.emulated ? 2 : null
  s3_use_path_style           = var.emulated
  skip_credentials_validation = var.emulated
  skip_metadata_api_check     = var.emulated
  skip_region_validation      = var.emulated
}
