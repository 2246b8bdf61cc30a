# The cluster, and the service that keeps tasks running in it.

resource "aws_ecs_cluster" "this" {
  #checkov:skip=CKV_AWS_65:Container Insights is charged by metric; container_insights turns it on.
  name = "${var.project_name}-cluster"

  setting {
    name  = "containerInsights"
    value = var.container_insights
  }
}

resource "aws_ecs_service" "this" {
  #checkov:skip=CKV_AWS_333:Without a load balancer the task's public address is the service's only one; allowed_cidr says who reaches it.
  name            = "${var.project_name}-svc"
  cluster         = aws_ecs_cluster.this.id
  task_definition = aws_ecs_task_definition.service.arn
  desired_count   = var.desired_count
  launch_type     = "FARGATE"

  # Nobody runs commands in a task: there is no shell, and no permission for it.
  enable_execute_command = false

  # Tasks carry the tags of the revision they run.
  propagate_tags          = "TASK_DEFINITION"
  enable_ecs_managed_tags = true

  # The new task is healthy before the old one stops; one that does not get healthy is given up, and ECS goes back.
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  # An apply ends when ECS has taken the order. To wait for it takes more than a steady state, which is also what a
  # service that went back to its old revision is in.
  wait_for_steady_state = false

  network_configuration {
    subnets          = data.aws_subnets.default.ids
    security_groups  = [aws_security_group.service.id]
    assign_public_ip = var.assign_public_ip
  }

  # What a task needs from its first second, and until its last when all is destroyed.
  depends_on = [
    aws_iam_role_policy.exec,
    aws_iam_role_policy.task,
    aws_vpc_endpoint.dynamodb,
    aws_vpc_security_group_egress_rule.https,
    aws_vpc_security_group_ingress_rule.service,
  ]
}
