# What secrets_rotate refuses, and what it lets pass.
package terraform.secrets_rotate_test

import data.lib.terraform_plan as tf
import data.terraform.secrets_rotate

denied(resources) := found if found := {finding.resource | some finding in secrets_rotate.deny} with input as tf.plan(resources)

secret := tf.resource("aws_secretsmanager_secret", "a", {})

rotation(days) := tf.resource("aws_secretsmanager_secret_rotation", "a", {"secret_id": {"ref": "aws_secretsmanager_secret.a.id"}, "rotation_rules": [{"automatically_after_days": days}]})

test_one_that_rotates_passes if denied([secret, rotation(30)]) == set()

test_one_that_does_not_or_seldom_is_refused if {
	denied([secret]) == {"aws_secretsmanager_secret.a"}
	denied([secret, rotation(365)]) == {"aws_secretsmanager_secret_rotation.a"}
}
