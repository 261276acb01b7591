# Endpoints, offline: which there are, and for whom.
mock_provider "aws" {
  source = "./mocks"
}

variables {
  environment      = "production"
  region           = "eu-central-1"
  repository       = "example/shop"
  domain_name      = "shop.example.com"
  zone_id          = "Z0123456789ABCDEFGHIJ"
  image            = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  security_contact = "mailto:security@example.com"
  alarm_emails     = ["ops@example.com"]
}

run "production" {
  command = plan

  assert {
    condition     = keys(aws_vpc_endpoint.interface) == ["aps-workspaces", "ecr.api", "ecr.dkr", "kms", "logs", "secretsmanager", "sts", "xray"] && alltrue([for endpoint in aws_vpc_endpoint.interface : endpoint.private_dns_enabled])
    error_message = "What the service calls has an endpoint, under the name that it calls."
  }

  assert {
    condition     = alltrue([for endpoint in aws_vpc_endpoint.interface : jsondecode(endpoint.policy).Statement[0].Condition.StringEquals["aws:PrincipalAccount"] == "123456789012" && length(jsondecode(endpoint.policy).Statement) == 1])
    error_message = "An endpoint serves principals of this account alone."
  }

  assert {
    condition     = [for statement in jsondecode(aws_vpc_endpoint.s3.policy).Statement : [statement.Action, statement.Resource]] == [["s3:GetObject", "arn:aws:s3:::prod-eu-central-1-starport-layer-bucket/*"]]
    error_message = "Through the endpoint of S3 images are read, and nothing else."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.endpoints_service.from_port == 443 && aws_vpc_security_group_ingress_rule.endpoints_service.to_port == 443 && aws_vpc_security_group_ingress_rule.endpoints_service.cidr_ipv4 == null
    error_message = "Endpoints are open on 443, to a security group and not to addresses."
  }
}

run "none" {
  command = plan

  variables {
    interface_endpoints = []
  }

  assert {
    condition     = length(aws_vpc_endpoint.interface) == 0 && aws_vpc_endpoint.s3.vpc_endpoint_type == "Gateway"
    error_message = "That of S3 costs nothing, and stays."
  }
}
