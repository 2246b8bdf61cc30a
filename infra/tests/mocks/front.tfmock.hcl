# Mocked responses for the fronts: subnets in two zones, and recognizable names and ids.

override_data {
  target = data.aws_subnet.front["subnet-a"]
  values = { availability_zone_id = "use1-az1" }
}

override_data {
  target = data.aws_subnet.front["subnet-b"]
  values = { availability_zone_id = "use1-az2" }
}

override_data {
  target = data.aws_subnet.task["subnet-a"]
  values = { availability_zone_id = "use1-az1" }
}

override_data {
  target = data.aws_subnet.task["subnet-b"]
  values = { availability_zone_id = "use1-az2" }
}

mock_data "aws_ec2_managed_prefix_list" {
  defaults = { id = "pl-cloudfront" }
}

override_resource {
  target = aws_security_group.front
  values = { id = "sg-front" }
}

mock_resource "aws_acm_certificate" {
  defaults = {
    arn = "arn:aws:acm:us-east-1:123456789012:certificate/REQUESTED"
    domain_validation_options = [{
      domain_name           = "mcp.example.com"
      resource_record_name  = "_proof.mcp.example.com."
      resource_record_type  = "CNAME"
      resource_record_value = "_value.acm-validations.aws."
    }]
  }
}

mock_resource "aws_lb" {
  defaults = {
    arn        = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/THE-BALANCER/0123456789abcdef"
    arn_suffix = "app/THE-BALANCER/0123456789abcdef"
    dns_name   = "the-balancer.us-east-1.elb.amazonaws.com"
    zone_id    = "Z-BALANCER"
  }
}

mock_resource "aws_lb_target_group" {
  defaults = {
    arn        = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/THE-TARGETS/0123456789abcdef"
    arn_suffix = "targetgroup/THE-TARGETS/0123456789abcdef"
  }
}

mock_resource "aws_service_discovery_private_dns_namespace" {
  defaults = { id = "ns-tasks" }
}

mock_resource "aws_service_discovery_service" {
  defaults = { arn = "arn:aws:servicediscovery:us-east-1:123456789012:service/srv-tasks" }
}

mock_resource "aws_apigatewayv2_vpc_link" {
  defaults = { id = "the-link" }
}

mock_resource "aws_apigatewayv2_api" {
  defaults = {
    id           = "the-api"
    api_endpoint = "https://the-api.execute-api.us-east-1.amazonaws.com"
  }
}

mock_resource "aws_apigatewayv2_stage" {
  defaults = { id = "$default" }
}

mock_resource "aws_apigatewayv2_integration" {
  defaults = { id = "the-integration" }
}

mock_resource "aws_cloudfront_vpc_origin" {
  defaults = { id = "vo-tasks" }
}

mock_resource "aws_cloudfront_distribution" {
  defaults = {
    id             = "THE-DISTRIBUTION"
    domain_name    = "d111111abcdef8.cloudfront.net"
    hosted_zone_id = "Z2FDTNDATAQYW2"
  }
}

mock_resource "aws_sns_topic" {
  defaults = { arn = "arn:aws:sns:us-east-1:123456789012:THE-TOPIC" }
}
