# The network: per zone a public subnet for the load balancer, a private one for the service, one for data without any way out.
variable "vpc_cidr" {
  description = "IPv4 range of the network. A quarter each goes to the public, private and data subnets, one is kept."
  type        = string
  default     = "10.0.0.0/16"
  nullable    = false

  validation {
    condition     = can(cidrnetmask(var.vpc_cidr)) && try(cidrhost(var.vpc_cidr, 0) == split("/", var.vpc_cidr)[0], false)
    error_message = "vpc_cidr is an IPv4 range that begins at its first address, such as 10.0.0.0/16."
  }

  validation {
    # The load balancer wants eight free addresses in each subnet of at least /27.
    condition     = try(tonumber(split("/", var.vpc_cidr)[1]) >= 16 && tonumber(split("/", var.vpc_cidr)[1]) <= 22, false)
    error_message = "vpc_cidr is between /16, the largest that AWS allows, and /22, so that a subnet has at least 64 addresses."
  }

  validation {
    condition     = can(regex("^(10\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|192\\.168\\.)", var.vpc_cidr))
    error_message = "vpc_cidr lies in the private ranges of RFC 1918."
  }
}

variable "nat_gateways" {
  description = <<-EOT
    How the service reaches what is outside AWS, the identity provider and mail: "none" (it can't), "one" (cheap; a failure of its
    zone cuts off the others), "per-zone".
  EOT
  type        = string
  default     = "per-zone"
  nullable    = false

  validation {
    condition     = contains(["none", "one", "per-zone"], var.nat_gateways)
    error_message = "nat_gateways is none, one or per-zone."
  }

  validation {
    condition     = var.environment != "production" || var.nat_gateways != "one"
    error_message = "In production a single NAT gateway makes one zone's failure everybody's: per-zone, or none."
  }
}

# Without local zones, which hold less than the service needs. No filter on state: a zone that AWS marks as impaired would leave the list, and
# the next plan would want to destroy its subnets.
# gates:allow terraform_follows_practice/CKV_AWS_394 until 2027-11-20: the number of zones is set and they are taken by name, so that a new zone of AWS takes no place
data "aws_availability_zones" "all" {
  all_availability_zones = false

  filter {
    name   = "zone-type"
    values = ["availability-zone"]
  }
}

locals {
  zones = slice(sort(data.aws_availability_zones.all.names), 0, var.availability_zone_count)

  # Quarters of the network, so that a rule can name a tier in one range.
  public_cidr  = cidrsubnet(var.vpc_cidr, 2, 0)
  private_cidr = cidrsubnet(var.vpc_cidr, 2, 1)
  data_cidr    = cidrsubnet(var.vpc_cidr, 2, 2)

  zone_index = { for index, zone in local.zones : zone => index }

  nat_zones = {
    none       = []
    one        = slice(local.zones, 0, 1)
    "per-zone" = local.zones
  }[var.nat_gateways]

  # By which of them a zone leaves.
  nat_of = length(local.nat_zones) == 0 ? {} : { for zone in local.zones : zone => contains(local.nat_zones, zone) ? zone : local.nat_zones[0] }
}

resource "aws_vpc" "main" {
  cidr_block           = var.vpc_cidr
  enable_dns_support   = true
  enable_dns_hostnames = true

  tags = { Name = local.name }
}

# Whatever is started without a security group gets this one, and reaches nothing (CIS AWS Foundations 5.4).
resource "aws_default_security_group" "closed" {
  vpc_id  = aws_vpc.main.id
  ingress = []
  egress  = []

  tags = { Name = "${local.name}-default-closed" }
}

resource "aws_subnet" "public" {
  for_each = local.zone_index

  vpc_id                  = aws_vpc.main.id
  availability_zone       = each.key
  cidr_block              = cidrsubnet(local.public_cidr, 2, each.value)
  map_public_ip_on_launch = false

  tags = { Name = "${local.name}-public-${each.key}" }
}

resource "aws_subnet" "private" {
  for_each = local.zone_index

  vpc_id                  = aws_vpc.main.id
  availability_zone       = each.key
  cidr_block              = cidrsubnet(local.private_cidr, 2, each.value)
  map_public_ip_on_launch = false

  tags = { Name = "${local.name}-private-${each.key}" }
}

resource "aws_subnet" "data" {
  for_each = local.zone_index

  vpc_id                  = aws_vpc.main.id
  availability_zone       = each.key
  cidr_block              = cidrsubnet(local.data_cidr, 2, each.value)
  map_public_ip_on_launch = false

  tags = { Name = "${local.name}-data-${each.key}" }
}

resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id

  tags = { Name = local.name }
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.main.id

  tags = { Name = "${local.name}-public" }
}

resource "aws_route" "public_internet" {
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.main.id
}

resource "aws_route_table_association" "public" {
  for_each = aws_subnet.public

  subnet_id      = each.value.id
  route_table_id = aws_route_table.public.id
}

resource "aws_route_table" "private" {
  for_each = local.zone_index

  vpc_id = aws_vpc.main.id

  tags = { Name = "${local.name}-private-${each.key}" }
}

resource "aws_route_table_association" "private" {
  for_each = aws_subnet.private

  subnet_id      = each.value.id
  route_table_id = aws_route_table.private[each.key].id
}

# No route but the local one, ever.
resource "aws_route_table" "data" {
  vpc_id = aws_vpc.main.id

  tags = { Name = "${local.name}-data" }
}

resource "aws_route_table_association" "data" {
  for_each = aws_subnet.data

  subnet_id      = each.value.id
  route_table_id = aws_route_table.data.id
}

resource "aws_eip" "nat" {
  for_each = toset(local.nat_zones)

  domain = "vpc"

  tags = { Name = "${local.name}-nat-${each.key}" }

  depends_on = [aws_internet_gateway.main]
}

resource "aws_nat_gateway" "main" {
  for_each = toset(local.nat_zones)

  allocation_id = aws_eip.nat[each.key].id
  subnet_id     = aws_subnet.public[each.key].id

  tags = { Name = "${local.name}-${each.key}" }
}

resource "aws_route" "private_nat" {
  for_each = local.nat_of

  route_table_id         = aws_route_table.private[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.main[each.value].id
}

# The second lock on the data: a security group that somebody opens still lets in nothing but the service's subnets. The other
# subnets have no list of their own: theirs would have to allow all ephemeral ports, and so would hold nothing.
resource "aws_network_acl" "data" {
  vpc_id     = aws_vpc.main.id
  subnet_ids = [for subnet in aws_subnet.data : subnet.id]

  ingress {
    rule_no    = 100
    action     = "allow"
    protocol   = "tcp"
    cidr_block = local.private_cidr
    from_port  = 1024
    to_port    = 65535
  }

  # Replicas among themselves.
  ingress {
    rule_no    = 110
    action     = "allow"
    protocol   = "tcp"
    cidr_block = local.data_cidr
    from_port  = 1024
    to_port    = 65535
  }

  egress {
    rule_no    = 100
    action     = "allow"
    protocol   = "tcp"
    cidr_block = local.private_cidr
    from_port  = 1024
    to_port    = 65535
  }

  egress {
    rule_no    = 110
    action     = "allow"
    protocol   = "tcp"
    cidr_block = local.data_cidr
    from_port  = 1024
    to_port    = 65535
  }

  tags = { Name = "${local.name}-data" }
}

# Into the log bucket, which is locked, at half of what CloudWatch takes for each gigabyte.
resource "aws_flow_log" "main" {
  vpc_id               = aws_vpc.main.id
  traffic_type         = "ALL"
  log_destination_type = "s3"
  log_destination      = "${aws_s3_bucket.logs.arn}/network"

  destination_options {
    file_format                = "parquet"
    hive_compatible_partitions = true
    per_hour_partition         = true
  }

  tags = { Name = local.name }

  depends_on = [aws_s3_bucket_policy.logs]
}
