# Callers beside the holders of the deployment's token. No value is a secret: tokens are given as hashes, OAuth as URLs.

variable "auth_tokens" {
  description = "Named tokens, each with sessions of its own: name = SHA-256 of the token as 64 hex digits. Generate one with `mcp-stateful new-token NAME`."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    # The service's own rules, so that an invalid entry fails the plan and not the start of a task.
    condition     = alltrue([for name, hash in var.auth_tokens : can(regex("^[A-Za-z0-9._@-]{1,64}$", name)) && can(regex("^[0-9A-Fa-f]{64}$", hash))])
    error_message = "invalid auth_tokens: expected names of 1 to 64 letters, digits and ._@-, each with 64 hex digits: the SHA-256 of the token, not the token."
  }

  validation {
    condition     = length(distinct([for hash in values(var.auth_tokens) : lower(hash)])) == length(var.auth_tokens)
    error_message = "invalid auth_tokens: expected a different token for each name."
  }
}

variable "oauth" {
  description = "OAuth 2.1 authorization server whose access tokens are accepted: its issuer, the URL of /mcp that clients use (default: the front's), and deviations from the service's defaults."
  type = object({
    issuer      = string
    resource    = optional(string)
    audience    = optional(list(string), [])
    client_ids  = optional(list(string), [])
    jwks_url    = optional(string)
    algorithms  = optional(list(string), ["RS256", "ES256"])
    read_scope  = optional(string, "notes:read")
    write_scope = optional(string, "notes:write")
  })
  default = null

  validation {
    condition     = var.oauth == null || alltrue([for url in concat([try(var.oauth.issuer, null)], try([coalesce(var.oauth.resource)], [])) : can(regex("^https://[^/?#@\\s]+(/[^?#\\s]*)?$", url))])
    error_message = "invalid oauth.issuer or oauth.resource: expected an https:// URL without query or fragment, such as https://mcp.example.com/mcp."
  }

  validation {
    condition     = try(var.oauth.jwks_url, null) == null || can(regex("^https://[^/?#@\\s]+(/[^?#\\s]*)?$", var.oauth.jwks_url))
    error_message = "invalid oauth.jwks_url: expected an https:// URL without query or fragment."
  }

  validation {
    # The tasks' security group lets out port 443 only (network.tf). oauth.resource is called by clients, on any port.
    condition     = alltrue([for url in [try(var.oauth.issuer, null), try(var.oauth.jwks_url, null)] : url == null || !can(regex("^https://[^/]*:[0-9]+(/|$)", url)) || can(regex("^https://[^/]*:443(/|$)", url))])
    error_message = "invalid oauth.issuer or oauth.jwks_url: expected port 443, the only one that the tasks may connect to."
  }

  validation {
    condition     = var.oauth == null || alltrue([for name in concat(try(var.oauth.audience, []), try(var.oauth.client_ids, [])) : can(regex("^[^,\\s]+$", name))])
    error_message = "invalid oauth.audience or oauth.client_ids: expected names without commas and spaces."
  }

  validation {
    condition     = var.oauth == null || try(length(var.oauth.algorithms) > 0 && length(setsubtract(var.oauth.algorithms, ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"])) == 0, false)
    error_message = "invalid oauth.algorithms: expected one or more of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 and EdDSA."
  }

  validation {
    condition     = var.oauth == null || alltrue([for scope in [try(var.oauth.read_scope, ""), try(var.oauth.write_scope, "")] : can(regex("^[!#-\\[\\]-~]+$", scope))])
    error_message = "invalid oauth.read_scope or oauth.write_scope: expected a single scope without spaces, quotation marks and backslashes."
  }
}
