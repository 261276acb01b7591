# What state_holds_no_secret refuses, and what it lets pass.
package terraform.state_holds_no_secret_test

import data.lib.terraform_plan as tf
import data.terraform.state_holds_no_secret

denied(resources) := found if found := {finding.resource | some finding in state_holds_no_secret.deny} with input as tf.plan(resources)

test_what_is_written_only_or_kept_elsewhere_passes if denied([
	tf.resource("aws_secretsmanager_secret_version", "a", {"secret_string": null, "secret_string_wo_version": 1}),
	tf.resource("aws_db_instance", "a", {"password": null, "manage_master_user_password": true}),
	tf.resource("aws_secretsmanager_secret_version", "b", {"secret_string": {"later": true}}),
	tf.resource("aws_ssm_parameter", "a", {"type": "String", "value": "a"}),
	tf.resource("aws_elasticache_user", "a", {"authentication_mode": [{"type": "iam", "passwords": null}]}),
	tf.resource("aws_cognito_user_pool_client", "a", {"generate_secret": false}),
]) == set()

test_what_is_kept_is_refused if {
	denied([tf.resource("aws_secretsmanager_secret_version", "a", {"secret_string": "a"})]) == {"aws_secretsmanager_secret_version.a"}
	denied([tf.resource("aws_db_instance", "a", {"password": {"ref": "random_password.a.result"}})]) == {"aws_db_instance.a"}
	denied([tf.resource("random_password", "a", {})]) == {"random_password.a"}
	denied([tf.resource("aws_ssm_parameter", "a", {"type": "SecureString", "value": "a"})]) == {"aws_ssm_parameter.a"}
	denied([tf.resource("aws_elasticache_user", "a", {"authentication_mode": [{"type": "password", "passwords": ["a"]}]})]) == {"aws_elasticache_user.a"}
	denied([tf.resource("aws_cognito_user_pool_client", "a", {"generate_secret": true})]) == {"aws_cognito_user_pool_client.a"}
}
