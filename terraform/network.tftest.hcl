# The network, offline: which subnets there are, and where they lead.
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
    condition     = keys(aws_subnet.public) == ["eu-central-1a", "eu-central-1b", "eu-central-1c"] && keys(aws_subnet.private) == keys(aws_subnet.public) && keys(aws_subnet.data) == keys(aws_subnet.public)
    error_message = "Each of the first three zones by name has a subnet of each kind."
  }

  assert {
    condition     = [for subnet in aws_subnet.public : subnet.cidr_block] == ["10.0.0.0/20", "10.0.16.0/20", "10.0.32.0/20"]
    error_message = "Public subnets lie in the first quarter."
  }

  assert {
    condition     = [for subnet in aws_subnet.private : subnet.cidr_block] == ["10.0.64.0/20", "10.0.80.0/20", "10.0.96.0/20"]
    error_message = "Private subnets lie in the second quarter."
  }

  assert {
    condition     = [for subnet in aws_subnet.data : subnet.cidr_block] == ["10.0.128.0/20", "10.0.144.0/20", "10.0.160.0/20"]
    error_message = "Data subnets lie in the third quarter."
  }

  assert {
    condition     = alltrue([for subnet in concat(values(aws_subnet.public), values(aws_subnet.private), values(aws_subnet.data)) : !subnet.map_public_ip_on_launch])
    error_message = "No subnet gives public addresses."
  }

  assert {
    condition     = keys(aws_nat_gateway.main) == keys(aws_subnet.public) && local.nat_of == tomap({ for zone in keys(aws_subnet.private) : zone => zone })
    error_message = "Each zone leaves by a NAT gateway of its own."
  }

  assert {
    condition     = length(aws_default_security_group.closed.ingress) == 0 && length(aws_default_security_group.closed.egress) == 0
    error_message = "The default security group lets nothing through."
  }

  assert {
    condition     = toset([for rule in concat(tolist(aws_network_acl.data.ingress), tolist(aws_network_acl.data.egress)) : rule.cidr_block]) == toset(["10.0.64.0/18", "10.0.128.0/18"])
    error_message = "Data subnets speak with the private ones and among themselves alone."
  }

  assert {
    condition     = aws_flow_log.main.traffic_type == "ALL" && aws_flow_log.main.log_destination_type == "s3"
    error_message = "Every connection is logged, let through or not, into the locked bucket."
  }
}

run "one_nat_gateway_in_the_smallest_network" {
  command = plan

  variables {
    environment             = "staging"
    availability_zone_count = 2
    nat_gateways            = "one"
    vpc_cidr                = "192.168.4.0/22"
  }

  assert {
    condition     = keys(aws_nat_gateway.main) == ["eu-central-1a"] && local.nat_of == tomap({ "eu-central-1a" = "eu-central-1a", "eu-central-1b" = "eu-central-1a" })
    error_message = "Both zones leave by the one of the first."
  }

  assert {
    condition     = [for subnet in aws_subnet.data : subnet.cidr_block] == ["192.168.6.0/26", "192.168.6.64/26"]
    error_message = "A /22 gives subnets of /26."
  }
}

run "no_nat_gateway" {
  command = plan

  variables {
    nat_gateways   = "none"
    outbound_https = false
  }

  assert {
    condition     = length(aws_nat_gateway.main) == 0 && length(aws_eip.nat) == 0 && length(aws_route.private_nat) == 0
    error_message = "There is no way out: no gateway, no address, no route."
  }
}
