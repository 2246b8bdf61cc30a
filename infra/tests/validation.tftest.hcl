# What is refused of each variable. A plan takes seconds, so each refuses one value of as many variables as still have one:
# every variable in a run's list has to fail on its own account. The internet as allowed_cidr is in exposure.tftest.hcl.

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

run "first_values" {
  command = plan
  variables {
    # a region that is none
    region = "useast1"
    # project name with an underscore
    project_name = "mcp_state"
    # container image by tag
    container_image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/mcp-dynamodb:latest"
    # revision with a space
    revision = "not this"
    # tags that are set here
    tags = { Project = "mine" }
    # fargate cpu that fargate has not
    fargate_cpu = 300
    # cpu architecture by another name
    cpu_architecture = "arm64"
    # desired count below none
    desired_count = -1
    # container port that takes a capability
    container_port = 443
    # log retention days that cloudwatch has not
    log_retention_days = 15
    # container insights by another name
    container_insights = "on"
    # allowed cidr without a prefix
    allowed_cidr = "203.0.113.7"
    # table name with a slash
    table_name = "a/table"
    # session ttl of nothing
    session_ttl = 0
    # token version below one
    token_version = 0
    # auth token too short
    auth_token = "too-short"
    # token parameter that is no arn
    token_parameter_arn = "/team/token"
    # a token in place of its hash
    auth_tokens = { "alice" = "Yk3wR7dUq1Zx9vN5sT2bH8cF4gJ6mPaL0eXiCoVyBnM" }
    # issuer without tls
    oauth = {
      issuer   = "http://id.example.com"
      resource = "https://mcp.example.com/mcp"
    }
  }
  expect_failures = [var.region, var.project_name, var.container_image, var.revision, var.tags, var.fargate_cpu, var.cpu_architecture, var.desired_count, var.container_port, var.log_retention_days, var.container_insights, var.allowed_cidr, var.table_name, var.session_ttl, var.token_version, var.auth_token, var.token_parameter_arn, var.auth_tokens, var.oauth]
}

run "second_values" {
  command = plan
  variables {
    # project name too long
    project_name = "a23456789012345678901234567890123"
    # container image by tag and digest
    container_image = "registry.example.com/mcp:v1@sha256:1111111111111111111111111111111111111111111111111111111111111111"
    # tags that aws keeps
    tags = { "aws:mine" = "yes" }
    # fargate memory too little for the cpu
    fargate_cpu = 1024
    # desired count and a half
    desired_count = 1.5
    # container port beyond the last
    container_port = 65536
    # session ttl of a second and a half
    session_ttl = 1.5
    # allowed cidr that is nothing
    allowed_cidr = "my house"
    # auth token that no header carries
    auth_token = "a token with spaces in it"
    # a name with a comma
    auth_tokens = { "alice,bob" = "1111111111111111111111111111111111111111111111111111111111111111" }
    # resource without scheme
    oauth = {
      issuer   = "https://id.example.com"
      resource = "mcp.example.com/mcp"
    }
  }
  expect_failures = [var.project_name, var.container_image, var.tags, var.fargate_memory, var.desired_count, var.container_port, var.session_ttl, var.allowed_cidr, var.auth_token, var.auth_tokens, var.oauth]
}

run "third_values" {
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
    # one token for two
    auth_tokens = { "alice" = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "bob" = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" }
    # resource with a fragment
    oauth = {
      issuer   = "https://id.example.com"
      resource = "https://mcp.example.com/mcp#here"
    }
    # fargate memory too much for the cpu
    fargate_memory = 4096
  }
  expect_failures = [var.project_name, var.container_image, var.container_port, var.allowed_cidr, var.auth_token, var.auth_tokens, var.oauth, var.fargate_memory]
}

run "fourth_values" {
  command = plan
  variables {
    # project name that aws keeps
    project_name = "sg-mine"
    # keys without tls
    oauth = {
      issuer   = "https://id.example.com"
      resource = "https://mcp.example.com/mcp"
      jwks_url = "http://id.example.com/keys"
    }
  }
  expect_failures = [var.project_name, var.oauth]
}

run "fifth_values" {
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

run "sixth_values" {
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

run "seventh_values" {
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

run "eighth_values" {
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

run "ninth_values" {
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

run "tenth_values" {
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

# And what is not: the largest task there is.
run "the_largest_task" {
  command = plan
  variables {
    fargate_cpu    = 16384
    fargate_memory = 122880
  }

  assert {
    condition     = aws_ecs_task_definition.service.cpu == "16384" && aws_ecs_task_definition.service.memory == "122880"
    error_message = "size: ${aws_ecs_task_definition.service.cpu}, ${aws_ecs_task_definition.service.memory}"
  }
}
