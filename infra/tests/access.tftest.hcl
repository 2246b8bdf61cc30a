# Who may call: what reaches the task. What is refused is in validation.tftest.hcl.

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
