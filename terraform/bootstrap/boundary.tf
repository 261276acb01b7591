# The most that any role of an environment may ever do, whatever its own policy says: the role that applies can make no other.
# A boundary gives nothing; what a role may is both. https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html

locals {
  # To whom a role of an environment may be given.
  services = [
    "backup.amazonaws.com", "cloudtrail.amazonaws.com", "delivery.logs.amazonaws.com", "ecs-tasks.amazonaws.com", "monitoring.rds.amazonaws.com",
    "vpc-flow-logs.amazonaws.com",
  ]
}

resource "aws_iam_policy" "boundary" {
  name        = "${var.project}-boundary"
  path        = local.role_path
  description = "The most that a role made by the workflows may do"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Sid = "WriteLogs", Effect = "Allow", Resource = [for prefix in ["", "/", "/aws/*/", "RDSOSMetrics"] : "${local.arn}:logs:${var.region}:${local.account_id}:log-group:${prefix}${prefix == "RDSOSMetrics" ? "" : var.project}*"], Action = [
        "logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogGroups", "logs:DescribeLogStreams", "logs:GetLogEvents", "logs:PutLogEvents", "logs:PutRetentionPolicy",
      ] },
      { Sid = "SignInToTheRegistry", Effect = "Allow", Resource = "*", Action = "ecr:GetAuthorizationToken" },
      { Sid = "Pull", Effect = "Allow", Resource = "${local.arn}:ecr:${var.region}:${local.account_id}:repository/${var.project}*", Action = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"] },
      # RDS names the secret of its master itself: rds!db-….
      { Sid = "ReadItsSecrets", Effect = "Allow", Resource = [for name in ["${var.project}-*", "rds!db-*"] : "${local.arn}:secretsmanager:${var.region}:${local.account_id}:secret:${name}"], Action = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"] },
      # Which keys, their own policies say.
      { Sid = "UseKeys", Effect = "Allow", Resource = local.keys_arn, Action = ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"] },
      { Sid = "SignInToTheDatabase", Effect = "Allow", Resource = "${local.arn}:rds-db:${var.region}:${local.account_id}:dbuser:*/service", Action = "rds-db:connect" },
      { Sid = "SignInToTheCache", Effect = "Allow", Resource = "${local.arn}:elasticache:${var.region}:${local.account_id}:*:${var.project}-*", Action = "elasticache:Connect" },
      { Sid = "SendMetrics", Effect = "Allow", Resource = "${local.arn}:aps:${var.region}:${local.account_id}:workspace/*", Action = "aps:RemoteWrite" },
      { Sid = "SendTraces", Effect = "Allow", Resource = "*", Action = ["xray:GetSampling*", "xray:PutTelemetryRecords", "xray:PutTraceSegments"] },
      { Sid = "BackUp", Effect = "Allow", Resource = "*", Action = [
        "backup:CopyFromBackupVault", "backup:CopyIntoBackupVault", "backup:DescribeBackupVault", "rds:AddTagsToResource", "rds:CopyDBSnapshot", "rds:CreateDBSnapshot", "rds:DeleteDBSnapshot",
        "rds:Describe*", "rds:ListTagsForResource", "rds:ModifyDBInstance", "rds:ModifyDBSnapshotAttribute", "rds:RestoreDBInstance*", "tag:GetResources",
      ], Condition = { StringEquals = { "aws:RequestedRegion" = var.region } } },
      { Sid = "NeverTheState", Effect = "Deny", Resource = [local.state_bucket_arn, "${local.state_bucket_arn}/*"], Action = "s3:*" },
      { Sid = "NeverItsKeys", Effect = "Deny", Resource = "*", Action = "kms:*", Condition = local.own_keys },
    ]
  })
}
