# What containers_run_as_nonroot refuses, and what it lets pass.
package terraform.containers_run_as_nonroot_test

import data.lib.terraform_plan as tf
import data.terraform.containers_run_as_nonroot

denied(resources) := found if found := {finding.resource | some finding in containers_run_as_nonroot.deny} with input as tf.plan(resources)

user(name) := [tf.task([{"name": "service", "user": name}])]

test_numbers_pass if denied(user("65532:65532")) == set()

test_root_names_and_none_are_refused if {
	every name in ["0", "root", "0:0", "node", "1000", "1000:0"] {
		denied(user(name)) == {"aws_ecs_task_definition.service"}
	}
	denied([tf.task([{"name": "service"}])]) == {"aws_ecs_task_definition.service"}
}
