# What each role may do. IAM is enforced by no emulator: these are held by policies/terraform, by the tests beside, and by reading.

locals {
  # ARNs are written out of what is known beforehand, so that a first plan shows every policy whole.
  arn              = "arn:${local.partition}"
  state_bucket_arn = "${local.arn}:s3:::${local.state_bucket}"
  registry_arn     = "${local.arn}:ecr:${var.region}:${local.account_id}:repository/${var.project}"
  of               = { for service in local.made : service => "${local.arn}:${service}:${var.region}:${local.account_id}" }
  boundary_arn     = "${local.iam}:policy${local.role_path}${var.project}-boundary"
  keys_arn         = "${local.arn}:kms:${var.region}:${local.account_id}:key/*"

  # Services of which the root makes something.
  made = [
    "acm", "application-autoscaling", "aps", "backup", "cloudtrail", "cloudwatch", "cognito-idp", "ec2", "ecs", "elasticache", "elasticloadbalancing", "events", "kms", "logs", "rds", "secretsmanager",
    "sns", "wafv2",
  ]

  # Those of them whose things have a number for a name, and a tag that IAM asks for.
  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html
  tagged = ["acm", "application-autoscaling", "aps", "backup", "cognito-idp", "ec2"]

  # A key has its number only when it is made; until then its alias names it.
  use_state_key = {
    Sid       = "UseTheKeyOfTheState"
    Effect    = "Allow"
    Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
    Resource  = local.keys_arn
    Condition = { "ForAnyValue:StringEquals" = { "kms:ResourceAliases" = "alias/${var.project}-state" } }
  }

  own_keys = { "ForAnyValue:StringEquals" = { "kms:ResourceAliases" = ["alias/${var.project}-state", "alias/${var.project}-registry"] } }

  # What the provider reads of each resource of the main root, and nothing that opens what is in them.
  reads = [
    "acm:DescribeCertificate", "acm:ListCertificates", "acm:ListTagsForCertificate",
    "application-autoscaling:Describe*", "application-autoscaling:ListTagsForResource",
    "aps:DescribeWorkspace*", "aps:DescribeLoggingConfiguration", "aps:DescribeRuleGroupsNamespace", "aps:DescribeAlertManagerDefinition", "aps:List*",
    "backup:DescribeBackupVault", "backup:GetBackup*", "backup:ListBackup*", "backup:ListTags",
    "budgets:ListTagsForResource", "budgets:ViewBudget",
    "ce:GetAnomalyMonitors", "ce:GetAnomalySubscriptions", "ce:ListTagsForResource",
    "cloudtrail:DescribeTrails", "cloudtrail:GetEventSelectors", "cloudtrail:GetInsightSelectors", "cloudtrail:GetTrail*", "cloudtrail:ListTags",
    "cloudwatch:DescribeAlarms", "cloudwatch:ListTagsForResource",
    "cognito-idp:DescribeUserPool", "cognito-idp:DescribeUserPoolClient", "cognito-idp:DescribeUserPoolDomain", "cognito-idp:DescribeResourceServer", "cognito-idp:DescribeManagedLoginBranding*",
    "cognito-idp:GetGroup", "cognito-idp:GetUserPoolMfaConfig", "cognito-idp:GetLogDeliveryConfiguration", "cognito-idp:ListTagsForResource",
    "ec2:Describe*", "ec2:GetManagedPrefixListEntries",
    "ecr:DescribeImages", "ecr:DescribeRepositories", "ecr:ListTagsForResource",
    "ecs:Describe*", "ecs:List*",
    "elasticache:Describe*", "elasticache:ListTagsForResource",
    "elasticloadbalancing:Describe*",
    "events:DescribeRule", "events:ListTagsForResource", "events:ListTargetsByRule",
    "iam:GetPolicy", "iam:GetPolicyVersion", "iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListInstanceProfilesForRole", "iam:ListPolicyVersions", "iam:ListRolePolicies", "iam:ListRoleTags",
    "kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListAliases", "kms:ListResourceTags",
    "logs:DescribeLogGroups", "logs:DescribeResourcePolicies", "logs:DescribeMetricFilters", "logs:DescribeQueryDefinitions", "logs:ListTagsForResource",
    "rds:Describe*", "rds:ListTagsForResource",
    "route53:GetChange", "route53:GetHostedZone", "route53:ListHostedZones", "route53:ListResourceRecordSets", "route53:ListTagsForResource",
    "s3:GetAccelerateConfiguration", "s3:GetBucket*", "s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration", "s3:GetReplicationConfiguration",
    "secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy",
    "sns:GetSubscriptionAttributes", "sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic", "sns:ListTagsForResource",
    "wafv2:GetLoggingConfiguration", "wafv2:GetWebACL", "wafv2:GetWebACLForResource", "wafv2:ListTagsForResource",
  ]

  # A plan never needs them; said once more, so that a later `Allow` does not open them. The state itself it has to read, and that holds
  # no secret that is in use: Terraform makes their boxes, and never writes or reads what is in them (secrets.tf). The first secret of a
  # client of Cognito, which the provider reads back, is replaced before the service starts (terraform/README.md).
  never_read = [
    {
      Sid    = "NoSecretNoPersonalData"
      Effect = "Deny"
      Action = [
        "cognito-idp:AdminGetUser", "cognito-idp:ListUsers", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "logs:FilterLogEvents",
        "logs:GetLogEvents", "logs:StartQuery", "rds-db:connect", "rds:DownloadCompleteDBLogFile", "rds:DownloadDBLogFilePortion",
        "secretsmanager:BatchGetSecretValue", "secretsmanager:GetSecretValue", "ssm:GetParameter*",
      ]
      Resource = "*"
    },
    {
      # Of a key without that alias none of the aliases equals it, of a key without any neither.
      Sid       = "OpensOnlyTheState"
      Effect    = "Deny"
      Action    = ["kms:Decrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
      Resource  = "*"
      Condition = { "ForAllValues:StringNotEquals" = { "kms:ResourceAliases" = "alias/${var.project}-state" } }
    },
    {
      Sid         = "ReadsOnlyTheState"
      Effect      = "Deny"
      Action      = "s3:GetObject*"
      NotResource = "${local.state_bucket_arn}/*"
    },
  ]

  # `terraform plan -lock=false` writes nothing beside the state; the plan itself is put where the other role finds it.
  plan_permissions = { for each, name in local.names : each => jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      { Sid = "ReadWhatIsThere", Effect = "Allow", Action = local.reads, Resource = "*" },
      { Sid = "FindTheState", Effect = "Allow", Action = "s3:ListBucket", Resource = local.state_bucket_arn, Condition = { StringLike = { "s3:prefix" = ["${each}/*", "plans/${each}/*"] } } },
      { Sid = "FindItsBuckets", Effect = "Allow", Action = "s3:ListBucket", Resource = "${local.arn}:s3:::${name}*" },
      { Sid = "ReadTheState", Effect = "Allow", Action = "s3:GetObject", Resource = "${local.state_bucket_arn}/${each}/terraform.tfstate" },
      { Sid = "SaveThePlan", Effect = "Allow", Action = "s3:PutObject", Resource = "${local.state_bucket_arn}/plans/${each}/*" },
      local.use_state_key,
    ], local.never_read)
  }) }

  push_permissions = jsonencode({
    Version = "2012-10-17"
    Statement = [
      # It has no resource: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerregistry.html
      { Sid = "SignIn", Effect = "Allow", Action = "ecr:GetAuthorizationToken", Resource = "*" },
      {
        Sid    = "Push"
        Effect = "Allow"
        Action = [
          "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload", "ecr:DescribeImages", "ecr:GetDownloadUrlForLayer",
          "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart",
        ]
        Resource = local.registry_arn
      },
    ]
  })

  apply_parts = ["state", "named", "unnamed", "roles"]

  # The tag that everything of an environment has (default_tags of the main root), as the value of a condition.
  environment_tag = { for each in var.environments : each => each == "preview" ? "preview-*" : each }

  # What certificates and their renewal prove themselves by stands below the name, with an underscore.
  # https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-rrset-conditions.html
  record_names = { for each, domain in var.domain_names : each => each == "preview" ? ["*.${domain}"] : [domain, "_*.${domain}"] }

  # What has a name begins with the environment's; a preview's with preview-NUMBER.
  apply = { for each, name in local.names : each => {
    state = [
      { Sid = "FindTheState", Effect = "Allow", Action = "s3:ListBucket", Resource = local.state_bucket_arn, Condition = { StringLike = { "s3:prefix" = ["${each}*", "plans/${each}/*"] } } },
      { Sid = "WriteTheState", Effect = "Allow", Action = ["s3:GetObject", "s3:PutObject"], Resource = "${local.state_bucket_arn}/${each}*/terraform.tfstate" },
      { Sid = "LockTheState", Effect = "Allow", Action = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"], Resource = "${local.state_bucket_arn}/${each}*/terraform.tfstate.tflock" },
      { Sid = "ReadThePlan", Effect = "Allow", Action = "s3:GetObject", Resource = "${local.state_bucket_arn}/plans/${each}/*" },
      local.use_state_key,
      { Sid = "ReadWhatIsThere", Effect = "Allow", Action = local.reads, Resource = "*" },
    ]
    named = concat([
      { Sid = "Backup", Effect = "Allow", Resource = "${local.of.backup}:backup-vault:${name}*", Action = ["backup:CreateBackupVault", "backup:DeleteBackupVault*", "backup:PutBackupVault*", "backup:TagResource", "backup:UntagResource"] },
      { Sid = "Budget", Effect = "Allow", Resource = "${local.arn}:budgets::${local.account_id}:budget/${name}*", Action = ["budgets:ModifyBudget", "budgets:TagResource", "budgets:UntagResource"] },
      { Sid = "AuditTrail", Effect = "Allow", Resource = "${local.of.cloudtrail}:trail/${name}*", Action = [
        "cloudtrail:AddTags", "cloudtrail:CreateTrail", "cloudtrail:DeleteTrail", "cloudtrail:PutEventSelectors", "cloudtrail:PutInsightSelectors", "cloudtrail:RemoveTags", "cloudtrail:StartLogging",
        "cloudtrail:StopLogging", "cloudtrail:UpdateTrail",
      ] },
      { Sid = "Alarms", Effect = "Allow", Resource = "${local.of.cloudwatch}:alarm:${name}*", Action = ["cloudwatch:DeleteAlarms", "cloudwatch:PutMetricAlarm", "cloudwatch:TagResource", "cloudwatch:UntagResource"] },
      { Sid = "Tasks", Effect = "Allow", Resource = "${local.of.ecs}:*/${name}*", Action = [
        "ecs:Create*", "ecs:Delete*", "ecs:PutClusterCapacityProviders", "ecs:RunTask", "ecs:StopTask", "ecs:TagResource", "ecs:UntagResource", "ecs:Update*",
      ] },
      { Sid = "Cache", Effect = "Allow", Resource = ["${local.of.elasticache}:*:${name}*", "${local.of.elasticache}:parametergroup:default.*"], Action = [
        "elasticache:AddTagsToResource", "elasticache:Create*", "elasticache:Delete*", "elasticache:Modify*", "elasticache:RemoveTagsFromResource",
      ] },
      { Sid = "LoadBalancer", Effect = "Allow", Resource = ["${local.of.elasticloadbalancing}:*/app/${name}*", "${local.of.elasticloadbalancing}:targetgroup/${name}*"], Action = [
        "elasticloadbalancing:AddTags", "elasticloadbalancing:Create*", "elasticloadbalancing:Delete*", "elasticloadbalancing:Modify*", "elasticloadbalancing:RemoveTags", "elasticloadbalancing:Set*",
      ] },
      { Sid = "Events", Effect = "Allow", Resource = "${local.of.events}:rule/${name}*", Action = [
        "events:DeleteRule", "events:DisableRule", "events:EnableRule", "events:PutRule", "events:PutTargets", "events:RemoveTargets", "events:TagResource", "events:UntagResource",
      ] },
      { Sid = "Database", Effect = "Allow", Resource = ["${local.of.rds}:*:${name}*", "${local.of.rds}:og:default:*"], Action = [
        "rds:AddTagsToResource", "rds:Create*", "rds:Delete*", "rds:Modify*", "rds:RebootDBInstance", "rds:RemoveTagsFromResource", "rds:ResetDBParameterGroup",
      ] },
      { Sid = "Topics", Effect = "Allow", Resource = "${local.of.sns}:${name}*", Action = [
        "sns:CreateTopic", "sns:DeleteTopic", "sns:SetTopicAttributes", "sns:Subscribe", "sns:TagResource", "sns:UntagResource",
      ] },
      { Sid = "Firewall", Effect = "Allow", Resource = [
        "${local.of.wafv2}:regional/*/${name}*/*", "${local.arn}:wafv2:${var.region}:*:regional/managedruleset/*", "${local.of.elasticloadbalancing}:loadbalancer/app/${name}*",
        ], Action = [
        "wafv2:AssociateWebACL", "wafv2:CreateWebACL", "wafv2:DeleteLoggingConfiguration", "wafv2:DeleteWebACL", "wafv2:DisassociateWebACL", "wafv2:PutLoggingConfiguration", "wafv2:TagResource",
        "wafv2:UntagResource", "wafv2:UpdateWebACL",
      ] },
      { Sid = "LogGroups", Effect = "Allow", Resource = [for prefix in ["", "/", "/aws/*/", "aws-waf-logs-"] : "${local.of.logs}:log-group:${prefix}${name}*"], Action = [
        "logs:AssociateKmsKey", "logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:DeleteRetentionPolicy", "logs:DisassociateKmsKey", "logs:PutDataProtectionPolicy", "logs:DeleteDataProtectionPolicy",
        "logs:GetDataProtectionPolicy", "logs:PutRetentionPolicy", "logs:TagResource", "logs:UntagResource",
      ] },
      # What a migration did stands in the log of the run; no other line of a log is read.
      { Sid = "LogOfTheMigration", Effect = "Allow", Resource = "${local.of.logs}:log-group:/${name}*/migration:*", Action = "logs:GetLogEvents" },
      { Sid = "Secrets", Effect = "Allow", Resource = "${local.of.secretsmanager}:secret:${name}*", Action = [
        "secretsmanager:CreateSecret", "secretsmanager:DeleteSecret", "secretsmanager:PutResourcePolicy", "secretsmanager:DeleteResourcePolicy", "secretsmanager:PutSecretValue",
        "secretsmanager:RotateSecret", "secretsmanager:CancelRotateSecret", "secretsmanager:TagResource", "secretsmanager:UntagResource", "secretsmanager:UpdateSecret",
      ] },
      # RDS makes the secret of its master in the caller's name: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html
      { Sid = "MasterSecret", Effect = "Allow", Resource = "${local.of.secretsmanager}:secret:rds!db-*", Action = ["secretsmanager:CreateSecret", "secretsmanager:RotateSecret", "secretsmanager:TagResource"] },
      # The objects stay out of reach: what is logged is removed by its own lifecycle.
      { Sid = "Buckets", Effect = "Allow", Resource = "${local.arn}:s3:::${name}*", Action = [
        "s3:CreateBucket", "s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:ListBucket*", "s3:PutBucket*", "s3:PutEncryptionConfiguration", "s3:PutLifecycleConfiguration",
      ] },
      ], [for statement in [
        # The workflow puts a client secret of its own in the place of Cognito's first.
        { Sid = "ReplaceClientSecret", Effect = "Allow", Resource = "${local.of.cognito-idp}:userpool/*", Action = ["cognito-idp:AddUserPoolClientSecret", "cognito-idp:DeleteUserPoolClientSecret", "cognito-idp:ListUserPoolClientSecrets"] },
        # An empty state would be looked at every night; its earlier versions stay for a while.
        { Sid = "ForgetTheState", Effect = "Allow", Resource = "${local.state_bucket_arn}/preview-*/terraform.tfstate", Action = "s3:DeleteObject" },
        # A vault goes when nothing is in it: https://docs.aws.amazon.com/aws-backup/latest/devguide/deleting-a-vault.html
        { Sid = "FindSnapshots", Effect = "Allow", Resource = "${local.of.backup}:backup-vault:${name}*", Action = "backup:ListRecoveryPointsByBackupVault" },
        { Sid = "EmptyVaults", Effect = "Allow", Resource = "${local.of.rds}:snapshot:awsbackup:*", Action = "backup:DeleteRecoveryPoint" },
        # Only a preview takes its log with it, locked or not.
        { Sid = "EmptyBuckets", Effect = "Allow", Resource = "${local.arn}:s3:::${name}*/*", Action = ["s3:BypassGovernanceRetention", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:GetObjectLegalHold", "s3:PutObjectLegalHold"] },
    ] : statement if each == "preview"])
    # What has a number instead: bounded by account, region, kind, and by NotOfAnother, keys by the environment's tag.
    unnamed = [
      { Sid = "Certificates", Effect = "Allow", Resource = "${local.of.acm}:certificate/*", Action = ["acm:AddTagsToCertificate", "acm:DeleteCertificate", "acm:RemoveTagsFromCertificate", "acm:UpdateCertificateOptions"] },
      { Sid = "Scaling", Effect = "Allow", Resource = "${local.of.application-autoscaling}:scalable-target/*", Action = [
        "application-autoscaling:DeleteScalingPolicy", "application-autoscaling:DeleteScheduledAction", "application-autoscaling:DeregisterScalableTarget", "application-autoscaling:PutScalingPolicy",
        "application-autoscaling:PutScheduledAction", "application-autoscaling:RegisterScalableTarget", "application-autoscaling:TagResource", "application-autoscaling:UntagResource",
      ] },
      { Sid = "Metrics", Effect = "Allow", Resource = ["${local.of.aps}:workspace/*", "${local.of.aps}:rulegroupsnamespace/*"], Action = ["aps:Create*", "aps:Delete*", "aps:Put*", "aps:TagResource", "aps:UntagResource", "aps:Update*"] },
      { Sid = "BackupPlans", Effect = "Allow", Resource = "${local.of.backup}:backup-plan:*", Action = [
        "backup:CreateBackupPlan", "backup:CreateBackupSelection", "backup:DeleteBackupPlan", "backup:DeleteBackupSelection", "backup:TagResource", "backup:UntagResource", "backup:UpdateBackupPlan",
      ] },
      { Sid = "People", Effect = "Allow", Resource = "${local.of.cognito-idp}:userpool/*", Action = [
        "cognito-idp:CreateGroup", "cognito-idp:CreateManagedLoginBranding", "cognito-idp:CreateUserPoolClient", "cognito-idp:CreateUserPoolDomain", "cognito-idp:DeleteGroup",
        "cognito-idp:DeleteManagedLoginBranding", "cognito-idp:DeleteUserPool*", "cognito-idp:SetLogDeliveryConfiguration", "cognito-idp:SetUserPoolMfaConfig", "cognito-idp:TagResource",
        "cognito-idp:UpdateGroup", "cognito-idp:UpdateManagedLoginBranding", "cognito-idp:UpdateUserPool*",
      ] },
      { Sid = "Network", Effect = "Allow", Resource = "${local.of.ec2}:*/*", Action = [
        "ec2:*Address", "ec2:*InternetGateway", "ec2:*NatGateway", "ec2:*NetworkAcl*", "ec2:*Route", "ec2:*RouteTable*", "ec2:*SecurityGroup*", "ec2:*Subnet*", "ec2:*Vpc", "ec2:*VpcAttribute",
        "ec2:*VpcEndpoint*", "ec2:CreateFlowLogs", "ec2:CreateTags", "ec2:DeleteFlowLogs", "ec2:DeleteTags",
      ] },
      { Sid = "Keys", Effect = "Allow", Resource = local.keys_arn, Condition = { StringLike = { "aws:ResourceTag/Environment" = local.environment_tag[each] } }, Action = [
        "kms:CancelKeyDeletion", "kms:DisableKeyRotation", "kms:EnableKeyRotation", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource", "kms:UpdateKeyDescription",
      ] },
      # A key is tagged when it is made, and has no tag to be known by then. One that has another environment's is not taken over by a tag.
      { Sid = "TagNewKeys", Effect = "Allow", Resource = local.keys_arn, Action = "kms:TagResource", Condition = {
        StringLike = { "aws:RequestTag/Environment" = local.environment_tag[each] }
        Null       = { "aws:ResourceTag/Environment" = "true" }
      } },
      # Both have to allow it: the alias by its name, and the key.
      { Sid = "Aliases", Effect = "Allow", Resource = ["${local.of.kms}:alias/${name}*", local.keys_arn], Action = ["kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias"] },
      # These take no resource: policies/terraform/grants_take_effect.rego knows which. A subscription is known by its topic's name nowhere.
      { Sid = "WithoutResource", Effect = "Allow", Resource = "*", Condition = { StringEquals = { "aws:RequestedRegion" = var.region } }, Action = [
        "backup-storage:MountCapsule", "ecs:DeregisterTaskDefinition", "kms:CreateKey", "logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DeleteResourcePolicy",
        "logs:GetLogDelivery", "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:UpdateLogDelivery", "sns:SetSubscriptionAttributes", "sns:Unsubscribe",
      ] },
      # Nor do these, and the provider says with the call itself whose the new thing is.
      { Sid = "New", Effect = "Allow", Resource = "*", Condition = { StringLike = { "aws:RequestTag/Environment" = local.environment_tag[each] } }, Action = [
        "acm:RequestCertificate", "aps:CreateWorkspace", "cognito-idp:CreateUserPool", "ecs:RegisterTaskDefinition",
      ] },
      # An endpoint with a private name is bound to a zone of AWS's own: https://docs.aws.amazon.com/vpc/latest/privatelink/manage-dns-names.html
      { Sid = "NamesOfEndpoints", Effect = "Allow", Resource = ["${local.arn}:route53:::hostedzone/*", "${local.of.ec2}:vpc/*"], Action = "route53:AssociateVPCWithHostedZone" },
      # What a service encrypts for us it does with the caller's leave; the workflow itself opens nothing but the state.
      { Sid = "KeysThroughServices", Effect = "Allow", Resource = local.keys_arn, Action = ["kms:CreateGrant", "kms:Decrypt", "kms:GenerateDataKey*", "kms:RetireGrant"], Condition = {
        StringEquals = { "kms:ViaService" = [for service in ["aps", "backup", "elasticache", "rds", "secretsmanager"] : "${service}.${var.region}.amazonaws.com"] }
      } },
      { Sid = "Names", Effect = "Allow", Action = "route53:ChangeResourceRecordSets", Resource = "${local.arn}:route53:::hostedzone/*", Condition = merge({
        "ForAllValues:StringEquals" = { "route53:ChangeResourceRecordSetsRecordTypes" = ["A", "AAAA", "CAA", "CNAME"] }
        Null                        = { "route53:ChangeResourceRecordSetsRecordTypes" = "false" }
        }, { for environment, names in local.record_names : "ForAllValues:StringLike" => { "route53:ChangeResourceRecordSetsNormalizedRecordNames" = names } if environment == each })
      },
      # Whatever has another environment's tag stays as it is. A thing without a tag (a new one, a network's own security group) passes.
      { Sid = "NotOfAnother", Effect = "Deny", Resource = "*", Action = [for service in local.tagged : "${service}:*"], Condition = {
        Null          = { "aws:ResourceTag/Environment" = "false" }
        StringNotLike = { "aws:ResourceTag/Environment" = local.environment_tag[each] }
      } },
    ]
    # Roles of its own making, each within the boundary; those of the workflows and the boundary itself never.
    roles = [
      { Sid = "WithinTheBoundary", Effect = "Allow", Resource = "${local.iam}:role/${name}*", Action = [
        "iam:CreateRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy",
      ], Condition = { StringEquals = { "iam:PermissionsBoundary" = local.boundary_arn } } },
      { Sid = "OfAws", Effect = "Allow", Resource = "${local.iam}:role/${name}*", Action = "iam:AttachRolePolicy", Condition = {
        StringEquals = { "iam:PermissionsBoundary" = local.boundary_arn }
        ArnEquals    = { "iam:PolicyARN" = [for policy in ["AWSBackupServiceRolePolicyForBackup", "AWSBackupServiceRolePolicyForRestores", "AmazonRDSEnhancedMonitoringRole"] : "${local.arn}:iam::aws:policy/service-role/${policy}"] }
      } },
      { Sid = "TheRest", Effect = "Allow", Resource = "${local.iam}:role/${name}*", Action = [
        "iam:DeleteRole", "iam:TagRole", "iam:UntagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole", "iam:UpdateRoleDescription",
      ] },
      { Sid = "HandThemOver", Effect = "Allow", Resource = "${local.iam}:role/${name}*", Action = "iam:PassRole", Condition = { StringEquals = { "iam:PassedToService" = local.services } } },
      { Sid = "OfServices", Effect = "Allow", Resource = "${local.iam}:role/aws-service-role/*", Action = "iam:CreateServiceLinkedRole", Condition = { StringEquals = { "iam:AWSServiceName" = [
        "backup.amazonaws.com", "ecs.amazonaws.com", "ecs.application-autoscaling.amazonaws.com", "elasticache.amazonaws.com", "elasticloadbalancing.amazonaws.com", "rds.amazonaws.com", "wafv2.amazonaws.com",
      ] } } },
      { Sid = "NeverItself", Effect = "Deny", Action = "iam:*", Resource = ["${local.iam}:role${local.role_path}*", "${local.iam}:policy${local.role_path}*", "${local.iam}:oidc-provider/*", "${local.iam}:user/*", "${local.iam}:group/*"] },
      { Sid = "NeverWithoutBoundary", Effect = "Deny", Action = "iam:DeleteRolePermissionsBoundary", Resource = "*" },
      { Sid = "NeverTheState", Effect = "Deny", Action = ["s3:Delete*", "s3:PutBucket*", "s3:PutEncryptionConfiguration", "s3:PutLifecycleConfiguration"], Resource = local.state_bucket_arn },
      { Sid = "NeverItsKeys", Effect = "Deny", Action = ["kms:*Alias", "kms:CreateGrant", "kms:DisableKey*", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"], Resource = "*", Condition = local.own_keys },
      { Sid = "NeverWhatIsInside", Effect = "Deny", Action = ["ecs:ExecuteCommand", "secretsmanager:BatchGetSecretValue", "secretsmanager:GetSecretValue", "rds-db:connect"], Resource = "*" },
    ]
  } }
}

# A managed policy holds 6,144 characters, an inline one no more than all inline ones of a role: hence the parts.
resource "aws_iam_policy" "apply" {
  for_each = merge([for environment, name in local.names : { for part in local.apply_parts : "${environment}-${part}" => {
    name   = "${name}-apply-${part}"
    policy = jsonencode({ Version = "2012-10-17", Statement = local.apply[environment][part] })
  } }]...)

  name        = each.value.name
  path        = local.role_path
  description = "Part of what the role that applies may do"
  policy      = each.value.policy
}
