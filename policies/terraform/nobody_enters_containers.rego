# Nobody gets a shell in a running container.

# METADATA
# title: ECS Exec is off, and no role can open a session
# description: >-
#   A session is a way around every rule on images, networks and approvals, and leaves no change that anybody reviews.
# custom:
#   remediation: >-
#     enable_execute_command = false, and no ssmmessages action. What is to be seen belongs into logs and metrics.
#   severity: error
#   control: CIS Docker 5.23; AWS Well-Architected SEC06-BP03
#   resources: aws_ecs_service, policies of identities
package terraform.nobody_enters_containers

import data.lib.terraform

deny contains terraform.finding(rego.metadata.chain(), service.address, "ECS Exec is on.") if {
	some service in terraform.of_type({"aws_ecs_service"})
	terraform.setting(service, ["enable_execute_command"]) == true
}

deny contains terraform.finding(rego.metadata.chain(), allowance.resource.address, sprintf("It allows %s.", [action])) if {
	some allowance in terraform.allowances({"identity"})
	some action in allowance.statement.actions
	regex.match(`(?i)^(ssmmessages:|ecs:(ExecuteCommand|Exec\w*\*)|ssm:(StartSession|SendCommand))`, action)
}
