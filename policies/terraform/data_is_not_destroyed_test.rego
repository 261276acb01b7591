# What data_is_not_destroyed refuses, and what it lets pass.
package terraform.data_is_not_destroyed_test

import data.lib.terraform_plan as tf
import data.terraform.data_is_not_destroyed

denied(resources) := found if found := {finding.resource | some finding in data_is_not_destroyed.deny} with input as tf.plan(resources)

denied_in(environment, resources) := found if found := {finding.resource | some finding in data_is_not_destroyed.deny} with input as tf.in_environment(environment, resources)

database(actions) := tf.acting(tf.resource("aws_db_instance", "main", {}), actions)

test_what_is_made_or_changed_passes if denied([database(["create"]), tf.acting(tf.resource("aws_s3_bucket", "a", {}), ["update"])]) == set()

test_what_is_destroyed_or_replaced_is_refused if {
	denied([database(["delete"])]) == {"aws_db_instance.main"}
	denied([database(["delete", "create"])]) == {"aws_db_instance.main"}
	denied([database(["create", "delete"])]) == {"aws_db_instance.main"}
}

test_what_holds_nothing_may_go if denied([tf.acting(tf.resource("aws_route", "a", {}), ["delete"])]) == set()

test_a_preview_may_go_altogether if denied_in("preview-1", [database(["delete"])]) == set()
