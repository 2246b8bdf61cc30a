# What is deployed, and where. The other variables lie beside these by concern: variables_{task,network,state}.tf.

variable "region" {
  description = "AWS region that everything is made in."
  type        = string
  default     = "us-east-1"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region \"${var.region}\" is no AWS region; one looks like us-east-1."
  }
}

variable "project_name" {
  description = "Begins every name, so that projects in one account do not touch each other."
  type        = string
  default     = "mcp-stateful"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9]|-[a-z0-9]){1,31}$", var.project_name)) && length(var.project_name) <= 32
    error_message = "project_name must have 2 to 32 lower-case letters, digits and single hyphens, beginning with a letter and not ending in a hyphen."
  }

  validation {
    # EC2 refuses such names of security groups, SSM such names of parameters.
    condition     = !can(regex("^(sg-|aws|ssm)", var.project_name))
    error_message = "project_name must not begin with sg-, aws or ssm: AWS keeps these for itself."
  }
}

variable "container_image" {
  description = "Image of the service by digest, as in <registry>/<repository>@sha256:<64 hex digits>."
  type        = string
  nullable    = false

  validation {
    # A tag can move; a digest cannot, and another digest is what makes another task definition.
    condition     = can(regex("^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9][a-z0-9._-]*)+@sha256:[0-9a-f]{64}$", var.container_image))
    error_message = "container_image must name an image by digest and without a tag: <registry>/<repository>@sha256:<64 hex digits>."
  }
}

variable "revision" {
  description = "Source revision that the image was built from; a tag of the task definition and its tasks, for people."
  type        = string
  default     = "unknown"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9._+-]{1,128}$", var.revision))
    error_message = "revision must have 1 to 128 letters, digits, dots, underscores, plus signs and hyphens."
  }
}

variable "tags" {
  description = "Further tags of every resource."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setintersection(keys(var.tags), ["Project", "ManagedBy", "Revision", "Name"])) == 0
    error_message = "tags must leave Project, ManagedBy, Revision and Name alone: they are set here."
  }

  validation {
    condition     = length(var.tags) <= 40 && alltrue([for key, value in var.tags : can(regex("^[\\w .:/=+@-]{1,128}$", key)) && !startswith(lower(key), "aws:") && can(regex("^[\\w .:/=+@-]{0,256}$", value))])
    error_message = "tags must be 40 at the most, keys of 1 to 128 and values of up to 256 letters, digits, spaces and _ . : / = + - @, no key beginning with aws:."
  }
}
