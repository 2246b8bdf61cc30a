# Who may call beside the holders of the one token. Nothing here is a secret: tokens come as their hashes, OAuth as addresses.

variable "auth_tokens" {
  description = "Tokens of callers who have sessions of their own: name = SHA-256 of the token as 64 hex digits. `mcp-stateful new-token NAME` makes one."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    # The service's own rules, so that a bad entry stops here and not in a task that does not start.
    condition     = alltrue([for name, hash in var.auth_tokens : can(regex("^[A-Za-z0-9._@-]{1,64}$", name)) && can(regex("^[0-9A-Fa-f]{64}$", hash))])
    error_message = "auth_tokens must be names of 1 to 64 letters, digits and ._@- with 64 hex digits each: the SHA-256 of a token, not the token."
  }

  validation {
    condition     = length(distinct([for hash in values(var.auth_tokens) : lower(hash)])) == length(var.auth_tokens)
    error_message = "auth_tokens must be different tokens: one token cannot be two callers'."
  }
}

variable "oauth" {
  description = "Takes access tokens of an OAuth 2.1 authorization server: its issuer, the address that clients have for /mcp, and what differs from the service's defaults."
  type = object({
    issuer      = string
    resource    = string
    audience    = optional(list(string), [])
    client_ids  = optional(list(string), [])
    jwks_url    = optional(string)
    algorithms  = optional(list(string), ["RS256", "ES256"])
    read_scope  = optional(string, "notes:read")
    write_scope = optional(string, "notes:write")
  })
  default = null

  validation {
    condition     = var.oauth == null || alltrue([for url in [try(var.oauth.issuer, null), try(var.oauth.resource, null)] : can(regex("^https://[^/?#@\\s]+(/[^?#\\s]*)?$", url))])
    error_message = "oauth.issuer and oauth.resource must be https:// addresses without query or fragment, as in https://mcp.example.com/mcp."
  }

  validation {
    condition     = try(var.oauth.jwks_url, null) == null || can(regex("^https://[^/?#@\\s]+(/[^?#\\s]*)?$", var.oauth.jwks_url))
    error_message = "oauth.jwks_url must be an https:// address without query or fragment."
  }

  validation {
    condition     = var.oauth == null || alltrue([for name in concat(try(var.oauth.audience, []), try(var.oauth.client_ids, [])) : can(regex("^[^,\\s]+$", name))])
    error_message = "oauth.audience and oauth.client_ids must be names without commas and spaces."
  }

  validation {
    condition     = var.oauth == null || try(length(var.oauth.algorithms) > 0 && length(setsubtract(var.oauth.algorithms, ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"])) == 0, false)
    error_message = "oauth.algorithms must be some of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 and EdDSA."
  }

  validation {
    condition     = var.oauth == null || alltrue([for scope in [try(var.oauth.read_scope, ""), try(var.oauth.write_scope, "")] : can(regex("^[!#-\\[\\]-~]+$", scope))])
    error_message = "oauth.read_scope and oauth.write_scope must be one scope each: letters, digits and signs, no space, quotation mark or backslash."
  }
}
