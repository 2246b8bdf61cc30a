# The rules of the account that the deployment has to follow: its network, and the limit of its roles.

variable "vpc_id" {
  description = "VPC of the deployment. Default: the region's default VPC. Another VPC needs task_subnet_ids."
  type        = string
  default     = null

  validation {
    condition     = var.vpc_id == null || can(regex("^vpc-[0-9a-z]+$", var.vpc_id))
    error_message = "invalid vpc_id: expected the id of a VPC, such as vpc-0123456789abcdef0."
  }

  validation {
    condition     = var.vpc_id == null || length(var.task_subnet_ids) > 0
    error_message = "invalid vpc_id: expected task_subnet_ids to be set as well."
  }
}

variable "task_subnet_ids" {
  description = "Subnets of the tasks. Private ones need assign_public_ip = false and a route to AWS: a NAT gateway, or VPC endpoints. Default: the default subnets, one in each zone that Fargate serves."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.task_subnet_ids : can(regex("^subnet-[0-9a-z]+$", id))]) && length(distinct(var.task_subnet_ids)) == length(var.task_subnet_ids)
    error_message = "invalid task_subnet_ids: expected different ids of subnets, such as subnet-0123456789abcdef0."
  }
}

variable "front_subnet_ids" {
  description = "Subnets of the front: two or more in different zones, public ones for alb. Default: two of the tasks' subnets."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.front_subnet_ids : can(regex("^subnet-[0-9a-z]+$", id))]) && length(distinct(var.front_subnet_ids)) == length(var.front_subnet_ids)
    error_message = "invalid front_subnet_ids: expected different ids of subnets, such as subnet-0123456789abcdef0."
  }

  validation {
    condition     = length(var.front_subnet_ids) == 0 || var.front != "none"
    error_message = "invalid front_subnet_ids: expected none with front = \"none\"."
  }

  validation {
    condition     = length(var.front_subnet_ids) != 1
    error_message = "invalid front_subnet_ids: expected at least two subnets in different zones."
  }

  validation {
    # Without a public address, tasks are in private subnets, in which a public load balancer reaches no client.
    condition     = var.front != "alb" || length(var.front_subnet_ids) > 0 || length(var.task_subnet_ids) == 0 || var.assign_public_ip
    error_message = "invalid front_subnet_ids: expected the public subnets of the load balancer, because the tasks are in private ones."
  }
}

variable "permissions_boundary" {
  description = "ARN of the policy that bounds the permissions of both roles, which some accounts require of every role."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary == null || can(regex("^arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/[A-Za-z0-9+=,.@_/-]+$", var.permissions_boundary))
    error_message = "invalid permissions_boundary: expected the ARN of a managed policy, such as arn:aws:iam::123456789012:policy/boundary."
  }
}
