# What the operator puts into GitHub's environments, and what later runs of this root need.

output "github_variables" {
  description = "Lines for `gh variable set --env-file - --env NAME`, by environment of GitHub."
  value = merge(
    { for each, role in aws_iam_role.plan : "${each}-plan" => join("\n", concat(local.variables, ["PLAN_ROLE=${role.arn}"])) },
    { for each, role in aws_iam_role.apply : each => join("\n", concat(local.variables, ["APPLY_ROLE=${role.arn}", "PUSH_ROLE=${aws_iam_role.push[0].arn}"])) },
    { for role in aws_iam_role.preview : "preview" => join("\n", concat(local.variables, ["PREVIEW_ROLE=${role.arn}"])) },
    { for role in aws_iam_role.cleanup : "preview-cleanup" => join("\n", concat(local.variables, ["CLEANUP_ROLE=${role.arn}"])) },
  )
}

output "backend" {
  description = "backend_override.tf of this root: with it the state of bootstrap moves into the bucket that it made."
  value       = <<-HCL
    # Written by `terraform output -raw backend`.
    terraform {
      backend "s3" {
        bucket       = "${aws_s3_bucket.state.id}"
        key          = "bootstrap/terraform.tfstate"
        region       = "${var.region}"
        kms_key_id   = "${aws_kms_key.state.arn}"
        encrypt      = true
        use_lockfile = true
      }
    }
  HCL
}

output "state_bucket" {
  description = "The bucket of every root's state."
  value       = aws_s3_bucket.state.id
}

output "state_key_arn" {
  description = "The key that encrypts it."
  value       = aws_kms_key.state.arn
}

output "repository_url" {
  description = "Where the images of this account are: image = \"<this>@sha256:<digest>\"."
  value       = aws_ecr_repository.service.repository_url
}

output "permissions_boundary" {
  description = "The main root's variable of this name."
  value       = aws_iam_policy.boundary.arn
}

locals {
  variables = [
    "AWS_ACCOUNT_ID=${local.account_id}",
    "AWS_REGION=${var.region}",
    "PERMISSIONS_BOUNDARY=${aws_iam_policy.boundary.arn}",
    "REPOSITORY_URL=${aws_ecr_repository.service.repository_url}",
    "STATE_BUCKET=${aws_s3_bucket.state.id}",
    "STATE_KEY_ARN=${aws_kms_key.state.arn}",
  ]
}
