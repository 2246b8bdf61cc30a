# The front: the part of AWS that clients connect to in place of a task, its name, and the addresses that it lets in.

variable "front" {
  description = "Part of AWS that clients connect to: none (a task's own address, over http), http-api, alb or cloudfront (all over https)."
  type        = string
  default     = "none"
  nullable    = false

  validation {
    condition     = contains(["none", "http-api", "alb", "cloudfront"], var.front)
    error_message = "invalid front \"${var.front}\": expected none, http-api, alb or cloudfront."
  }

  validation {
    # The load balancer's name begins with the project's.
    condition     = !contains(["alb", "cloudfront"], var.front) || !startswith(var.project_name, "internal-")
    error_message = "invalid front \"${var.front}\": expected none or http-api, because AWS rejects names of load balancers that begin with internal-, and the project is ${var.project_name}."
  }
}

variable "domain" {
  description = "Name of the service in DNS, such as mcp.example.com. The front alb needs one, because AWS issues no certificate for a load balancer's own name."
  type        = string
  default     = null

  validation {
    condition     = var.domain == null || can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$", var.domain)) && try(length(var.domain) <= 64, false)
    error_message = "invalid domain: expected a name in lower case of at most 64 characters, such as mcp.example.com."
  }

  validation {
    condition     = var.domain == null || var.front != "none"
    error_message = "invalid domain: expected none with front = \"none\", whose address changes with the task; set front."
  }

  validation {
    condition     = var.domain != null || var.front != "alb"
    error_message = "invalid domain: expected a name, which front = \"alb\" needs for its certificate; without a domain of your own, use http-api or cloudfront."
  }
}

variable "route53_zone_id" {
  description = "Public hosted zone of Route 53 in which the domain's records are created. Without it, the output dns_records lists them."
  type        = string
  default     = null

  validation {
    condition     = var.route53_zone_id == null || can(regex("^[A-Z0-9]{1,32}$", var.route53_zone_id))
    error_message = "invalid route53_zone_id: expected the id of a hosted zone, such as Z0123456789ABCDEFGHIJ."
  }

  validation {
    condition     = var.route53_zone_id == null || var.domain != null
    error_message = "invalid route53_zone_id: expected domain to be set as well."
  }
}

variable "certificate_arn" {
  description = "ARN of an issued certificate of ACM for the domain, in place of one requested here. For cloudfront it is in us-east-1, for the other fronts in the region."
  type        = string
  default     = null

  validation {
    condition     = var.certificate_arn == null || can(regex("^arn:aws[a-z-]*:acm:${var.front == "cloudfront" ? "us-east-1" : var.region}:[0-9]{12}:certificate/[A-Za-z0-9-]+$", var.certificate_arn))
    error_message = "invalid certificate_arn: expected the ARN of a certificate of ACM in ${var.front == "cloudfront" ? "us-east-1, the region of CloudFront's certificates" : var.region}."
  }

  validation {
    condition     = var.certificate_arn == null || var.domain != null
    error_message = "invalid certificate_arn: expected domain to be set as well."
  }

  validation {
    # A certificate in another region would need a second provider, which every deployment would start.
    condition     = var.certificate_arn != null || var.domain == null || var.front != "cloudfront" || var.region == "us-east-1"
    error_message = "invalid certificate_arn: expected one for the domain, because CloudFront takes certificates of us-east-1 only and this deployment is in ${var.region}; request it with `aws acm request-certificate --region us-east-1 --validation-method DNS --domain-name ${coalesce(var.domain, "<domain>")}`."
  }
}

variable "allowed_cidrs" {
  description = "Addresses that reach the service in addition to allowed_cidr: ranges, or the name of a list of clients-*.json, such as anthropic for claude.ai."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    # As for allowed_cidr, cidrsubnet(…, 0, 0) spells a range as EC2 does.
    condition     = alltrue([for item in var.allowed_cidrs : can(local.client_lists[item]) || try(cidrsubnet(item, 0, 0) == item, false)])
    error_message = "invalid allowed_cidrs: expected CIDR ranges without bits set behind their prefix, or ${join(" or ", keys(local.client_lists))}."
  }

  validation {
    condition     = var.allow_public || alltrue([for item in var.allowed_cidrs : try(tonumber(split("/", item)[1]) >= (strcontains(item, ":") ? 16 : 8), true)])
    error_message = "invalid allowed_cidrs: expected ranges no wider than /8 (IPv6: /16); to open the service to the internet, also set allow_public = true."
  }

  validation {
    # A load balancer has IPv6 addresses in subnets with IPv6 only, which the default subnets are not.
    condition     = var.front != "alb" || !anytrue([for item in concat([var.allowed_cidr], var.allowed_cidrs) : strcontains(item, ":")])
    error_message = "invalid allowed_cidr or allowed_cidrs: expected IPv4 ranges, because the load balancer of front = \"alb\" has IPv4 addresses only."
  }
}

variable "front_rate_limit" {
  description = "Requests a second that http-api lets through from all callers together, which bounds its bill. Twice as many pass in a burst."
  type        = number
  default     = 500
  nullable    = false

  validation {
    condition     = var.front_rate_limit >= 1 && var.front_rate_limit <= 10000 && floor(var.front_rate_limit) == var.front_rate_limit
    error_message = "invalid front_rate_limit ${var.front_rate_limit}: expected a whole number from 1 to 10000, the quota of an account."
  }
}

variable "lame_duck" {
  description = "Seconds for which a task goes on serving after its stop signal, while the front still sends requests to it. Default: 45 for http-api, 15 for alb and cloudfront, 0 for none."
  type        = number
  default     = null

  validation {
    # ECS on Fargate kills a task 120 seconds after the signal at the latest, of which the drain takes 30.
    condition     = var.lame_duck == null || try(contains(range(0, 91), var.lame_duck), false)
    error_message = "invalid lame_duck: expected a whole number of seconds from 0 to 90."
  }
}
