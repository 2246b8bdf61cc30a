# What the tools of a server need beside the server's own. All of it is empty by default. The deployer's plan shows each
# value in words, because each widens what a task gets or may do.

variable "environment" {
  description = "Environment variables of the tools: NAME = value. Every principal that may describe the task definition can read them, so a secret belongs in secrets."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.environment) : can(regex("^[A-Z][A-Z0-9_]{0,127}$", name))])
    error_message = "invalid environment: expected names of upper-case letters, digits and underscores, such as BUCKET."
  }

  validation {
    # Read by the server, the AWS SDK, ECS and the runtime, or set by deploy. The deployer rejects them with the same words
    # (xtask/src/environments/tool_variables.rs).
    condition     = !anytrue([for name in keys(var.environment) : can(regex("^(MCP_|AWS_|ECS_|TOKIO_|ASSETS_DIR$)", name))])
    error_message = "invalid environment: names that begin with MCP_, AWS_, ECS_ or TOKIO_ are reserved, and so is ASSETS_DIR."
  }

  validation {
    # A task definition has at most 64 KiB
    # (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html).
    condition     = alltrue([for value in values(var.environment) : try(length(value) > 0, false)]) && length(jsonencode(var.environment)) <= 32768
    error_message = "invalid environment: expected values that are not empty, and at most 32768 characters of JSON in all."
  }
}

variable "secrets" {
  description = "Secrets of the tools by reference: NAME = { arn = … } of an SSM parameter or of a Secrets Manager secret, which takes :json-key:version-stage:version-id behind its ARN, and kms_key_arn if a customer managed key encrypts it. ECS reads the value when a task starts, and Terraform never does."
  type = map(object({
    arn         = string
    kms_key_arn = optional(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.secrets) : can(regex("^[A-Z][A-Z0-9_]{0,127}$", name))])
    error_message = "invalid secrets: expected names of upper-case letters, digits and underscores, such as API_KEY."
  }

  validation {
    condition     = !anytrue([for name in keys(var.secrets) : can(regex("^(MCP_|AWS_|ECS_|TOKIO_|ASSETS_DIR$)", name))])
    error_message = "invalid secrets: names that begin with MCP_, AWS_, ECS_ or TOKIO_ are reserved, and so is ASSETS_DIR."
  }

  validation {
    # The messages repeat no value, which may be a secret by mistake. Secrets Manager ends every ARN with six characters
    # of its own, which ECS requires
    # (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html).
    condition = alltrue([for secret in values(var.secrets) : anytrue([
      can(regex("^arn:aws[a-z-]*:ssm:[a-z0-9-]+:[0-9]{12}:parameter/[A-Za-z0-9_./-]+$", secret.arn)),
      can(regex("^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+-[A-Za-z0-9]{6}(:[^:]*:[^:]*:[^:]*)?$", secret.arn)),
    ])])
    error_message = "invalid secrets: expected for each the ARN of an SSM parameter, such as arn:aws:ssm:us-east-1:123456789012:parameter/team/key, or of a Secrets Manager secret, such as arn:aws:secretsmanager:us-east-1:123456789012:secret:team/key-AbCdEf or, for the field `user` of it, …-AbCdEf:user::."
  }

  validation {
    # iam_exec.tf checks the account.
    condition     = alltrue([for secret in values(var.secrets) : try(split(":", secret.arn)[3] == var.region, true)])
    error_message = "invalid secrets: expected secrets of the deployment's region, ${var.region}."
  }

  validation {
    condition     = alltrue([for secret in values(var.secrets) : secret.kms_key_arn == null || can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", secret.kms_key_arn))])
    error_message = "invalid secrets: expected as kms_key_arn the ARN of a key and not of an alias, such as arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab."
  }
}

variable "task_policy_statements" {
  description = "Statements of IAM that the task role has beside its own: what the tools may do on AWS. IAM's condition operators stand in `condition`: { StringEquals = { \"aws:ResourceAccount\" = [\"123456789012\"] } }."
  type = list(object({
    effect    = optional(string, "Allow")
    actions   = list(string)
    resources = list(string)
    condition = optional(map(map(list(string))), {})
  }))
  default  = []
  nullable = false

  validation {
    condition     = alltrue([for statement in var.task_policy_statements : contains(["Allow", "Deny"], statement.effect)])
    error_message = "invalid task_policy_statements: expected an effect of Allow or Deny."
  }

  validation {
    # The service is spelled out, so that a wildcard never covers another service than the one that the plan names.
    condition     = alltrue([for statement in var.task_policy_statements : length(statement.actions) > 0 && alltrue([for action in statement.actions : can(regex("^[a-z0-9-]+:[A-Za-z0-9*?]+$", action))])])
    error_message = "invalid task_policy_statements: expected one or more actions with their service, such as s3:GetObject or s3:Get*, and not *."
  }

  validation {
    # A policy variable stands for a resource that only a request decides, which neither the plan nor the rule about the
    # state table in iam_task.tf could see.
    condition     = alltrue([for statement in var.task_policy_statements : length(statement.resources) > 0 && alltrue([for resource in statement.resources : resource == "*" || (can(regex("^arn:[^\\s]+$", resource)) && !strcontains(resource, "$"))])])
    error_message = "invalid task_policy_statements: expected one or more resources, each an ARN without policy variables, such as arn:aws:s3:::team-notes/*, or *."
  }

  validation {
    # A task that writes roles or policies could give its own role anything.
    condition     = !anytrue([for statement in var.task_policy_statements : statement.effect == "Allow" && anytrue([for action in statement.actions : startswith(action, "iam:") && !can(regex("^iam:(Get|List)", action))])])
    error_message = "invalid task_policy_statements: of IAM a task may have actions that begin with iam:Get or iam:List only, because others could widen its own role."
  }

  validation {
    # Inline policies of a role have at most 10,240 characters in all, the role's own statement included
    # (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html).
    condition     = length(jsonencode(var.task_policy_statements)) <= 9000
    error_message = "invalid task_policy_statements: expected at most 9000 characters of JSON, which is what IAM permits a role."
  }
}

variable "egress" {
  description = "Connections that the tasks may open beside HTTPS over IPv4: ports (\"5432\" or \"8000-8100\"), the address ranges in cidrs, and protocol, tcp or udp."
  type = list(object({
    ports    = string
    cidrs    = list(string)
    protocol = optional(string, "tcp")
  }))
  default  = []
  nullable = false

  validation {
    condition = alltrue([for rule in var.egress : can(regex("^[1-9][0-9]{0,4}(-[1-9][0-9]{0,4})?$", rule.ports)) && alltrue([for port in split("-", rule.ports) : try(tonumber(port) <= 65535, false)])
    && try(tonumber(split("-", rule.ports)[0]) <= tonumber(reverse(split("-", rule.ports))[0]), false)])
    error_message = "invalid egress: expected ports from 1 to 65535, as in \"5432\" or \"8000-8100\"."
  }

  validation {
    condition     = alltrue([for rule in var.egress : length(rule.cidrs) > 0 && alltrue([for cidr in rule.cidrs : try(cidrsubnet(cidr, 0, 0) == cidr, false)])])
    error_message = "invalid egress: expected one or more CIDR ranges without bits set behind their prefix, such as 10.0.0.0/16, 203.0.113.7/32 or 2001:db8::/32."
  }

  validation {
    condition     = alltrue([for rule in var.egress : contains(["tcp", "udp"], rule.protocol)])
    error_message = "invalid egress: expected a protocol of tcp or udp."
  }

  validation {
    # EC2 rejects a second rule with the same range.
    condition     = !anytrue([for rule in var.egress : rule.protocol == "tcp" && rule.ports == "443" && contains(rule.cidrs, "0.0.0.0/0")])
    error_message = "invalid egress: tcp port 443 of 0.0.0.0/0 is open already; remove it."
  }

  validation {
    # A security group has at most 60 rules of each direction and IP version by default
    # (https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html).
    condition     = length(distinct(flatten([for rule in var.egress : [for cidr in rule.cidrs : "${rule.protocol} ${rule.ports} ${cidr}"]]))) <= 50
    error_message = "invalid egress: expected at most 50 ranges in all."
  }
}

variable "scratch_mib" {
  description = "Size in MiB of a writable /tmp, which is in the task's memory and empty at each start. 0 leaves the tasks without a writable directory."
  type        = number
  default     = 0
  nullable    = false

  validation {
    # Files in /tmp use memory of the task, and ECS stops a task that exceeds its memory.
    condition     = var.scratch_mib >= 0 && floor(var.scratch_mib) == var.scratch_mib && var.scratch_mib <= var.fargate_memory / 2
    error_message = "invalid scratch_mib ${var.scratch_mib}: expected a whole number of MiB from 0 to half of fargate_memory, ${floor(var.fargate_memory / 2)}."
  }
}
