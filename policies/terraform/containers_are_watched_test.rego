# What containers_are_watched refuses, and what it lets pass.
package terraform.containers_are_watched_test

import data.lib.terraform_plan as tf
import data.terraform.containers_are_watched

denied(resources) := found if found := {finding.resource | some finding in containers_are_watched.deny} with input as tf.plan(resources)

service := tf.resource("aws_ecs_service", "a", {"task_definition": {"ref": "aws_ecs_task_definition.service.arn"}})

watched := {"name": "service", "logConfiguration": {"logDriver": "awslogs"}, "healthCheck": {"command": ["CMD", "true"]}}

test_one_that_is_watched_passes if {
	denied([service, tf.task([watched])]) == set()
	denied([service, tf.task([watched, {"name": "sidecar", "essential": false, "logConfiguration": {"logDriver": "awslogs"}}])]) == set()
}

test_a_task_that_ends_by_itself_needs_no_check if denied([tf.task([object.remove(watched, ["healthCheck"])])]) == set()

test_what_nobody_sees_is_refused if {
	denied([service, tf.task([object.remove(watched, ["healthCheck"])])]) == {"aws_ecs_task_definition.service"}
	denied([service, tf.task([object.union(object.remove(watched, ["healthCheck"]), {"healthCheck": {"command": ["NONE"]}})])]) == {"aws_ecs_task_definition.service"}
	denied([service, tf.task([object.remove(watched, ["logConfiguration"])])]) == {"aws_ecs_task_definition.service"}
}
