# What deployments_roll_back refuses, and what it lets pass.
package terraform.deployments_roll_back_test

import data.lib.terraform_plan as tf
import data.terraform.deployments_roll_back

denied(resources) := found if found := {finding.resource | some finding in deployments_roll_back.deny} with input as tf.plan(resources)

on := {"enable": true, "rollback": true}

safe := {"alarms": [object.union(on, {"alarm_names": ["a"]})], "deployment_circuit_breaker": [on], "deployment_minimum_healthy_percent": 100, "wait_for_steady_state": true}

service(attributes) := [tf.resource("aws_ecs_service", "a", object.union(safe, attributes))]

test_a_service_that_rolls_back_passes if denied(service({})) == set()

test_each_hole_is_refused if {
	every attributes in [{"alarms": []}, {"alarms": [{"enable": true, "rollback": false, "alarm_names": ["a"]}]}, {"alarms": [{"enable": true, "rollback": true, "alarm_names": []}]}, {"deployment_circuit_breaker": [{"enable": true, "rollback": false}]}, {"deployment_minimum_healthy_percent": 50}, {"wait_for_steady_state": false}] {
		denied(service(attributes)) == {"aws_ecs_service.a"}
	}
}
