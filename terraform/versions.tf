# What runs this: Terraform, the provider, where the state is kept.
terraform {
  # 1.11 is the first with S3's own locking and with write-only arguments.
  required_version = ">= 1.11, < 2.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }

  # Bucket, key and region come with `terraform init -backend-config=…`: bootstrap/ prints them.
  backend "s3" {
    encrypt      = true
    use_lockfile = true
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = local.tags
  }
}
