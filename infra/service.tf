# The cluster, and the service that keeps its tasks running.

resource "aws_ecs_cluster" "this" {
  #checkov:skip=CKV_AWS_65:Container Insights is charged by metric. The variable container_insights enables it.
  name = "${var.project_name}-cluster"

  setting {
    name  = "containerInsights"
    value = var.container_insights
  }
}

resource "aws_ecs_service" "this" {
  #checkov:skip=CKV_AWS_333:Without a load balancer the task's public address is the service's only one. allowed_cidr restricts access to it.
  name            = "${var.project_name}-svc"
  cluster         = aws_ecs_cluster.this.id
  task_definition = aws_ecs_task_definition.service.arn
  desired_count   = var.desired_count
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

  network_configuration {
    subnets          = data.aws_subnets.default.ids
    security_groups  = [aws_security_group.service.id]
    assign_public_ip = var.assign_public_ip
  }

  # A task needs these from its start, and on destroy until it has stopped.
  depends_on = [
    aws_iam_role_policy.exec,
    aws_iam_role_policy.task,
    aws_vpc_endpoint.dynamodb,
    aws_vpc_security_group_egress_rule.https,
    aws_vpc_security_group_egress_rule.tools,
    aws_vpc_security_group_ingress_rule.service,
  ]
}
