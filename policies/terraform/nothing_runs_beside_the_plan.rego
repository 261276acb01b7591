# A plan changes resources, and runs nothing.

# METADATA
# title: No provisioner, and no data source that runs a program or asks a host
# description: >-
#   `local-exec` and `external` run with the rights of the apply, the second already while it plans; what they do is in no plan,
#   and a re-plan does not see whether it still holds.
# custom:
#   remediation: Use a resource of the provider, or a step of the workflow that says what it does.
#   severity: error
#   control: CWE-78; OWASP CICD-SEC-4
#   resources: all
package terraform.nothing_runs_beside_the_plan

import data.lib.terraform

programs := {"external", "http", "local_file", "local_sensitive_file", "null_data_source", "null_resource"}

deny contains terraform.finding(rego.metadata.chain(), address, sprintf("It runs a %s provisioner.", [provisioner.type])) if {
	some address, block in terraform.configuration
	some provisioner in object.get(block, "provisioners", [])
}

deny contains terraform.finding(rego.metadata.chain(), address, sprintf("%s does what no plan shows.", [block.type])) if {
	some address, block in terraform.configuration
	block.type in programs
}
