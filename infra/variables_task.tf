# Size, number and platform of the tasks, their port and their log.

variable "fargate_cpu" {
  description = "CPU units of a task. 1024 units are one vCPU."
  type        = number
  default     = 256
  nullable    = false

  validation {
    condition     = contains([256, 512, 1024, 2048, 4096, 8192, 16384], var.fargate_cpu)
    error_message = "invalid fargate_cpu ${var.fargate_cpu}: expected 256, 512, 1024, 2048, 4096, 8192 or 16384."
  }
}

variable "fargate_memory" {
  description = "Memory of a task in MiB. Fargate permits a set of sizes for each fargate_cpu."
  type        = number
  default     = 512
  nullable    = false

  validation {
    condition = contains(lookup({
      "256"   = [512, 1024, 2048]
      "512"   = range(1024, 4096 + 1, 1024)
      "1024"  = range(2048, 8192 + 1, 1024)
      "2048"  = range(4096, 16384 + 1, 1024)
      "4096"  = range(8192, 30720 + 1, 1024)
      "8192"  = range(16384, 61440 + 1, 4096)
      "16384" = range(32768, 122880 + 1, 8192)
    }, tostring(var.fargate_cpu), []), var.fargate_memory)
    error_message = "invalid fargate_memory ${var.fargate_memory} for fargate_cpu ${var.fargate_cpu}: expected 512, 1024 or 2048 for 256; 1024 to 4096 for 512, 2048 to 8192 for 1024, 4096 to 16384 for 2048 and 8192 to 30720 for 4096, in steps of 1024; 16384 to 61440 for 8192, in steps of 4096; 32768 to 122880 for 16384, in steps of 8192."
  }
}

variable "cpu_architecture" {
  description = "CPU architecture of the image: X86_64, or ARM64, which costs about a fifth less."
  type        = string
  default     = "X86_64"
  nullable    = false

  validation {
    condition     = contains(["X86_64", "ARM64"], var.cpu_architecture)
    error_message = "invalid cpu_architecture \"${var.cpu_architecture}\": expected X86_64 or ARM64."
  }
}

variable "desired_count" {
  description = "Number of tasks. Each serves any request. 0 stops the service and keeps everything else."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = contains(range(0, 11), var.desired_count)
    error_message = "invalid desired_count ${var.desired_count}: expected a whole number from 0 to 10."
  }
}

variable "container_port" {
  description = "Port of the service, in the container and on the task's address."
  type        = number
  default     = 3333
  nullable    = false

  validation {
    # A port below 1024 needs a capability, and the container has none. 9464 is the metrics port on the task's loopback.
    condition     = var.container_port >= 1024 && var.container_port <= 65535 && floor(var.container_port) == var.container_port && var.container_port != 9464
    error_message = "invalid container_port ${var.container_port}: expected a whole number from 1024 to 65535 except 9464, the metrics port."
  }
}

variable "log_retention_days" {
  description = "Retention of the log in CloudWatch, in days."
  type        = number
  default     = 14
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "invalid log_retention_days ${var.log_retention_days}: expected a period that CloudWatch supports: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "container_insights" {
  description = "CloudWatch Container Insights of the cluster: disabled, enabled or enhanced. Charged by metric."
  type        = string
  default     = "disabled"
  nullable    = false

  validation {
    condition     = contains(["disabled", "enabled", "enhanced"], var.container_insights)
    error_message = "invalid container_insights \"${var.container_insights}\": expected disabled, enabled or enhanced."
  }
}

variable "settings" {
  description = "Further settings of the service, by their names in docs/settings.md in lower case and without MCP_."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.settings) : can(regex("^[a-z][a-z0-9_]*$", name))])
    error_message = "invalid settings: expected names in lower case and without MCP_, such as max_concurrency."
  }

  validation {
    # The service's own rule, so that an invalid value fails the plan and not the start of a task.
    condition     = can(regex("^(off|([1-9][0-9]{0,5}|1000000)/(s|min)(,burst=([1-9][0-9]{0,5}|1000000))?)$", lookup(var.settings, "rate_limit", "off")))
    error_message = "invalid settings: expected a rate_limit of off, or of whole numbers from 1 to 1000000 as in 100/s, 100/s,burst=500 or 30/min."
  }

  validation {
    # Set by this configuration, some from variables of their own.
    condition     = length(setintersection(keys(var.settings), ["host", "port", "metrics_host", "metrics_port", "revision", "session_ttl", "state_backend", "state_path", "state_table", "auth_token", "auth_tokens", "front", "lame_duck", "allowed_clients"])) == 0 && !anytrue([for name in keys(var.settings) : startswith(name, "oauth_")])
    error_message = "invalid settings: expected names that this configuration does not set itself: host, port, metrics_host, metrics_port, revision, session_ttl, state_backend, state_path, state_table, auth_token, auth_tokens, front, lame_duck, allowed_clients and oauth_*."
  }
}
