# The table and the token, which outlive a task.

variable "table_name" {
  description = "Name of the table. Default: mcp_state for the default project, <project_name>-state for any other."
  type        = string
  default     = null

  validation {
    condition     = var.table_name == null || can(regex("^[A-Za-z0-9_.-]{3,255}$", var.table_name))
    error_message = "invalid table_name: expected 3 to 255 letters, digits, underscores, hyphens and dots."
  }
}

variable "session_ttl" {
  description = "Lifetime of a session from create_session and its notes, in seconds. Sessions by name never expire."
  type        = number
  default     = 2592000
  nullable    = false

  validation {
    condition     = var.session_ttl >= 1 && var.session_ttl <= 315360000 && floor(var.session_ttl) == var.session_ttl
    error_message = "invalid session_ttl ${var.session_ttl}: expected a whole number of seconds from 1 to 315360000 (ten years)."
  }
}

variable "point_in_time_recovery" {
  description = "Enables restoring the table to any second of the last 35 days. Charged by the table's size."
  type        = bool
  default     = true
  nullable    = false
}

variable "deletion_protection" {
  description = "Makes AWS reject every deletion of the table. A destroy then fails at the table until this is off again."
  type        = bool
  default     = false
  nullable    = false
}

variable "token_version" {
  description = "Version of the token. Increase it to store a new token and replace the tasks."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.token_version >= 1 && floor(var.token_version) == var.token_version
    error_message = "invalid token_version ${var.token_version}: expected a whole number of at least 1."
  }
}

variable "token_parameter_arn" {
  description = "ARN of an existing SSM parameter of this account that holds the token, in place of the generated one. It must be unencrypted or encrypted with the AWS managed key for SSM."
  type        = string
  default     = null

  validation {
    condition     = var.token_parameter_arn == null || can(regex("^arn:aws[a-z-]*:ssm:[a-z0-9-]+:[0-9]{12}:parameter/[A-Za-z0-9_./-]+$", var.token_parameter_arn))
    error_message = "invalid token_parameter_arn: expected the ARN of an SSM parameter, such as arn:aws:ssm:us-east-1:123456789012:parameter/team/token."
  }
}

variable "token_adopted" {
  description = "Uses the parameter /<project_name>/auth-token as it is: Terraform neither creates, reads nor changes it. Set by deploy if the parameter exists but is missing from the state."
  type        = bool
  default     = false
  nullable    = false
}

variable "own_token" {
  description = "Stores auth_token instead of a random token. Like any token, it is stored only when token_version changes."
  type        = bool
  default     = false
  nullable    = false
}

variable "auth_token" {
  description = "The token to store if own_token is set. Pass it in the environment (TF_VAR_auth_token), never in a file or on a command line."
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true

  validation {
    # The service's own rule, so that an invalid token fails the plan and not the start of a task.
    condition     = !var.own_token || try(length(regex("^[A-Za-z0-9._~+/=-]{16,}$", var.auth_token)) <= 4096, false)
    error_message = "invalid auth_token: expected 16 to 4096 characters of A-Z, a-z, 0-9 and -._~+/= in TF_VAR_auth_token, because own_token is set."
  }
}
