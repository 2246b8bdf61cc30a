# front = "alb": a public Application Load Balancer with the domain's certificate. client_ranges.tf has its rules.

resource "aws_lb_listener" "https" {
  count = var.front == "alb" ? 1 : 0

  load_balancer_arn = aws_lb.front[0].arn
  port              = 443
  protocol          = "HTTPS"
  certificate_arn   = local.certificate_arn

  # TLS 1.3, and 1.2 with forward secrecy and authenticated encryption only.
  ssl_policy = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.front[0].arn
  }

  lifecycle {
    create_before_destroy = true
  }
}
