# Which Terraform and provider, and what every resource is tagged with. No backend: the state is local unless one is added.

terraform {
  # 1.11 is the first with write-only arguments, which keep the token out of the state.
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

  # Both tags together mark what this configuration made; a sweep for leftovers goes by nothing less.
  default_tags {
    tags = merge(var.tags, {
      Project   = var.project_name
      ManagedBy = "mcp-stateful/infra"
    })
  }
}

# The same AWS, for the one ephemeral resource (token.tf). It has a name of its own because Terraform's tests mock the
# provider above, and cannot mock one with ephemeral resources.
provider "aws" {
  alias  = "ephemeral"
  region = var.region
}

data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}
