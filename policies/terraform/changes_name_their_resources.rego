# Who may change or open something may do so with what is named.

# METADATA
# title: No policy allows writing, or opening what is secret, on every resource
# description: >-
#   A role that may write to every bucket or read every secret is as good as an administrator for whoever takes it over.
# custom:
#   remediation: >-
#     Name the resources by ARN, or narrow by a condition (a tag of the resource, the service that it comes through, the
#     namespace). What takes no resource at all is listed in this policy.
#   severity: error
#   control: CIS AWS 1.16; AWS Well-Architected SEC03-BP02; CWE-732
#   resources: every policy of identities
package terraform.changes_name_their_resources

import data.lib.terraform

reads := `^[\w-]+:(BatchCheck|BatchGet|Check|Describe|Estimate|Filter|Get|Head|List|Lookup|Preview|Query|Scan|Search|Select|Simulate|Test|Validate|View)`

secret := `(?i)^(kms:(Decrypt|Encrypt|ReEncrypt|Generate|CreateGrant|Sign)|secretsmanager:.*GetSecretValue|s3:GetObject|ssm:GetParameter|dynamodb:(BatchGet|Get|Query|Scan)|logs:(FilterLogEvents|GetLog(Events|Record)|StartQuery)|sts:AssumeRole|iam:PassRole|rds-db:connect)`

# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
without_resource := `^(ecr:GetAuthorizationToken|xray:Put(TelemetryRecords|TraceSegments)|sts:GetCallerIdentity|logs:(Create|Delete|Update)LogDelivery|logs:(Put|Delete)ResourcePolicy|ec2:(AllocateAddress|CreateNetworkInterface)|cognito-idp:CreateUserPool|ecs:(CreateCluster|RegisterTaskDefinition|DeregisterTaskDefinition)|acm:RequestCertificate|sns:(SetSubscriptionAttributes|Unsubscribe)|kms:(CreateKey|CreateAlias)|aps:CreateWorkspace|backup-storage:MountCapsule|wafv2:.*LoggingConfiguration)$`

narrowing := `(?i)^(aws:(CalledVia|RequestTag|ResourceAccount|ResourceTag|ViaAWSService)|kms:(CallerAccount|EncryptionContext|GrantIsForAWSResource|ResourceAliases|ViaService)|cloudwatch:namespace|ecs:cluster|iam:(AWSServiceName|PassedToService|PermissionsBoundary)|rds:|ec2:|elasticloadbalancing:)`

deny contains terraform.finding(rego.metadata.chain(), allowance.resource.address, sprintf("It allows %s on everything.", [action])) if {
	some allowance in terraform.allowances({"identity"})
	not is_boundary(allowance.resource)
	some resource in allowance.statement.resources
	some action in allowance.statement.actions
	is_too_wide(action, resource)
	not terraform.has_condition(allowance.statement, narrowing)
}

is_too_wide(action, resource) if {
	regex.match(`^(\*|arn:[^:]*:\*.*)$`, resource)
	not regex.match(reads, action)
	not regex.match(without_resource, action)
}

is_too_wide(action, resource) if {
	regex.match(`^(\*|arn:[^:]*:(\*.*|s3:::\*(/\*)?|(kms|secretsmanager|ssm|iam|rds-db|logs|dynamodb):[^:]*:[^:]*:((key|secret|parameter|role|dbuser|log-group|table)[:/])?\*))$`, resource)
	regex.match(secret, action)
}

# What bounds roles grants nothing: each has a policy of its own besides.
is_boundary(policy) if {
	contains(sprintf("%s %v", [policy.address, terraform.setting(policy, ["name"])]), "boundary")
	policy.type == "aws_iam_policy"
	count([attachment | some attachment in terraform.of_type({"aws_iam_role_policy_attachment"}); terraform.points_at(attachment, "policy_arn", policy)]) == 0
}
