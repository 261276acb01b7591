# A plan is judged as a whole, or not at all.

# METADATA
# title: The plan is whole
# description: >-
#   A plan that was made for some resources only (`-target`), that ended in an error or that holds nothing says nothing about the rest,
#   and every other policy would let it pass.
# custom:
#   remediation: Plan again without -target, and mend what the planning ended in.
#   severity: error
#   control: OSPS-VM-06.02
#   resources: all
package terraform.plan_is_whole

import data.lib.terraform

deny contains terraform.finding(rego.metadata.chain(), "plan", "It is partial: some resources were left out of the planning.") if input.complete != true

deny contains terraform.finding(rego.metadata.chain(), "plan", "Its planning ended in an error.") if input.errored != false

deny contains terraform.finding(rego.metadata.chain(), "plan", "It plans no resource.") if count(terraform.planned) == 0

deny contains terraform.finding(rego.metadata.chain(), "plan", sprintf("Its format %v is not the one that the policies read.", [object.get(input, "format_version", "")])) if {
	not startswith(object.get(input, "format_version", ""), "1.")
}

deny contains terraform.finding(rego.metadata.chain(), "plan", "It does not say whether it is whole.") if {
	some field in ["complete", "configuration", "errored", "resource_changes"]
	not field in object.keys(input)
}
