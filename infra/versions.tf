# Terraform and provider versions, and the tags of every resource. No backend is set, so the state is a local file unless
# `cargo xtask deploy --state` adds one.

terraform {
  # 1.11 is the first version with write-only arguments, which keep the token out of the state.
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100.0, < 7.0.0"
    }
  }
}

provider "aws" {
  region = var.region

  # Both tags together mark the resources of this configuration. `cargo xtask destroy` removes nothing without both.
  default_tags {
    tags = merge(var.tags, {
      Project   = var.project_name
      ManagedBy = "mcp-stateful/infra"
    })
  }
}

# The same provider for the ephemeral resource of token.tf. It needs an alias because the tests mock the provider above,
# and Terraform 1.11 cannot mock a provider that has ephemeral resources.
provider "aws" {
  alias  = "ephemeral"
  region = var.region
}

data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}
