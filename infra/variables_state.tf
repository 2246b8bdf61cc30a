# What outlives a task: the table and the token.

variable "table_name" {
  description = "Name of the table. Default: mcp_state for the default project, <project_name>-state for any other."
  type        = string
  default     = null

  validation {
    condition     = var.table_name == null || can(regex("^[A-Za-z0-9_.-]{3,255}$", var.table_name))
    error_message = "table_name must have 3 to 255 letters, digits, underscores, hyphens and dots."
  }
}

variable "session_ttl" {
  description = "Seconds that a session of create_session lives, with all its notes. Sessions by name never expire."
  type        = number
  default     = 2592000
  nullable    = false

  validation {
    condition     = var.session_ttl >= 1 && var.session_ttl <= 315360000 && floor(var.session_ttl) == var.session_ttl
    error_message = "session_ttl must be a whole number of seconds, ten years at the most."
  }
}

variable "point_in_time_recovery" {
  description = "Lets the table be restored to any second of the last 35 days. Charged by the table's size."
  type        = bool
  default     = true
  nullable    = false
}

variable "deletion_protection" {
  description = "Makes AWS refuse to delete the table, whoever asks. A destroy then fails at the table, until this is off again."
  type        = bool
  default     = false
  nullable    = false
}

variable "token_version" {
  description = "Raise it to replace the token: a new one is stored and the tasks are replaced."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.token_version >= 1 && floor(var.token_version) == var.token_version
    error_message = "token_version must be a whole number from 1."
  }
}

variable "token_parameter_arn" {
  description = "ARN of an SSM parameter in this account that holds the token already, in place of the one that is made here. It must be encrypted with AWS's key for SSM, or not at all."
  type        = string
  default     = null

  validation {
    condition     = var.token_parameter_arn == null || can(regex("^arn:aws[a-z-]*:ssm:[a-z0-9-]+:[0-9]{12}:parameter/[A-Za-z0-9_./-]+$", var.token_parameter_arn))
    error_message = "token_parameter_arn must be the ARN of an SSM parameter, as in arn:aws:ssm:us-east-1:123456789012:parameter/team/token."
  }
}

variable "own_token" {
  description = "Takes the token from auth_token instead of making a random one. Like any token it is stored when token_version changes."
  type        = bool
  default     = false
  nullable    = false
}

variable "auth_token" {
  description = "The token, if own_token. From the environment only (TF_VAR_auth_token), not from a file or a command line."
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true

  validation {
    # The service's own rule, so that a bad token stops here and not in a task that does not start.
    condition     = !var.own_token || try(length(regex("^[A-Za-z0-9._~+/=-]{16,}$", var.auth_token)) <= 4096, false)
    error_message = "own_token needs auth_token (TF_VAR_auth_token): 16 to 4096 of A-Z, a-z, 0-9 and -._~+/=."
  }
}
