# Invalid values of each variable. A plan takes seconds, so each of the first runs sets an invalid value for as many
# variables as possible. Every variable in `expect_failures` has to fail by itself.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

# Terraform 1.11 cannot mock ephemeral resources, so this provider is real. It makes no request: the tests bring a token.
provider "aws" {
  alias                       = "ephemeral"
  region                      = "us-east-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

run "first_invalid_values_are_rejected" {
  command = plan
  variables {
    # region without hyphens
    region = "useast1"
    # project name with an underscore
    project_name = "mcp_state"
    # container image by tag
    container_image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/mcp-dynamodb:latest"
    # revision with a space
    revision = "not valid"
    # tags reserved by this configuration
    tags = { Project = "mine" }
    # fargate cpu of no size
    fargate_cpu = 300
    # cpu architecture by another name
    cpu_architecture = "arm64"
    # negative desired count
    desired_count = -1
    # privileged container port
    container_port = 443
    # log retention between two periods
    log_retention_days = 15
    # container insights by another name
    container_insights = "on"
    # allowed cidr without a prefix
    allowed_cidr = "203.0.113.7"
    # table name with a slash
    table_name = "a/table"
    # session ttl of zero
    session_ttl = 0
    # token version below one
    token_version = 0
    # auth token too short
    auth_token = "too-short"
    # token parameter by name
    token_parameter_arn = "/team/token"
    # token in place of its hash
    auth_tokens = { "alice" = "Yk3wR7dUq1Zx9vN5sT2bH8cF4gJ6mPaL0eXiCoVyBnM" }
    # setting with its prefix
    settings = { MCP_LOG = "debug" }
    # issuer without tls
    oauth = {
      issuer   = "http://id.example.com"
      resource = "https://mcp.example.com/mcp"
    }
  }
  expect_failures = [var.region, var.project_name, var.container_image, var.revision, var.tags, var.fargate_cpu, var.cpu_architecture, var.desired_count, var.container_port, var.log_retention_days, var.container_insights, var.allowed_cidr, var.table_name, var.session_ttl, var.token_version, var.auth_token, var.token_parameter_arn, var.auth_tokens, var.settings, var.oauth]
}

run "second_invalid_values_are_rejected" {
  command = plan
  variables {
    # project name too long
    project_name = "a23456789012345678901234567890123"
    # container image by tag and digest
    container_image = "registry.example.com/mcp:v1@sha256:1111111111111111111111111111111111111111111111111111111111111111"
    # tags reserved by aws
    tags = { "aws:mine" = "yes" }
    # fargate memory too little for the cpu
    fargate_cpu = 1024
    # fractional desired count
    desired_count = 1.5
    # container port above the last
    container_port = 65536
    # fractional session ttl
    session_ttl = 1.5
    # allowed cidr without an address
    allowed_cidr = "home"
    # auth token with spaces
    auth_token = "a token with spaces in it"
    # token name with a comma
    auth_tokens = { "alice,bob" = "1111111111111111111111111111111111111111111111111111111111111111" }
    # setting that has a variable of its own
    settings = { state_table = "notes" }
    # resource without scheme
    oauth = {
      issuer   = "https://id.example.com"
      resource = "mcp.example.com/mcp"
    }
  }
  expect_failures = [var.project_name, var.container_image, var.tags, var.fargate_memory, var.desired_count, var.container_port, var.session_ttl, var.allowed_cidr, var.auth_token, var.auth_tokens, var.settings, var.oauth]
}

run "third_invalid_values_are_rejected" {
  command = plan
  variables {
    # project name that ends in a hyphen
    project_name = "mine-"
    # container image with half a digest
    container_image = "registry.example.com/mcp@sha256:1111"
    # container port of the metrics
    container_port = 9464
    # allowed cidr with bits behind the prefix
    allowed_cidr = "203.0.113.7/24"
    # auth token missing
    auth_token = null
    # one token for two names
    auth_tokens = { "alice" = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "bob" = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" }
    # setting of oauth
    settings = { oauth_issuer = "https://id.example.com" }
    # resource with a fragment
    oauth = {
      issuer   = "https://id.example.com"
      resource = "https://mcp.example.com/mcp#here"
    }
    # fargate memory too much for the cpu
    fargate_memory = 4096
  }
  expect_failures = [var.project_name, var.container_image, var.container_port, var.allowed_cidr, var.auth_token, var.auth_tokens, var.settings, var.oauth, var.fargate_memory]
}

run "fourth_invalid_values_are_rejected" {
  command = plan
  variables {
    # project name reserved by aws
    project_name = "sg-mine"
    # jwks url without tls
    oauth = {
      issuer   = "https://id.example.com"
      resource = "https://mcp.example.com/mcp"
      jwks_url = "http://id.example.com/keys"
    }
    # rate limit without a period
    settings = { rate_limit = "100" }
  }
  expect_failures = [var.project_name, var.oauth, var.settings]
}

run "oauth_audience_with_comma_is_rejected" {
  command = plan
  variables {
    # audience with a comma
    oauth = {
      issuer   = "https://id.example.com"
      resource = "https://mcp.example.com/mcp"
      audience = ["one,two"]
    }
  }
  expect_failures = [var.oauth]
}

run "oauth_client_id_with_space_is_rejected" {
  command = plan
  variables {
    # client with a space
    oauth = {
      issuer     = "https://id.example.com"
      resource   = "https://mcp.example.com/mcp"
      client_ids = ["one two"]
    }
  }
  expect_failures = [var.oauth]
}

run "oauth_symmetric_algorithm_is_rejected" {
  command = plan
  variables {
    # algorithm with a shared secret
    oauth = {
      issuer     = "https://id.example.com"
      resource   = "https://mcp.example.com/mcp"
      algorithms = ["RS256", "HS256"]
    }
  }
  expect_failures = [var.oauth]
}

run "empty_oauth_algorithms_are_rejected" {
  command = plan
  variables {
    # no algorithm
    oauth = {
      issuer     = "https://id.example.com"
      resource   = "https://mcp.example.com/mcp"
      algorithms = []
    }
  }
  expect_failures = [var.oauth]
}

run "two_oauth_scopes_in_one_are_rejected" {
  command = plan
  variables {
    # two scopes for one
    oauth = {
      issuer     = "https://id.example.com"
      resource   = "https://mcp.example.com/mcp"
      read_scope = "notes:read notes:list"
    }
  }
  expect_failures = [var.oauth]
}

run "empty_oauth_scope_is_rejected" {
  command = plan
  variables {
    # an empty scope
    oauth = {
      issuer      = "https://id.example.com"
      resource    = "https://mcp.example.com/mcp"
      write_scope = ""
    }
  }
  expect_failures = [var.oauth]
}

run "oauth_issuer_on_another_port_is_rejected" {
  command = plan
  variables {
    # a port that the security group does not let out
    oauth = {
      issuer   = "https://id.example.com:8443/realm"
      resource = "https://mcp.example.com/mcp"
    }
  }
  expect_failures = [var.oauth]
}

run "oauth_keys_on_another_port_are_rejected" {
  command = plan
  variables {
    # a port that the security group does not let out
    oauth = {
      issuer   = "https://id.example.com"
      resource = "https://mcp.example.com/mcp"
      jwks_url = "https://id.example.com:4443"
    }
  }
  expect_failures = [var.oauth]
}

run "oauth_resource_may_have_any_port" {
  command = plan
  variables {
    oauth = {
      issuer   = "https://id.example.com:443/realm"
      resource = "https://mcp.example.com:8443/mcp"
      jwks_url = "https://[2001:db8::1]:443/keys"
    }
  }

  assert {
    condition     = local.oauth["MCP_OAUTH_ISSUER"] == "https://id.example.com:443/realm"
    error_message = "issuer: ${local.oauth["MCP_OAUTH_ISSUER"]}"
  }
}

run "whole_ipv4_internet_is_rejected" {
  command = plan
  variables { allowed_cidr = "0.0.0.0/0" }
  expect_failures = [var.allowed_cidr]
}

run "half_the_ipv4_internet_is_rejected" {
  command = plan
  variables { allowed_cidr = "128.0.0.0/1" }
  expect_failures = [var.allowed_cidr]
}

run "whole_ipv6_internet_is_rejected" {
  command = plan
  variables { allowed_cidr = "::/0" }
  expect_failures = [var.allowed_cidr]
}
