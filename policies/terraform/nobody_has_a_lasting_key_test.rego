# What nobody_has_a_lasting_key refuses, and what it lets pass.
package terraform.nobody_has_a_lasting_key_test

import data.lib.terraform_plan as tf
import data.terraform.nobody_has_a_lasting_key

denied(resources) := found if found := {finding.resource | some finding in nobody_has_a_lasting_key.deny} with input as tf.plan(resources)

test_a_role_passes if denied([tf.resource("aws_iam_role", "a", {})]) == set()

test_users_and_keys_are_refused if denied([tf.resource("aws_iam_user", "a", {}), tf.resource("aws_iam_access_key", "a", {})]) == {"aws_iam_user.a", "aws_iam_access_key.a"}
