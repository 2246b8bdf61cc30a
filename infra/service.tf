# The cluster, and the service that keeps its tasks running.

resource "aws_ecs_cluster" "this" {
  #checkov:skip=CKV_AWS_65:Container Insights is charged by metric. The variable container_insights enables it.
  name = "${var.project_name}-cluster"

  setting {
    name  = "containerInsights"
    value = var.container_insights
  }
}

locals {
  service_name = "${var.project_name}-svc"
}

resource "aws_ecs_service" "this" {
  #checkov:skip=CKV_AWS_333:Without a front the task's public address is the service's only one. allowed_cidr restricts access to it. With one the task connects out from it and accepts the front alone.
  name            = local.service_name
  cluster         = aws_ecs_cluster.this.id
  task_definition = aws_ecs_task_definition.service.arn
  desired_count   = local.desired_count
  launch_type     = "FARGATE"

  # The image has no shell and the task role no permission for ECS Exec.
  enable_execute_command = false

  # Tasks carry the tags of their task definition revision.
  propagate_tags          = "TASK_DEFINITION"
  enable_ecs_managed_tags = true

  # The old task stops only once the new one is healthy. If the new one stays unhealthy, ECS rolls back.
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  # An apply ends once ECS has accepted the deployment. Waiting is left to `cargo xtask deploy`, because a service that
  # was rolled back reaches a steady state too.
  wait_for_steady_state = false

  # Tasks that a lost zone moved spread out again. AWS calls it rebalancing.
  availability_zone_rebalancing = local.has_front || local.scales ? "ENABLED" : null

  # A new task has this long before the load balancer's health checks count.
  health_check_grace_period_seconds = local.has_balancer ? 30 : null

  # ECS registers each task's private address and port. A change of either starts a deployment by itself, so that
  # force_new_deployment is not needed.
  dynamic "load_balancer" {
    for_each = aws_lb_target_group.front

    content {
      target_group_arn = load_balancer.value.arn
      container_name   = local.container_name
      container_port   = var.container_port
    }
  }

  # An SRV record carries the port, which needs the container's name.
  dynamic "service_registries" {
    for_each = aws_service_discovery_service.front

    content {
      registry_arn   = service_registries.value.arn
      container_name = local.container_name
      container_port = var.container_port
    }
  }

  # An alarm of errors rolls a deployment back. ECS watches for a while after the new tasks serve. The block stays without
  # alarms, disabled and with a name, because the provider (5.100.0) sends an update without the required names if either
  # is missing.
  dynamic "alarms" {
    for_each = var.alarm_email == null ? [] : [local.rollback_alarms]

    content {
      enable      = length(alarms.value) > 0
      rollback    = length(alarms.value) > 0
      alarm_names = coalescelist(alarms.value, ["${var.project_name}-errors"])
    }
  }

  network_configuration {
    subnets          = local.task_subnets
    security_groups  = [aws_security_group.service.id]
    assign_public_ip = var.assign_public_ip
  }

  lifecycle {
    precondition {
      condition     = !local.checks_zones || local.most_tasks <= 1 || length(distinct(values(local.task_subnet_zones))) > 1
      error_message = "more than one task needs subnets in at least two zones: add one to task_subnet_ids."
    }

    precondition {
      condition     = var.front != "none" || local.fits_security_group
      error_message = "front = \"none\" permits 55 ranges at most, and allowed_cidr and allowed_cidrs have ${length(local.client_ranges)}: use another front, behind which the service itself rejects other clients."
    }
  }

  # A task needs these from its start, and on destroy until it has stopped.
  depends_on = [
    aws_iam_role_policy.exec,
    aws_iam_role_policy.task,
    aws_lb_listener.http,
    aws_lb_listener.https,
    aws_vpc_endpoint.dynamodb,
    aws_vpc_security_group_egress_rule.front,
    aws_vpc_security_group_egress_rule.https,
    aws_vpc_security_group_egress_rule.tools,
    aws_vpc_security_group_ingress_rule.service,
  ]
}
