# front = "cloudfront": a CloudFront distribution, which reaches an internal load balancer as a VPC origin.
#
# Without a domain it has a name under cloudfront.net with AWS's certificate, whose oldest TLS version AWS fixes.

resource "aws_lb_listener" "http" {
  #checkov:skip=CKV_AWS_2:CloudFront connects inside of the VPC. Clients connect to CloudFront, over https only.
  #checkov:skip=CKV_AWS_103:The listener speaks HTTP, for the same reason, so it has no TLS version.
  count = var.front == "cloudfront" ? 1 : 0

  load_balancer_arn = aws_lb.front[0].arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.front[0].arn
  }

  lifecycle {
    create_before_destroy = true
  }
}

# The addresses of CloudFront's servers. The load balancer is internal, so only VPC origins of this account reach it.
data "aws_ec2_managed_prefix_list" "cloudfront" {
  count = var.front == "cloudfront" ? 1 : 0
  name  = "com.amazonaws.global.cloudfront.origin-facing"
}

resource "aws_vpc_security_group_ingress_rule" "cloudfront" {
  #checkov:skip=CKV_AWS_260:Open to the prefix list of CloudFront only, which checkov does not look at.
  count = var.front == "cloudfront" ? 1 : 0

  security_group_id = aws_security_group.front[0].id
  description       = "CloudFront"
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 80
  prefix_list_id    = data.aws_ec2_managed_prefix_list.cloudfront[0].id
}

resource "aws_cloudfront_vpc_origin" "front" {
  count = var.front == "cloudfront" ? 1 : 0

  vpc_origin_endpoint_config {
    name                   = local.balancer_name
    arn                    = aws_lb.front[0].arn
    http_port              = 80
    https_port             = 443
    origin_protocol_policy = "http-only"

    # Required even though no connection uses them.
    origin_ssl_protocols {
      items    = ["TLSv1.2"]
      quantity = 1
    }
  }

  lifecycle {
    create_before_destroy = true
  }

  # A VPC origin connects to a load balancer that has a listener.
  depends_on = [aws_lb_listener.http, aws_vpc_security_group_ingress_rule.cloudfront]
}

locals {
  # AWS's managed policies, whose ids are the same in every account: CachingDisabled, and AllViewer, which passes all of
  # the client's headers on, Host and Authorization too.
  # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
  # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html
  caching_disabled = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
  all_viewer       = "216adef6-5c7f-47e4-b989-5492eafa07d3"
}

resource "aws_cloudfront_distribution" "front" {
  #checkov:skip=CKV_AWS_68:A web ACL is charged by rule and request. The service limits clients.
  #checkov:skip=CKV_AWS_86:The service logs each request. Access logs need a bucket, which a destroy would have to empty.
  #checkov:skip=CKV_AWS_174:TLS 1.2 with a domain. AWS fixes an older minimum for names under cloudfront.net.
  #checkov:skip=CKV_AWS_305:An API has no index page.
  #checkov:skip=CKV_AWS_310:There is a single origin.
  #checkov:skip=CKV_AWS_374:The ranges of allowed_cidrs limit clients, not countries.
  #checkov:skip=CKV2_AWS_32:The service sets its own response headers.
  #checkov:skip=CKV2_AWS_42:The default certificate is used without a domain only.
  #checkov:skip=CKV2_AWS_47:See CKV_AWS_68: no web ACL, and no Java behind one.
  count = var.front == "cloudfront" ? 1 : 0

  comment      = "Front of ${var.project_name}"
  enabled      = true
  aliases      = var.domain == null ? [] : [var.domain]
  http_version = "http2and3"
  price_class  = "PriceClass_100"

  # A client that prefers IPv6 would be rejected while only IPv4 ranges are allowed.
  is_ipv6_enabled = local.client_ipv6

  origin {
    domain_name = aws_lb.front[0].dns_name
    origin_id   = "tasks"

    vpc_origin_config {
      vpc_origin_id            = aws_cloudfront_vpc_origin.front[0].id
      origin_read_timeout      = 60
      origin_keepalive_timeout = 5
    }
  }

  default_cache_behavior {
    target_origin_id         = "tasks"
    viewer_protocol_policy   = "https-only"
    allowed_methods          = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
    cached_methods           = ["GET", "HEAD"]
    cache_policy_id          = local.caching_disabled
    origin_request_policy_id = local.all_viewer
    compress                 = false
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    cloudfront_default_certificate = var.domain == null
    acm_certificate_arn            = local.certificate_arn
    ssl_support_method             = var.domain == null ? null : "sni-only"
    minimum_protocol_version       = var.domain == null ? null : "TLSv1.2_2021"
  }
}
