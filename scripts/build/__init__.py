"""The way to AWS: the packages that Lambda runs, and Terraform."""
