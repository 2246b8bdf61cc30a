# Who reaches the service, and how it reaches AWS.

variable "allowed_cidr" {
  description = "The only addresses that reach the service, as in 203.0.113.7/32. There is no default: somebody has to say."
  type        = string
  nullable    = false

  validation {
    # cidrsubnet(…, 0, 0) writes the range as EC2 does: another spelling would be a change in every plan.
    condition     = try(cidrsubnet(var.allowed_cidr, 0, 0) == var.allowed_cidr, false)
    error_message = "allowed_cidr \"${var.allowed_cidr}\" is no CIDR range, or has bits set behind its prefix; one address is 203.0.113.7/32 or 2001:db8::7/128."
  }

  validation {
    # Two halves of the internet are as public as the whole, so the line is not at /0.
    condition     = var.allow_public || try(tonumber(split("/", var.allowed_cidr)[1]) >= (strcontains(var.allowed_cidr, ":") ? 16 : 8), true)
    error_message = "allowed_cidr \"${var.allowed_cidr}\" opens the service to the internet (wider than /8, in IPv6 than /16). Name your own range, or set allow_public = true if that is what you want."
  }
}

variable "allow_public" {
  description = "Lets allowed_cidr be as wide as 0.0.0.0/0. The token is all that then guards the notes, and it goes over plain HTTP."
  type        = bool
  default     = false
  nullable    = false
}

variable "assign_public_ip" {
  description = "Gives each task a public address. Without one the default VPC's subnets need a NAT gateway, or no image is pulled."
  type        = bool
  default     = true
  nullable    = false
}

variable "dynamodb_endpoint" {
  description = "Makes a gateway endpoint for DynamoDB. A route table holds one such endpoint: leave it out where the VPC has one."
  type        = bool
  default     = false
  nullable    = false
}
