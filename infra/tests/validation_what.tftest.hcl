# What is refused of region, project_name, container_image, revision and tags.

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

run "a_region_that_is_none" {
  command = plan
  variables { region = "useast1" }
  expect_failures = [var.region]
}

run "project_name_with_an_underscore" {
  command = plan
  variables { project_name = "mcp_state" }
  expect_failures = [var.project_name]
}

run "project_name_too_long" {
  command = plan
  variables { project_name = "a23456789012345678901234567890123" }
  expect_failures = [var.project_name]
}

run "project_name_that_ends_in_a_hyphen" {
  command = plan
  variables { project_name = "mine-" }
  expect_failures = [var.project_name]
}

run "project_name_that_aws_keeps" {
  command = plan
  variables { project_name = "sg-mine" }
  expect_failures = [var.project_name]
}

run "container_image_by_tag" {
  command = plan
  variables { container_image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/mcp-dynamodb:latest" }
  expect_failures = [var.container_image]
}

run "container_image_by_tag_and_digest" {
  command = plan
  variables { container_image = "registry.example.com/mcp:v1@sha256:1111111111111111111111111111111111111111111111111111111111111111" }
  expect_failures = [var.container_image]
}

run "container_image_with_half_a_digest" {
  command = plan
  variables { container_image = "registry.example.com/mcp@sha256:1111" }
  expect_failures = [var.container_image]
}

run "revision_with_a_space" {
  command = plan
  variables { revision = "not this" }
  expect_failures = [var.revision]
}

run "tags_that_are_set_here" {
  command = plan
  variables { tags = { Project = "mine" } }
  expect_failures = [var.tags]
}

run "tags_that_aws_keeps" {
  command = plan
  variables { tags = { "aws:mine" = "yes" } }
  expect_failures = [var.tags]
}
