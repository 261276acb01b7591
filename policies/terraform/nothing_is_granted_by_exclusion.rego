# A permission names what it gives, not what it leaves out.

# METADATA
# title: No policy allows by NotAction, NotResource or NotPrincipal
# description: >-
#   "All but these" also gives what nobody thought of, and whatever AWS adds tomorrow. Of everybody but one, an attacker is among
#   the everybody.
# custom:
#   remediation: >-
#     Turn it round: allow what is meant. A statement that denies may use NotAction and NotResource.
#   severity: error
#   control: ASVS 8.2.2; CWE-183
#   resources: every policy
package terraform.nothing_is_granted_by_exclusion

import data.lib.terraform

deny contains terraform.finding(rego.metadata.chain(), allowance.resource.address, sprintf("It allows all but what its %s names.", [name])) if {
	some allowance in terraform.allowances({"endpoint", "identity", "key", "resource", "trust"})
	some key, name in {"notActions": "NotAction", "notResources": "NotResource", "notPrincipals": "NotPrincipal"}
	count(allowance.statement[key]) > 0
}
