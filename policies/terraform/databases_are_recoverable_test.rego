# What databases_are_recoverable refuses, and what it lets pass.
package terraform.databases_are_recoverable_test

import data.lib.terraform_plan as tf
import data.terraform.databases_are_recoverable

denied(resources) := found if found := {finding.resource | some finding in databases_are_recoverable.deny} with input as tf.plan(resources)

denied_in(environment, resources) := found if found := {finding.resource | some finding in databases_are_recoverable.deny} with input as tf.in_environment(environment, resources)

safe := {"backup_retention_period": 7, "copy_tags_to_snapshot": true, "skip_final_snapshot": false}

database(attributes) := [tf.resource("aws_db_instance", "a", object.union(safe, attributes))]

test_a_week_passes if denied(database({})) == set()

test_each_hole_is_refused if {
	every attributes in [{"backup_retention_period": 0}, {"backup_retention_period": 6}, {"backup_retention_period": {"ref": "var.days.a"}}, {"copy_tags_to_snapshot": false}, {"skip_final_snapshot": true}] {
		denied(database(attributes)) == {"aws_db_instance.a"}
	}
}

test_elsewhere_no_last_snapshot_is_needed if {
	denied_in("staging", database({"skip_final_snapshot": true})) == set()
	denied_in("preview-1", database({"backup_retention_period": 1})) == set()
}
