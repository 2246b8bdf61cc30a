# The variables of every run, which Terraform reads from the tests' directory. A run overrides them one by one.
allowed_cidr    = "203.0.113.7/32"
container_image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/mcp-dynamodb@sha256:1111111111111111111111111111111111111111111111111111111111111111"
own_token       = true
auth_token      = "token-token-token-token"
