# What is encrypted is encrypted with a key of the account, whose policy says who may decrypt.

# METADATA
# title: Every store names a key of ours
# description: >-
#   With the key that AWS keeps for a service, whoever may read the store may also decrypt it, and nobody can take that away. A
#   key of our own is a second lock, and its use stands in the audit trail.
# custom:
#   remediation: Refer to one of the aws_kms_key of keys.tf.
#   severity: error
#   control: AWS Well-Architected SEC08-BP02; ASVS 13.3.3
#   resources: >-
#     aws_db_instance, aws_cloudwatch_log_group, aws_sns_topic, aws_secretsmanager_secret, aws_ecr_repository, aws_backup_vault,
#     aws_prometheus_workspace and others
package terraform.keys_are_our_own

import data.lib.terraform

keyed := {
	"aws_backup_vault": "kms_key_arn",
	"aws_cloudtrail": "kms_key_id",
	"aws_cloudwatch_log_group": "kms_key_id",
	"aws_db_instance": "kms_key_id",
	"aws_docdb_cluster": "kms_key_id",
	"aws_ebs_volume": "kms_key_id",
	"aws_efs_file_system": "kms_key_id",
	"aws_elasticache_replication_group": "kms_key_id",
	"aws_kinesis_stream": "kms_key_id",
	"aws_prometheus_workspace": "kms_key_arn",
	"aws_rds_cluster": "kms_key_id",
	"aws_secretsmanager_secret": "kms_key_id",
	"aws_sns_topic": "kms_master_key_id",
	"aws_sqs_queue": "kms_master_key_id",
}

deny contains terraform.finding(rego.metadata.chain(), resource.address, sprintf("Its %s names no key of ours.", [attribute])) if {
	some resource in terraform.planned
	attribute := keyed[resource.type]
	not is_ours(resource, attribute)
}

deny contains terraform.finding(rego.metadata.chain(), repository.address, "It is not encrypted with a key of ours.") if {
	some repository in terraform.of_type({"aws_ecr_repository"})
	terraform.setting(repository, ["encryption_configuration", 0, "encryption_type"]) != "KMS"
}

deny contains terraform.finding(rego.metadata.chain(), database.address, sprintf("Its %s names no key of ours.", [attribute])) if {
	some database in terraform.of_type({"aws_db_instance", "aws_rds_cluster"})
	some switch, attribute in {"performance_insights_enabled": "performance_insights_kms_key_id", "manage_master_user_password": "master_user_secret_kms_key_id"}
	terraform.setting(database, [switch]) == true
	not is_ours(database, attribute)
}

is_ours(resource, attribute) if {
	terraform.is_set(resource, attribute)
	not startswith(sprintf("%v", [terraform.setting(resource, [attribute])]), "alias/aws/")
}
