# Mocked AWS responses with recognizable names: account 123456789012 and a default VPC with two subnets.

mock_data "aws_caller_identity" {
  defaults = { account_id = "123456789012" }
}

mock_data "aws_partition" {
  defaults = { partition = "aws" }
}

mock_data "aws_vpc" {
  defaults = { id = "vpc-default" }
}

mock_data "aws_subnets" {
  defaults = { ids = ["subnet-a", "subnet-b"] }
}

mock_data "aws_route_tables" {
  defaults = { ids = ["rtb-main"] }
}

mock_resource "aws_ecs_task_definition" {
  defaults = { arn = "arn:aws:ecs:us-east-1:123456789012:task-definition/THE-TASK:1" }
}

mock_resource "aws_dynamodb_table" {
  defaults = { arn = "arn:aws:dynamodb:us-east-1:123456789012:table/THE-TABLE" }
}

mock_resource "aws_ssm_parameter" {
  defaults = { arn = "arn:aws:ssm:us-east-1:123456789012:parameter/THE-TOKEN" }
}

mock_resource "aws_cloudwatch_log_group" {
  defaults = { arn = "arn:aws:logs:us-east-1:123456789012:log-group:THE-LOG" }
}

mock_resource "aws_security_group" {
  defaults = { id = "sg-service" }
}

override_resource {
  target = aws_iam_role.exec
  values = { arn = "arn:aws:iam::123456789012:role/EXEC" }
}

override_resource {
  target = aws_iam_role.task
  values = { arn = "arn:aws:iam::123456789012:role/TASK" }
}
