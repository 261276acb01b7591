# A release that does not serve takes itself back.

# METADATA
# title: Every service rolls back by its circuit breaker and by an alarm, and keeps all its tasks meanwhile
# description: >-
#   A new image that starts and answers every request with an error is healthy for ECS. Without the alarm it replaces the one
#   that worked.
# custom:
#   remediation: >-
#     deployment_circuit_breaker and alarms, each with enable and rollback; deployment_minimum_healthy_percent 100;
#     wait_for_steady_state; skip_destroy of the task definition, so that there is something to go back to; depends_on with
#     what leads from its subnets to the registry.
#   severity: error
#   control: AWS Well-Architected OPS06-BP04; REL08-BP05
#   resources: aws_ecs_service, aws_ecs_task_definition
package terraform.deployments_roll_back

import data.lib.terraform

deny contains terraform.finding(rego.metadata.chain(), service.address, sprintf("Its %s does not roll back.", [replace(block, "_", " ")])) if {
	some service in terraform.of_type({"aws_ecs_service"})
	some block in ["alarms", "deployment_circuit_breaker"]
	not rolls_back(service, block)
}

deny contains terraform.finding(rego.metadata.chain(), service.address, "A deployment takes tasks away before the new ones serve.") if {
	some service in terraform.of_type({"aws_ecs_service"})
	not terraform.setting(service, ["deployment_minimum_healthy_percent"]) >= 100
}

deny contains terraform.finding(rego.metadata.chain(), service.address, "The apply ends before it is known whether the new tasks serve.") if {
	some service in terraform.of_type({"aws_ecs_service"})
	not terraform.setting(service, ["wait_for_steady_state"]) == true
}

# A task pulls, reads its secrets and writes its log as soon as it starts. Where it can't yet, the circuit breaker ends the first rollout.
deny contains terraform.finding(rego.metadata.chain(), service.address, sprintf("It starts tasks before there is %s: depends_on.", [terraform.unindexed(way.address)])) if {
	some service in terraform.of_type({"aws_ecs_service"})
	some way in ways_out
	not terraform.unindexed(way.address) in object.get(terraform.configuration, [terraform.unindexed(service.address), "depends_on"], [])
}

ways_out contains way if some way in terraform.of_type({"aws_vpc_endpoint"})

ways_out contains way if {
	some way in terraform.of_type({"aws_route"})
	terraform.is_set(way, "nat_gateway_id")
}

# Deregistered, the revision that a rollback goes back to starts no task. A preview is thrown away whole.
deny contains terraform.finding(rego.metadata.chain(), task.address, "The revision before is deregistered while a rollback may still need it.") if {
	terraform.is_lasting
	some task in terraform.of_type({"aws_ecs_task_definition"})
	not terraform.setting(task, ["skip_destroy"]) == true
}

rolls_back(service, block) if {
	terraform.setting(service, [block, 0, "enable"]) == true
	terraform.setting(service, [block, 0, "rollback"]) == true
	names_alarms(service, block)
}

names_alarms(_, "deployment_circuit_breaker") := true

names_alarms(service, "alarms") if count(terraform.as_list(terraform.setting(service, ["alarms", 0, "alarm_names"]))) > 0
