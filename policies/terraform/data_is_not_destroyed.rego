# A plan that would destroy what holds data is stopped, however it came about.

# METADATA
# title: Nothing that holds data is destroyed or made anew
# description: >-
#   A renamed resource or an argument that can't be changed in place makes Terraform delete a database and make an empty one, in
#   one line of a long plan. Deleting a key makes unreadable what it encrypted.
# custom:
#   remediation: >-
#     Write a `moved` block for what has another name. What is really to go is taken out by hand first, as the README says, or
#     waived by its address for that one change.
#   severity: error
#   control: AWS Well-Architected REL09-BP01; OSPS-QA-07.01
#   resources: >-
#     what holds data: databases, buckets, keys, vaults, user pools, registries, secrets, log groups
package terraform.data_is_not_destroyed

import data.lib.terraform

keeps := {
	"aws_backup_vault",
	"aws_cloudwatch_log_group",
	"aws_cognito_user_pool",
	"aws_db_instance",
	"aws_dynamodb_table",
	"aws_ebs_volume",
	"aws_ecr_repository",
	"aws_efs_file_system",
	"aws_kms_key",
	"aws_opensearch_domain",
	"aws_prometheus_workspace",
	"aws_rds_cluster",
	"aws_s3_bucket",
	"aws_secretsmanager_secret",
}

deny contains terraform.finding(rego.metadata.chain(), change.address, sprintf("It would be %s.", [verb(change)])) if {
	terraform.is_lasting
	some change in terraform.removed
	change.type in keeps
}

verb(change) := "destroyed" if change.change.actions == ["delete"]

verb(change) := "destroyed and made anew" if count(change.change.actions) > 1
