# What nobody_enters_containers refuses, and what it lets pass.
package terraform.nobody_enters_containers_test

import data.lib.terraform_plan as tf
import data.terraform.nobody_enters_containers

denied(resources) := found if found := {finding.resource | some finding in nobody_enters_containers.deny} with input as tf.plan(resources)

test_a_closed_service_passes if denied([tf.resource("aws_ecs_service", "a", {"enable_execute_command": false})]) == set()

test_ways_in_are_refused if {
	denied([tf.resource("aws_ecs_service", "a", {"enable_execute_command": true})]) == {"aws_ecs_service.a"}
	denied([tf.holding("aws_iam_policy", "policy", [{"Effect": "Allow", "Action": ["ssmmessages:OpenDataChannel"], "Resource": "*"}])]) == {"aws_iam_policy.a"}
	denied([tf.holding("aws_iam_policy", "policy", [{"Effect": "Allow", "Action": ["ecs:ExecuteCommand"], "Resource": "*"}])]) == {"aws_iam_policy.a"}
}
