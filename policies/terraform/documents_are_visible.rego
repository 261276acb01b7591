# What a policy document or a container says is in the plan, before anybody approves it.

# METADATA
# title: No document is hidden until the apply
# description: >-
#   An expression with one value that only the apply knows makes the whole text unknown: nobody, person or policy, sees what it
#   will grant or run.
# custom:
#   remediation: >-
#     Write the document as `data "aws_iam_policy_document"` and refer to its `json` directly: the plan shows its known parts.
#     Give containers an output of the same local value, `output "x" { value = local.x }` for `jsonencode(local.x)`.
#   severity: error
#   control: AWS Well-Architected SEC03-BP01
#   resources: every policy document; aws_ecs_task_definition
package terraform.documents_are_visible

import data.lib.terraform

deny contains terraform.finding(rego.metadata.chain(), policy.resource.address, sprintf("Its %s can't be read before the apply.", [policy.attribute])) if {
	some policy in terraform.policies
	not policy.isVisible
}

deny contains terraform.finding(rego.metadata.chain(), task.address, "Its containers can't be read before the apply.") if {
	some task in terraform.of_type({"aws_ecs_task_definition"})
	not terraform.containers_of(task)
}
