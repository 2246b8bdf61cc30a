# What is refused of the network, the table and the token. The internet as allowed_cidr is in exposure.tftest.hcl.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

# Ephemeral resources cannot be mocked. This provider is real, but is asked nothing: the tests bring a token.
provider "aws" {
  alias                       = "ephemeral"
  region                      = "us-east-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

variables {
  allowed_cidr    = "203.0.113.7/32"
  container_image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/mcp-dynamodb@sha256:1111111111111111111111111111111111111111111111111111111111111111"
  own_token       = true
  auth_token      = "token-token-token-token"
}

run "allowed_cidr_without_a_prefix" {
  command = plan
  variables { allowed_cidr = "203.0.113.7" }
  expect_failures = [var.allowed_cidr]
}

run "allowed_cidr_that_is_nothing" {
  command = plan
  variables { allowed_cidr = "my house" }
  expect_failures = [var.allowed_cidr]
}

run "allowed_cidr_with_bits_behind_the_prefix" {
  command = plan
  variables { allowed_cidr = "203.0.113.7/24" }
  expect_failures = [var.allowed_cidr]
}

run "table_name_with_a_slash" {
  command = plan
  variables { table_name = "a/table" }
  expect_failures = [var.table_name]
}

run "token_version_below_one" {
  command = plan
  variables { token_version = 0 }
  expect_failures = [var.token_version]
}

run "auth_token_too_short" {
  command = plan
  variables { auth_token = "too-short" }
  expect_failures = [var.auth_token]
}

run "auth_token_that_no_header_carries" {
  command = plan
  variables { auth_token = "a token with spaces in it" }
  expect_failures = [var.auth_token]
}

run "auth_token_missing" {
  command = plan
  variables { auth_token = null }
  expect_failures = [var.auth_token]
}

run "token_parameter_that_is_no_arn" {
  command = plan
  variables { token_parameter_arn = "/team/token" }
  expect_failures = [var.token_parameter_arn]
}
