"""A local AWS for this system: an emulator, the same Terraform, and stream mappings done right."""
