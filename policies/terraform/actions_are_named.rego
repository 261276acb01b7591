# A permission says what it permits.

# METADATA
# title: No policy allows every action, or every action of a service
# description: >-
#   A wildcard also grants what the service will be able to do next year, such as changing the policy that limits it.
# custom:
#   remediation: >-
#     List the actions that are used; the audit trail shows which. Reading may be a prefix, such as ec2:Describe*.
#   severity: error
#   control: CIS AWS 1.16; ASVS 8.2.2; CWE-250
#   resources: every policy of identities and resources
package terraform.actions_are_named

import data.lib.terraform

deny contains terraform.finding(rego.metadata.chain(), allowance.resource.address, sprintf("It allows %s.", [action])) if {
	some allowance in terraform.allowances({"identity", "resource", "trust"})
	some action in allowance.statement.actions
	is_wide(action)
}

# The account itself may do everything with a key, or nobody could mend its policy: IAM decides who of it.
deny contains terraform.finding(rego.metadata.chain(), allowance.resource.address, sprintf("It allows %s to others than the account.", [action])) if {
	some allowance in terraform.allowances({"key"})
	some action in allowance.statement.actions
	is_wide(action)
	not is_account(allowance.statement.principals)
}

is_wide(action) if regex.match(`^(\*|[\w-]*\*?:\*+)$`, action)

is_account(principals) if {
	object.keys(principals) == {"AWS"}
	every name in principals.AWS {
		regex.match(`^arn:aws[a-z-]*:iam::\d{12}:root$`, name)
	}
}
