# The size and shape of the task.

variable "fargate_cpu" {
  description = "CPU units of a task; 1024 are one vCPU."
  type        = number
  default     = 256
  nullable    = false

  validation {
    condition     = contains([256, 512, 1024, 2048, 4096, 8192, 16384], var.fargate_cpu)
    error_message = "fargate_cpu must be 256, 512, 1024, 2048, 4096, 8192 or 16384."
  }
}

variable "fargate_memory" {
  description = "Memory of a task in MiB. Fargate has a set of sizes for each fargate_cpu."
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
    error_message = "fargate_memory ${var.fargate_memory} does not go with fargate_cpu ${var.fargate_cpu}: 256 takes 512, 1024 or 2048; 512 takes 1024 to 4096, 1024 takes 2048 to 8192, 2048 takes 4096 to 16384, 4096 takes 8192 to 30720, each in steps of 1024; 8192 takes 16384 to 61440 in steps of 4096; 16384 takes 32768 to 122880 in steps of 8192."
  }
}

variable "cpu_architecture" {
  description = "CPU that the image was built for: X86_64, or ARM64, which costs about a fifth less."
  type        = string
  default     = "X86_64"
  nullable    = false

  validation {
    condition     = contains(["X86_64", "ARM64"], var.cpu_architecture)
    error_message = "cpu_architecture must be X86_64 or ARM64."
  }
}

variable "desired_count" {
  description = "Tasks that run at once. Any serves any request; 0 stops the service and keeps everything else."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = contains(range(0, 11), var.desired_count)
    error_message = "desired_count must be a whole number from 0 to 10."
  }
}

variable "container_port" {
  description = "Port that the service listens on, inside and outside."
  type        = number
  default     = 3333
  nullable    = false

  validation {
    # Below 1024 takes a capability, and the container has none. 9464 is where the service serves its metrics, to itself.
    condition     = var.container_port >= 1024 && var.container_port <= 65535 && floor(var.container_port) == var.container_port && var.container_port != 9464
    error_message = "container_port must be a whole number from 1024 to 65535, and not 9464, where the metrics are."
  }
}

variable "log_retention_days" {
  description = "Days that CloudWatch keeps the log."
  type        = number
  default     = 14
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be a period that CloudWatch has: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "container_insights" {
  description = "CloudWatch Container Insights of the cluster: disabled, enabled or enhanced. It is charged by metric."
  type        = string
  default     = "disabled"
  nullable    = false

  validation {
    condition     = contains(["disabled", "enabled", "enhanced"], var.container_insights)
    error_message = "container_insights must be disabled, enabled or enhanced."
  }
}
