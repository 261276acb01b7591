# What is granted can be used: an action that takes no resource is not granted by naming one.

# METADATA
# title: No change is allowed on a named resource that takes no resource
# description: >-
#   Some actions know no resource (ecs:RegisterTaskDefinition). A statement that names some grants them never, without a word: the first
#   deployment is refused, or the removal on the day when something has to go. No emulator enforces IAM, so nobody sees it before.
# custom:
#   remediation: >-
#     Allow it on "*" in a statement of its own, narrowed by a condition that it has (aws:RequestTag for what makes something, else
#     aws:RequestedRegion). The list is policies/lib/iam_actions.rego.
#   severity: error
#   control: AWS Well-Architected SEC03-BP02
#   resources: every policy of identities
package terraform.grants_take_effect

import data.lib.iam_actions
import data.lib.terraform

# Of a wildcard the other actions may well take one.
deny contains terraform.finding(rego.metadata.chain(), allowance.resource.address, sprintf("It allows %s on named resources, and that takes none.", [action])) if {
	some allowance in terraform.allowances({"identity"})
	some action in allowance.statement.actions
	[service, name] := split(action, ":")
	name in iam_actions.without_resource[lower(service)]
	count(allowance.statement.resources) > 0
	not "*" in allowance.statement.resources
}
