# What platforms_are_pinned refuses, and what it lets pass.
package terraform.platforms_are_pinned_test

import data.lib.terraform_plan as tf
import data.terraform.platforms_are_pinned

denied(resources) := found if found := {finding.resource | some finding in platforms_are_pinned.deny} with input as tf.plan(resources)

service(version) := [tf.resource("aws_ecs_service", "a", {"launch_type": "FARGATE", "platform_version": version})]

test_a_number_passes if denied(service("1.4.0")) == set()

test_the_latest_is_refused if {
	denied(service("LATEST")) == {"aws_ecs_service.a"}
	denied(service(null)) == {"aws_ecs_service.a"}
	denied(service({"later": true})) == {"aws_ecs_service.a"}
}
