# The load balancer of front = "alb", which is public, and of front = "cloudfront", which is internal.

resource "aws_lb" "front" {
  #checkov:skip=CKV_AWS_91:The service logs each request. Access logs need a bucket, which a destroy would have to empty.
  #checkov:skip=CKV_AWS_150:Deletion protection would make `cargo xtask destroy` fail. The table has a protection of its own.
  #checkov:skip=CKV2_AWS_28:A web ACL is charged by rule and request. The security group or the service limits clients.
  #checkov:skip=CKV2_AWS_20:No listener accepts http from clients, so there is nothing to redirect.
  count = local.has_balancer ? 1 : 0

  name               = local.balancer_name
  internal           = var.front == "cloudfront"
  load_balancer_type = "application"
  ip_address_type    = "ipv4"
  subnets            = local.front_subnets
  security_groups    = [aws_security_group.front[0].id]

  # Shorter than the 75 seconds for which the service keeps an idle connection. A load balancer that sends a request
  # into a connection that the service closes answers 502.
  idle_timeout      = 60
  client_keep_alive = 3600

  drop_invalid_header_fields = true
  desync_mitigation_mode     = "defensive"

  # The service takes the last entry, behind cloudfront the last but one.
  xff_header_processing_mode = "append"

  lifecycle {
    create_before_destroy = true

    precondition {
      condition     = length(distinct(values(local.front_subnet_zones))) == length(local.front_subnets)
      error_message = "a load balancer needs its subnets in different zones: set front_subnet_ids."
    }

    precondition {
      condition     = length(setsubtract(values(local.task_subnet_zones), values(local.front_subnet_zones))) == 0
      error_message = "a load balancer serves tasks in its own zones only: add a subnet in each of ${join(", ", setsubtract(values(local.task_subnet_zones), values(local.front_subnet_zones)))} to front_subnet_ids, or leave those of task_subnet_ids out."
    }
  }
}

resource "aws_lb_target_group" "front" {
  #checkov:skip=CKV_AWS_378:The connection to the task is inside of the VPC. The task has no certificate.
  count = local.has_balancer ? 1 : 0

  name        = local.target_group_name
  port        = var.container_port
  protocol    = "HTTP"
  target_type = "ip"
  vpc_id      = data.aws_vpc.default.id

  # Longer than the longest request. ECS sends the stop signal after it.
  deregistration_delay          = 25
  slow_start                    = 0
  load_balancing_algorithm_type = "least_outstanding_requests"

  health_check {
    path     = "/readyz"
    matcher  = "200"
    interval = 10
    timeout  = 5

    # ECS replaces tasks that are unhealthy here. A short failure of the table must not replace all of them.
    healthy_threshold   = 2
    unhealthy_threshold = 10
  }

  lifecycle {
    create_before_destroy = true
  }
}
