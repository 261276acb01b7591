# What deletion_is_deliberate refuses, and what it lets pass.
package terraform.deletion_is_deliberate_test

import data.lib.terraform_plan as tf
import data.terraform.deletion_is_deliberate

denied(resources) := found if found := {finding.resource | some finding in deletion_is_deliberate.deny} with input as tf.plan(resources)

denied_in(environment, resources) := found if found := {finding.resource | some finding in deletion_is_deliberate.deny} with input as tf.in_environment(environment, resources)

test_what_is_protected_passes if denied([
	tf.resource("aws_db_instance", "a", {"deletion_protection": true}),
	tf.resource("aws_cognito_user_pool", "a", {"deletion_protection": "ACTIVE"}),
	tf.resource("aws_s3_bucket", "a", {"force_destroy": false}),
	tf.resource("aws_secretsmanager_secret", "a", {"recovery_window_in_days": 30}),
]) == set()

open := [
	tf.resource("aws_db_instance", "a", {"deletion_protection": false}),
	tf.resource("aws_lb", "a", {"enable_deletion_protection": null}),
	tf.resource("aws_s3_bucket", "a", {"force_destroy": true}),
	tf.resource("aws_ecr_repository", "a", {"force_delete": true}),
	tf.resource("aws_secretsmanager_secret", "a", {"recovery_window_in_days": 0}),
]

test_what_is_not_is_refused if denied(open) == {"aws_db_instance.a", "aws_lb.a", "aws_s3_bucket.a", "aws_ecr_repository.a", "aws_secretsmanager_secret.a"}

test_elsewhere_it_may_go if denied_in("staging", open) == set()
