# What secrets_come_by_reference refuses, and what it lets pass.
package terraform.secrets_come_by_reference_test

import data.lib.terraform_plan as tf
import data.terraform.secrets_come_by_reference

denied(resources) := found if found := {finding.resource | some finding in secrets_come_by_reference.deny} with input as tf.plan(resources)

environment(name, value) := [tf.task([{"name": "service", "environment": [{"name": name, "value": value}]}])]

test_settings_pass if {
	denied(environment("NODE_ENV", "production")) == set()
	denied(environment("PRIVACY_KMS_KEY", "arn:aws:kms:eu-central-1:111122223333:key/a")) == set()
	denied(environment("DATABASE_URL", "postgres://service@db.example.com:5432/stockade")) == set()
	denied([tf.task([{"name": "service", "environment": [{"name": "PRIVACY_KMS_KEY"}], "secrets": [{"name": "A"}, {"name": "B", "valueFrom": "arn:aws:secretsmanager:eu-central-1:111122223333:secret:a"}]}])]) == set()
}

test_secrets_are_refused if {
	denied(environment("OIDC_CLIENT_SECRET", "a")) == {"aws_ecs_task_definition.service"}
	denied(environment("DATABASE_PASSWORD", "a")) == {"aws_ecs_task_definition.service"}
	denied(environment("VALKEY_URL", concat("", ["rediss://user", ":", "word", "@cache:6379"]))) == {"aws_ecs_task_definition.service"}
	denied([tf.task([{"name": "service", "secrets": [{"name": "A", "valueFrom": "word"}]}])]) == {"aws_ecs_task_definition.service"}
}
