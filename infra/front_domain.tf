# The domain: its certificate, and its records in Route 53. Without route53_zone_id the output dns_records lists them.

locals {
  requests_certificate = var.domain != null && var.certificate_arn == null

  # The certificate is passed on only once it is issued. An apply waits for that.
  certificate_arn = var.domain == null ? null : coalesce(var.certificate_arn, one(aws_acm_certificate_validation.front[*].certificate_arn))

  # Proves to ACM that the domain is the operator's. One domain has one record.
  validation_record = one(flatten([for certificate in aws_acm_certificate.front : tolist(certificate.domain_validation_options)]))

  # The name and zone that the domain's own record points to.
  domain_target = one(concat(
    [for balancer in aws_lb.front : { name = balancer.dns_name, zone_id = balancer.zone_id } if var.front == "alb"],
    [for distribution in aws_cloudfront_distribution.front : { name = distribution.domain_name, zone_id = distribution.hosted_zone_id }],
    [for domain in aws_apigatewayv2_domain_name.front : {
      name    = domain.domain_name_configuration[0].target_domain_name
      zone_id = domain.domain_name_configuration[0].hosted_zone_id
    }],
  ))

  # An alias has no IPv6 address unless the front has one.
  domain_record_types = var.domain == null || var.route53_zone_id == null ? [] : local.client_ipv6 && var.front != "alb" ? ["A", "AAAA"] : ["A"]

  dns_records = var.domain == null ? [] : concat(
    [for record in [local.validation_record] : {
      name  = trimsuffix(record.resource_record_name, ".")
      type  = record.resource_record_type
      value = trimsuffix(record.resource_record_value, ".")
    } if local.requests_certificate],
    [{ name = var.domain, type = "CNAME", value = local.domain_target.name }],
  )
}

resource "aws_acm_certificate" "front" {
  count = local.requests_certificate ? 1 : 0

  domain_name       = var.domain
  validation_method = "DNS"

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_route53_record" "validation" {
  count = local.requests_certificate && var.route53_zone_id != null ? 1 : 0

  zone_id = var.route53_zone_id
  name    = local.validation_record.resource_record_name
  type    = local.validation_record.resource_record_type
  records = [local.validation_record.resource_record_value]
  ttl     = 60

  # The record is the same for every certificate of the domain in this account, so another may have created it.
  allow_overwrite = true
}

resource "aws_acm_certificate_validation" "front" {
  count = local.requests_certificate ? 1 : 0

  certificate_arn         = aws_acm_certificate.front[0].arn
  validation_record_fqdns = var.route53_zone_id == null ? null : [aws_route53_record.validation[0].fqdn]

  # Without a zone the operator creates the record by hand meanwhile.
  timeouts {
    create = "75m"
  }
}

# Fails if the name has a record already, which belongs to another service.
resource "aws_route53_record" "front" {
  #checkov:skip=CKV2_AWS_23:The alias points to the front of this configuration.
  for_each = toset(local.domain_record_types)

  zone_id = var.route53_zone_id
  name    = var.domain
  type    = each.value

  alias {
    name                   = local.domain_target.name
    zone_id                = local.domain_target.zone_id
    evaluate_target_health = false
  }
}

resource "aws_apigatewayv2_domain_name" "front" {
  count = local.has_http_api && var.domain != null ? 1 : 0

  domain_name = var.domain

  domain_name_configuration {
    certificate_arn = local.certificate_arn
    endpoint_type   = "REGIONAL"
    ip_address_type = local.client_ipv6 ? "dualstack" : "ipv4"
    security_policy = "TLS_1_2"
  }
}

resource "aws_apigatewayv2_api_mapping" "front" {
  count = local.has_http_api && var.domain != null ? 1 : 0

  api_id      = aws_apigatewayv2_api.front[0].id
  domain_name = aws_apigatewayv2_domain_name.front[0].id
  stage       = aws_apigatewayv2_stage.front[0].id
}
