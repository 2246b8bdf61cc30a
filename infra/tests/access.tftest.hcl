# Who may call: what reaches the task, and what is refused before it does.

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


run "nothing_but_the_token_unless_it_is_asked_for" {
  command = plan

  assert {
    condition     = length([for variable in jsondecode(aws_ecs_task_definition.service.container_definitions)[0].environment : variable if startswith(variable.name, "MCP_AUTH") || startswith(variable.name, "MCP_OAUTH")]) == 0
    error_message = "environment: ${aws_ecs_task_definition.service.container_definitions}"
  }
}

run "named_tokens_and_oauth_reach_the_task" {
  command = plan
  variables {
    auth_tokens = {
      alice             = "1111111111111111111111111111111111111111111111111111111111111111"
      "bob@example.org" = "2222222222222222222222222222222222222222222222222222222222222222"
    }
    oauth = {
      issuer   = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_abc"
      resource = "https://mcp.example.com/mcp"
    }
  }

  assert {
    condition = { for variable in jsondecode(aws_ecs_task_definition.service.container_definitions)[0].environment : variable.name => variable.value if startswith(variable.name, "MCP_AUTH") || startswith(variable.name, "MCP_OAUTH") } == {
      MCP_AUTH_TOKENS       = "alice=1111111111111111111111111111111111111111111111111111111111111111,bob@example.org=2222222222222222222222222222222222222222222222222222222222222222"
      MCP_OAUTH_ISSUER      = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_abc"
      MCP_OAUTH_RESOURCE    = "https://mcp.example.com/mcp"
      MCP_OAUTH_ALGORITHMS  = "RS256,ES256"
      MCP_OAUTH_READ_SCOPE  = "notes:read"
      MCP_OAUTH_WRITE_SCOPE = "notes:write"
    }
    error_message = "environment: ${aws_ecs_task_definition.service.container_definitions}"
  }
}

run "all_of_oauth_reaches_the_task" {
  command = plan
  variables {
    oauth = {
      issuer      = "https://id.example.com/"
      resource    = "https://mcp.example.com/mcp"
      audience    = ["one", "two"]
      client_ids  = ["ours"]
      jwks_url    = "https://id.example.com/keys"
      algorithms  = ["EdDSA"]
      read_scope  = "https://mcp.example.com/read"
      write_scope = "write"
    }
  }

  assert {
    condition = { for variable in jsondecode(aws_ecs_task_definition.service.container_definitions)[0].environment : variable.name => variable.value if startswith(variable.name, "MCP_OAUTH") } == {
      MCP_OAUTH_ISSUER      = "https://id.example.com/"
      MCP_OAUTH_RESOURCE    = "https://mcp.example.com/mcp"
      MCP_OAUTH_AUDIENCE    = "one,two"
      MCP_OAUTH_CLIENT_IDS  = "ours"
      MCP_OAUTH_JWKS_URL    = "https://id.example.com/keys"
      MCP_OAUTH_ALGORITHMS  = "EdDSA"
      MCP_OAUTH_READ_SCOPE  = "https://mcp.example.com/read"
      MCP_OAUTH_WRITE_SCOPE = "write"
    }
    error_message = "environment: ${aws_ecs_task_definition.service.container_definitions}"
  }
}

run "a_token_in_place_of_its_hash" {
  command = plan
  variables {
    auth_tokens = { "alice" = "Yk3wR7dUq1Zx9vN5sT2bH8cF4gJ6mPaL0eXiCoVyBnM" }
  }
  expect_failures = [var.auth_tokens]
}

run "a_name_with_a_comma" {
  command = plan
  variables {
    auth_tokens = { "alice,bob" = "1111111111111111111111111111111111111111111111111111111111111111" }
  }
  expect_failures = [var.auth_tokens]
}

run "one_token_for_two" {
  command = plan
  variables {
    auth_tokens = { "alice" = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "bob" = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" }
  }
  expect_failures = [var.auth_tokens]
}

run "issuer_without_tls" {
  command = plan
  variables {
    oauth = {
      issuer   = "http://id.example.com"
      resource = "https://mcp.example.com/mcp"
    }
  }
  expect_failures = [var.oauth]
}

run "resource_without_scheme" {
  command = plan
  variables {
    oauth = {
      issuer   = "https://id.example.com"
      resource = "mcp.example.com/mcp"
    }
  }
  expect_failures = [var.oauth]
}

run "resource_with_a_fragment" {
  command = plan
  variables {
    oauth = {
      issuer   = "https://id.example.com"
      resource = "https://mcp.example.com/mcp#here"
    }
  }
  expect_failures = [var.oauth]
}

run "keys_without_tls" {
  command = plan
  variables {
    oauth = {
      issuer   = "https://id.example.com"
      resource = "https://mcp.example.com/mcp"
      jwks_url = "http://id.example.com/keys"
    }
  }
  expect_failures = [var.oauth]
}

run "audience_with_a_comma" {
  command = plan
  variables {
    oauth = {
      issuer   = "https://id.example.com"
      resource = "https://mcp.example.com/mcp"
      audience = ["one,two"]
    }
  }
  expect_failures = [var.oauth]
}

run "client_with_a_space" {
  command = plan
  variables {
    oauth = {
      issuer     = "https://id.example.com"
      resource   = "https://mcp.example.com/mcp"
      client_ids = ["one two"]
    }
  }
  expect_failures = [var.oauth]
}

run "algorithm_with_a_shared_secret" {
  command = plan
  variables {
    oauth = {
      issuer     = "https://id.example.com"
      resource   = "https://mcp.example.com/mcp"
      algorithms = ["RS256", "HS256"]
    }
  }
  expect_failures = [var.oauth]
}

run "no_algorithm" {
  command = plan
  variables {
    oauth = {
      issuer     = "https://id.example.com"
      resource   = "https://mcp.example.com/mcp"
      algorithms = []
    }
  }
  expect_failures = [var.oauth]
}

run "two_scopes_for_one" {
  command = plan
  variables {
    oauth = {
      issuer     = "https://id.example.com"
      resource   = "https://mcp.example.com/mcp"
      read_scope = "notes:read notes:list"
    }
  }
  expect_failures = [var.oauth]
}

run "an_empty_scope" {
  command = plan
  variables {
    oauth = {
      issuer      = "https://id.example.com"
      resource    = "https://mcp.example.com/mcp"
      write_scope = ""
    }
  }
  expect_failures = [var.oauth]
}
