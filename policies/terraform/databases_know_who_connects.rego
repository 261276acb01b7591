# A connection is a role's, not a password's.

# METADATA
# title: Databases take tokens of IAM, and AWS keeps the master's password
# description: >-
#   A password that was injected never changes in a running task, and is known wherever it ever was. A token lasts 15 minutes and
#   names a role.
# custom:
#   remediation: iam_database_authentication_enabled and manage_master_user_password; no password.
#   severity: error
#   control: ASVS 13.2.1; CIS AWS 2.2; CWE-798
#   resources: aws_db_instance, aws_rds_cluster
package terraform.databases_know_who_connects

import data.lib.terraform

deny contains terraform.finding(rego.metadata.chain(), database.address, sprintf("Its %s is not true.", [attribute])) if {
	some database in terraform.of_type({"aws_db_instance", "aws_rds_cluster"})
	some attribute in ["iam_database_authentication_enabled", "manage_master_user_password"]
	not terraform.setting(database, [attribute]) == true
}

deny contains terraform.finding(rego.metadata.chain(), cache.address, "It lets in whoever reaches it.") if {
	some cache in terraform.of_type({"aws_elasticache_replication_group"})
	not terraform.is_set(cache, "user_group_ids")
	not terraform.is_set(cache, "auth_token")
}
