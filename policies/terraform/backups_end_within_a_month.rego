# Who asks to be forgotten is forgotten in the backups too.

# METADATA
# title: No backup lives longer than 30 days
# description: >-
#   The service erases a person by destroying their key. A backup that holds the key brings the person back; after 30 days there
#   is none any more.
# custom:
#   remediation: >-
#     backup_retention_period, delete_after and max_retention_days of 30 at the most, delete_automated_backups; no cold storage.
#     Longer archives need another design of keys first.
#   severity: error
#   control: GDPR 17; ASVS 14.2.7
#   resources: >-
#     aws_db_instance, aws_rds_cluster, aws_elasticache_replication_group, aws_backup_plan, aws_backup_vault_lock_configuration,
#     aws_dynamodb_table
package terraform.backups_end_within_a_month

import data.lib.terraform

longest := 30

deny contains terraform.finding(rego.metadata.chain(), resource.address, sprintf("Its %s is %v.", [attribute, terraform.setting(resource, [attribute])])) if {
	some resource in terraform.planned
	some attribute in ["backup_retention_period", "max_retention_days", "snapshot_retention_limit"]
	attribute in object.keys(resource.change.after)
	not terraform.setting(resource, [attribute]) <= longest
}

deny contains terraform.finding(rego.metadata.chain(), resource.address, sprintf("Its %s is known only after the apply.", [attribute])) if {
	some resource in terraform.planned
	some attribute in ["backup_retention_period", "max_retention_days"]
	terraform.is_unknown(resource, [attribute])
	terraform.is_configured(resource, attribute)
}

deny contains terraform.finding(rego.metadata.chain(), plan.address, sprintf("The backups of its rule %v don't end within a month.", [object.get(rule, "rule_name", "")])) if {
	some plan in terraform.of_type({"aws_backup_plan"})
	some rule in terraform.blocks(plan, "rule")
	some lifecycle in array.concat([object.get(rule, "lifecycle", [])], [object.get(copy, "lifecycle", []) | some copy in object.get(rule, "copy_action", [])])
	not ends(lifecycle)
}

deny contains terraform.finding(rego.metadata.chain(), database.address, "Its automated backups outlive it.") if {
	some database in terraform.of_type({"aws_db_instance"})
	terraform.setting(database, ["delete_automated_backups"]) == false
}

ends(lifecycle) if {
	lifecycle[0].delete_after > 0
	lifecycle[0].delete_after <= longest
}
