# What deployments_roll_back refuses, and what it lets pass.
package terraform.deployments_roll_back_test

import data.lib.terraform_plan as tf
import data.terraform.deployments_roll_back

denied(resources) := found if found := {finding.resource | some finding in deployments_roll_back.deny} with input as tf.plan(resources)

on := {"enable": true, "rollback": true}

safe := {"alarms": [object.union(on, {"alarm_names": ["a"]})], "deployment_circuit_breaker": [on], "deployment_minimum_healthy_percent": 100, "wait_for_steady_state": true}

service(attributes) := [tf.resource("aws_ecs_service", "a", object.union(safe, attributes))]

test_a_service_that_rolls_back_passes if denied(service({})) == set()

ways := [tf.resource("aws_vpc_endpoint", "a", {}), tf.resource("aws_route", "a", {"nat_gateway_id": {"ref": "aws_nat_gateway.a.id"}}), tf.resource("aws_route", "b", {"gateway_id": {"ref": "aws_internet_gateway.a.id"}, "nat_gateway_id": null})]

waiting(addresses) := array.concat(ways, [tf.patched(tf.resource("aws_ecs_service", "a", safe), [{"op": "add", "path": "/configured/depends_on", "value": addresses}])])

test_it_waits_for_the_ways_out if {
	denied(waiting(["aws_vpc_endpoint.a", "aws_route.a"])) == set()
	denied(waiting(["aws_vpc_endpoint.a"])) == {"aws_ecs_service.a"}
	denied(waiting(["aws_route.a"])) == {"aws_ecs_service.a"}
	denied(array.concat(ways, service({}))) == {"aws_ecs_service.a"}
}

task(attributes) := [tf.resource("aws_ecs_task_definition", "a", attributes)]

denied_in(environment, resources) := found if found := {finding.resource | some finding in deployments_roll_back.deny} with input as tf.in_environment(environment, resources)

test_the_revision_before_stays_but_for_previews if {
	denied(task({"skip_destroy": true})) == set()
	denied(task({})) == {"aws_ecs_task_definition.a"}
	denied(task({"skip_destroy": false})) == {"aws_ecs_task_definition.a"}
	denied_in("preview-7", task({"skip_destroy": false})) == set()
}

test_each_hole_is_refused if {
	every attributes in [{"alarms": []}, {"alarms": [{"enable": true, "rollback": false, "alarm_names": ["a"]}]}, {"alarms": [{"enable": true, "rollback": true, "alarm_names": []}]}, {"deployment_circuit_breaker": [{"enable": true, "rollback": false}]}, {"deployment_minimum_healthy_percent": 50}, {"wait_for_steady_state": false}] {
		denied(service(attributes)) == {"aws_ecs_service.a"}
	}
}
