# What a container says is kept, and whether it lives is asked.

# METADATA
# title: Every container logs, and every essential one has a health check
# description: >-
#   ECS ignores the HEALTHCHECK of an image: without one in the definition a process that hangs counts as running. Without a log
#   driver its last words are lost with it.
# custom:
#   remediation: >-
#     Add logConfiguration, and healthCheck with the command of the Dockerfile; essential false for what the service can do
#     without.
#   severity: error
#   control: CIS Docker 4.6; ASVS 16.2.1
#   resources: aws_ecs_task_definition of services
package terraform.containers_are_watched

import data.lib.terraform

deny contains terraform.finding(rego.metadata.chain(), entry.task.address, sprintf("Nothing keeps the log of %s.", [entry.container.name])) if {
	some entry in terraform.containers
	object.get(entry.container, ["logConfiguration", "logDriver"], "none") in {"none", "json-file"}
}

deny contains terraform.finding(rego.metadata.chain(), entry.task.address, sprintf("Nothing asks whether %s lives.", [entry.container.name])) if {
	some entry in terraform.containers
	some service in terraform.of_type({"aws_ecs_service"})
	terraform.points_at(service, "task_definition", entry.task)
	object.get(entry.container, "essential", true) == true
	not has_check(entry.container)
}

has_check(container) if {
	command := object.get(container, ["healthCheck", "command"], [])
	count(command) > 1
}
