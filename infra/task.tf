# The task definition: one container, whose image is referenced by digest. A new digest is a new revision and rolls out.

locals {
  container_name = "mcp-stateful"
  image_digest   = split("@", var.container_image)[1]

  # A task cannot see its own memory limit, so its connections are limited here: one for each 128 KiB, which is the
  # service's own rule (service/src/capacity.rs), and at most what Fargate's 65,535 file descriptors permit
  # (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Ulimit.html).
  max_connections = min(var.fargate_memory * 8, 65000)

  environment = merge({
    AWS_REGION          = var.region
    MCP_HOST            = "0.0.0.0"
    MCP_LOG_FORMAT      = "json"
    MCP_MAX_CONNECTIONS = tostring(local.max_connections)
    MCP_PORT            = tostring(var.container_port)
    MCP_RATE_LIMIT      = "100/s,burst=500" # A team of 100 busy agents behind one token, each with a call a second.
    MCP_REVISION        = local.image_digest
    MCP_SESSION_TTL     = tostring(var.session_ttl)
    MCP_STATE_BACKEND   = "dynamodb"
    MCP_STATE_TABLE     = aws_dynamodb_table.state.name
  }, local.front_environment, local.named_tokens, local.oauth, { for name, value in var.settings : "MCP_${upper(name)}" => value }, var.environment)

  # The ARN of each secret by the name of its variable. Lists that are made of this map are in the order of the names.
  secrets = merge(
    { MCP_AUTH_TOKEN = local.token_parameter_arn },
    { for name, secret in var.secrets : name => secret.arn },
  )

  # Unset values are left out, so that the service's own defaults apply.
  named_tokens = length(var.auth_tokens) == 0 ? {} : {
    MCP_AUTH_TOKENS = join(",", [for name, hash in var.auth_tokens : "${name}=${hash}"])
  }
  oauth = var.oauth == null ? {} : {
    # A precondition of the task definition rejects an unknown resource.
    for name, value in {
      MCP_OAUTH_ISSUER      = var.oauth.issuer
      MCP_OAUTH_RESOURCE    = coalesce(var.oauth.resource, try("${local.url}/mcp", null), "unknown")
      MCP_OAUTH_AUDIENCE    = join(",", var.oauth.audience)
      MCP_OAUTH_CLIENT_IDS  = join(",", var.oauth.client_ids)
      MCP_OAUTH_JWKS_URL    = var.oauth.jwks_url == null ? "" : var.oauth.jwks_url
      MCP_OAUTH_ALGORITHMS  = join(",", var.oauth.algorithms)
      MCP_OAUTH_READ_SCOPE  = var.oauth.read_scope
      MCP_OAUTH_WRITE_SCOPE = var.oauth.write_scope
    } : name => value if value != ""
  }
}

resource "aws_ecs_task_definition" "service" {
  family                   = "${var.project_name}-task"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.fargate_cpu
  memory                   = var.fargate_memory
  execution_role_arn       = aws_iam_role.exec.arn
  task_role_arn            = aws_iam_role.task.arn
  container_definitions    = jsonencode([local.container])

  # Earlier revisions stay registered because ECS can roll back to registered revisions only. `cargo xtask destroy`
  # deregisters them.
  skip_destroy = true

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.cpu_architecture
  }

  tags = { Revision = var.revision }

  lifecycle {
    precondition {
      # Here and not in the variable, which would then be checked after `front` and not together with all others.
      condition     = var.oauth == null || var.front != "none" || try(var.oauth.resource, null) != null
      error_message = "invalid oauth.resource: expected the URL of /mcp that clients use, because only a front has a stable one."
    }

    precondition {
      # ECS rejects such a task definition.
      condition     = length(setintersection(keys(var.secrets), keys(var.environment))) == 0
      error_message = "invalid secrets: expected names that environment does not have too."
    }
  }
}

locals {
  container = {
    name         = local.container_name
    image        = var.container_image
    essential    = true
    portMappings = [{ containerPort = var.container_port, hostPort = var.container_port, protocol = "tcp" }]
    environment  = [for name, value in local.environment : { name = name, value = value }]
    secrets      = [for name, arn in local.secrets : { name = name, valueFrom = arn }]

    # ECS reads the token when a task starts. The label turns a new token into a new revision, which replaces the tasks.
    dockerLabels = { "token-version" = tostring(var.token_version) }

    # No writable file system but the scratch directory, no capabilities, no init process. The image contains neither a
    # shell nor a root user.
    user                   = "65532:65532"
    readonlyRootFilesystem = true
    linuxParameters = merge({
      # ECS stores the empty list. Without it here, every plan would replace the task definition and all tasks.
      capabilities       = { add = [], drop = ["ALL"] }
      initProcessEnabled = false
    }, local.scratch)

    healthCheck = {
      command     = ["CMD", "/mcp-stateful", "healthcheck"]
      interval    = 10
      timeout     = 5
      retries     = 3
      startPeriod = 10
    }

    # Seconds from SIGTERM to SIGKILL, longer than the service takes to serve on (front.tf) and then to drain (22 s).
    stopTimeout = 30 + local.lame_duck

    logConfiguration = {
      logDriver = "awslogs"
      options = {
        "awslogs-group"         = aws_cloudwatch_log_group.service.name
        "awslogs-region"        = var.region
        "awslogs-stream-prefix" = "ecs"
        # Non-blocking, so that a slow log never delays a request.
        "mode"            = "non-blocking"
        "max-buffer-size" = "4m"
      }
    }

    mountPoints    = []
    systemControls = []
    volumesFrom    = []
  }

  # A tmpfs, which Fargate supports since January 2026
  # (https://aws.amazon.com/about-aws/whats-new/2026/01/amazon-ecs-tmpfs-mounts-aws-fargate-managed-instances/). A volume
  # on Fargate's disk has neither a limit of its own nor, unless the image declares it, an owner other than root. At 0 the
  # key is absent, as it is in what ECS stores.
  scratch = {
    for name, mounts in {
      tmpfs = [{ containerPath = "/tmp", size = var.scratch_mib, mountOptions = ["mode=1777", "nosuid", "nodev", "noexec"] }]
    } : name => mounts if var.scratch_mib > 0
  }
}
