# Project, region, image and tags. The other variables are in variables_{access,network,state,task}.tf, by concern.

variable "region" {
  description = "AWS region of all resources."
  type        = string
  default     = "us-east-1"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "invalid region \"${var.region}\": expected an AWS region, such as us-east-1."
  }
}

variable "project_name" {
  description = "Prefix of every resource name, which keeps the projects of one account apart."
  type        = string
  default     = "mcp-stateful"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9]|-[a-z0-9]){1,31}$", var.project_name)) && length(var.project_name) <= 32
    error_message = "invalid project_name \"${var.project_name}\": expected 2 to 32 lower-case letters, digits and single hyphens, beginning with a letter and not ending in a hyphen."
  }

  validation {
    # EC2 rejects security group names that begin with sg-. SSM rejects parameter names that begin with aws or ssm.
    condition     = !can(regex("^(sg-|aws|ssm)", var.project_name))
    error_message = "invalid project_name \"${var.project_name}\": expected a name that does not begin with sg-, aws or ssm, which AWS reserves."
  }
}

variable "container_image" {
  description = "Image of the service by digest, as <registry>/<repository>@sha256:<64 hex digits>."
  type        = string
  nullable    = false

  validation {
    # A tag can move. A digest cannot, and a new digest makes Terraform register a new task definition.
    condition     = can(regex("^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9][a-z0-9._-]*)+@sha256:[0-9a-f]{64}$", var.container_image))
    error_message = "invalid container_image \"${var.container_image}\": expected an image by digest and without a tag, as <registry>/<repository>@sha256:<64 hex digits>."
  }
}

variable "revision" {
  description = "Source revision of the image. Informational: it becomes a tag of the task definition and its tasks."
  type        = string
  default     = "unknown"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9._+-]{1,128}$", var.revision))
    error_message = "invalid revision \"${var.revision}\": expected 1 to 128 letters, digits, dots, underscores, plus signs and hyphens."
  }
}

variable "tags" {
  description = "Additional tags of every resource."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setintersection(keys(var.tags), ["Project", "ManagedBy", "Revision", "Name"])) == 0
    error_message = "invalid tags: expected keys other than Project, ManagedBy, Revision and Name, which this configuration sets."
  }

  validation {
    condition     = length(var.tags) <= 40 && alltrue([for key, value in var.tags : can(regex("^[\\w .:/=+@-]{1,128}$", key)) && !startswith(lower(key), "aws:") && can(regex("^[\\w .:/=+@-]{0,256}$", value))])
    error_message = "invalid tags: expected at most 40, with keys of 1 to 128 and values of up to 256 letters, digits, spaces and _ . : / = + - @, and no key that begins with aws:."
  }
}
