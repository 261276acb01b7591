# What follows from the variables and the account, and is said once.
data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  name          = "${var.project}-${var.environment}"
  is_production = var.environment == "production"

  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition
  dns_suffix = data.aws_partition.current.dns_suffix

  tags = {
    Project     = var.project
    Environment = var.environment
    Repository  = var.repository
    ManagedBy   = "terraform"
  }

  # Those of the image (Dockerfile, EXPOSE). The second one is the operator's: /livez, /readyz, /metrics.
  service_port = 3000
  admin_port   = 9464
}
