# What keys_change_and_wait refuses, and what it lets pass.
package terraform.keys_change_and_wait_test

import data.lib.terraform_plan as tf
import data.terraform.keys_change_and_wait

denied(resources) := found if found := {finding.resource | some finding in keys_change_and_wait.deny} with input as tf.plan(resources)

denied_in(environment, resources) := found if found := {finding.resource | some finding in keys_change_and_wait.deny} with input as tf.in_environment(environment, resources)

key(attributes) := tf.resource("aws_kms_key", "a", object.union({"enable_key_rotation": true, "deletion_window_in_days": 30, "rotation_period_in_days": 365, "policy": "{}"}, attributes))

test_a_key_that_changes_and_waits_passes if {
	denied([key({})]) == set()
	denied([key({"deletion_window_in_days": null})]) == set()
	denied([key({"customer_master_key_spec": "RSA_2048", "enable_key_rotation": false})]) == set()
	denied([key({"policy": null}), tf.resource("aws_kms_key_policy", "a", {"key_id": {"ref": "aws_kms_key.a.id"}})]) == set()
}

test_each_hole_is_refused if {
	every attributes in [{"enable_key_rotation": false}, {"rotation_period_in_days": 730}, {"deletion_window_in_days": 7}, {"policy": null}, {"policy": {"later": true}}, {"bypass_policy_lockout_safety_check": true}] {
		denied([key(attributes)]) == {"aws_kms_key.a"}
	}
}

test_a_preview_waits_for_a_week if {
	denied_in("preview-1", [key({"deletion_window_in_days": 7})]) == set()
}
