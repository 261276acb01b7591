# What backups_end_within_a_month refuses, and what it lets pass.
package terraform.backups_end_within_a_month_test

import data.lib.terraform_plan as tf
import data.terraform.backups_end_within_a_month

denied(resources) := found if found := {finding.resource | some finding in backups_end_within_a_month.deny} with input as tf.plan(resources)

plan(rule) := [tf.resource("aws_backup_plan", "a", {"rule": [object.union({"rule_name": "daily"}, rule)]})]

test_a_month_passes if {
	denied([tf.resource("aws_db_instance", "a", {"backup_retention_period": 30, "delete_automated_backups": true})]) == set()
	denied(plan({"lifecycle": [{"delete_after": 30}], "copy_action": [{"lifecycle": [{"delete_after": 7}]}]})) == set()
	denied([tf.resource("aws_vpc", "a", {})]) == set()
}

test_more_for_ever_and_unknown_are_refused if {
	denied([tf.resource("aws_db_instance", "a", {"backup_retention_period": 35})]) == {"aws_db_instance.a"}
	denied([tf.resource("aws_db_instance", "a", {"backup_retention_period": {"ref": "var.days.a"}})]) == {"aws_db_instance.a"}
	denied([tf.resource("aws_db_instance", "a", {"delete_automated_backups": false})]) == {"aws_db_instance.a"}
	denied([tf.resource("aws_elasticache_replication_group", "a", {"snapshot_retention_limit": 90})]) == {"aws_elasticache_replication_group.a"}
	denied([tf.resource("aws_backup_vault_lock_configuration", "a", {"max_retention_days": 365})]) == {"aws_backup_vault_lock_configuration.a"}
	denied(plan({"lifecycle": [{"delete_after": 365}]})) == {"aws_backup_plan.a"}
	denied(plan({"lifecycle": []})) == {"aws_backup_plan.a"}
	denied(plan({"lifecycle": [{"delete_after": 30}], "copy_action": [{"lifecycle": []}]})) == {"aws_backup_plan.a"}
}
