# Doors to AWS's own services that don't lead over the internet, each for this account's principals alone.
variable "interface_endpoints" {
  description = <<-EOT
    AWS services that the service reaches by an endpoint of its own, each billed by the hour and zone. Without one its traffic
    goes through NAT, or nowhere where there is none.
  EOT
  type        = set(string)
  default     = ["aps-workspaces", "ecr.api", "ecr.dkr", "kms", "logs", "secretsmanager", "sts", "xray"]
  nullable    = false

  validation {
    condition     = length(setsubtract(var.interface_endpoints, ["aps-workspaces", "ecr.api", "ecr.dkr", "kms", "logs", "secretsmanager", "sts", "xray"])) == 0
    error_message = "interface_endpoints are of aps-workspaces, ecr.api, ecr.dkr, kms, logs, secretsmanager, sts and xray: what the service calls."
  }

  validation {
    condition     = var.nat_gateways != "none" || length(setsubtract(["ecr.api", "ecr.dkr", "kms", "logs", "secretsmanager"], var.interface_endpoints)) == 0
    error_message = "Without NAT no task can start unless ecr.api, ecr.dkr, kms, logs and secretsmanager have an endpoint."
  }
}

# Layers of images lie in a bucket of ECR's, and nothing else is read from S3: what has been taken can't be carried out by it.
# https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html#ecr-minimum-s3-perms
resource "aws_vpc_endpoint" "s3" {
  vpc_id            = aws_vpc.main.id
  vpc_endpoint_type = "Gateway"
  service_name      = "com.amazonaws.${var.region}.s3"
  route_table_ids   = [for table in aws_route_table.private : table.id]

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "ImageLayers"
      Effect    = "Allow"
      Principal = { AWS = "*" }
      Action    = "s3:GetObject"
      Resource  = "arn:${local.partition}:s3:::prod-${var.region}-starport-layer-bucket/*"
    }]
  })

  tags = { Name = "${local.name}-s3" }
}

resource "aws_security_group" "endpoints" {
  # With a name of its own the next one could not be made before this one goes.
  name_prefix = "${local.name}-endpoints-"
  description = "Endpoints of AWS services: from the service"
  vpc_id      = aws_vpc.main.id

  tags = { Name = "${local.name}-endpoints" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "endpoints_service" {
  security_group_id            = aws_security_group.endpoints.id
  description                  = "AWS services, from the service"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.service.id
}

resource "aws_vpc_endpoint" "interface" {
  for_each = var.interface_endpoints

  vpc_id              = aws_vpc.main.id
  vpc_endpoint_type   = "Interface"
  service_name        = "com.amazonaws.${var.region}.${each.key}"
  private_dns_enabled = true
  subnet_ids          = [for subnet in aws_subnet.private : subnet.id]
  security_group_ids  = [aws_security_group.endpoints.id]

  # With keys of another account nothing can be sent there.
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OwnAccount"
      Effect    = "Allow"
      Principal = { AWS = "*" }
      Action    = "*"
      Resource  = "*"
      Condition = { StringEquals = { "aws:PrincipalAccount" = local.account_id } }
    }]
  })

  tags = { Name = "${local.name}-${each.key}" }
}
