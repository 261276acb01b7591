# What containers_are_read_only refuses, and what it lets pass.
package terraform.containers_are_read_only_test

import data.lib.terraform_plan as tf
import data.terraform.containers_are_read_only

denied(resources) := found if found := {finding.resource | some finding in containers_are_read_only.deny} with input as tf.plan(resources)

container(attributes) := [tf.task([object.union({"name": "service"}, attributes)])]

test_read_only_passes if denied(container({"readonlyRootFilesystem": true})) == set()

test_anything_else_is_refused if {
	denied(container({"readonlyRootFilesystem": false})) == {"aws_ecs_task_definition.service"}
	denied(container({})) == {"aws_ecs_task_definition.service"}
	denied([tf.task([{"name": "service", "readonlyRootFilesystem": true}, {"name": "sidecar"}])]) == {"aws_ecs_task_definition.service"}
}
