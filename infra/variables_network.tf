# The addresses that reach the service, and its own way to AWS.

variable "allowed_cidr" {
  description = "The only addresses that reach the service, such as 203.0.113.7/32. It has no default, so that exposure is always a decision."
  type        = string
  nullable    = false

  validation {
    # cidrsubnet(…, 0, 0) spells the range as EC2 does. Any other spelling would show up as a change in every plan.
    condition     = try(cidrsubnet(var.allowed_cidr, 0, 0) == var.allowed_cidr, false)
    error_message = "invalid allowed_cidr \"${var.allowed_cidr}\": expected a CIDR range without bits set behind its prefix; a single address is 203.0.113.7/32 or 2001:db8::7/128."
  }

  validation {
    # The limit is not /0 because two ranges of /1 are as public as the whole internet.
    condition     = var.allow_public || try(tonumber(split("/", var.allowed_cidr)[1]) >= (strcontains(var.allowed_cidr, ":") ? 16 : 8), true)
    error_message = "invalid allowed_cidr \"${var.allowed_cidr}\": expected a range no wider than /8 (IPv6: /16); to open the service to the internet, also set allow_public = true."
  }
}

variable "allow_public" {
  description = "Permits an allowed_cidr as wide as 0.0.0.0/0. The notes are then protected by the token alone, which without a front travels over plain HTTP."
  type        = bool
  default     = false
  nullable    = false
}

variable "assign_public_ip" {
  description = "Assigns a public address to each task. Without one the tasks need a NAT gateway to pull the image."
  type        = bool
  default     = true
  nullable    = false
}

variable "dynamodb_endpoint" {
  description = "Creates a gateway endpoint for DynamoDB. Leave it off where the VPC has one, because a route table takes a single one."
  type        = bool
  default     = false
  nullable    = false
}
