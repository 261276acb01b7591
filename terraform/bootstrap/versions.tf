# What an account needs before anything is deployed into it: where the state lies, who may deploy, and the registry of images.
# Applied once per account by a person with administrator rights; terraform/README.md has the two commands.

terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = {
      Project     = var.project
      Environment = "bootstrap"
      ManagedBy   = "terraform/bootstrap"
      Repository  = var.repository
    }
  }
}
