"""Runs Terraform: finds the program and the AWS provider, and keeps environments apart."""
