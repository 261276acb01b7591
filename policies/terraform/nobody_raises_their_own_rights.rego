# A role can't make itself, or another, more powerful than it was meant to be.

# METADATA
# title: Handing on roles names the service, and making roles demands a boundary
# description: >-
#   Who may pass any role to a task that they start, or attach a policy to themselves, is an administrator with one more step.
# custom:
#   remediation: >-
#     iam:PassRole with iam:PassedToService; actions that make or change roles and policies with iam:PermissionsBoundary, on
#     named roles that are not its own; neither users nor access keys.
#   severity: error
#   control: CWE-269; AWS Well-Architected SEC03-BP05
#   resources: every policy of identities
package terraform.nobody_raises_their_own_rights

import data.lib.terraform

writes := `^iam:(\*|(Attach|Create|Delete|Detach|Put|Set|Update)\w*\*?)$`

# Of these, IAM can't ask for a boundary: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
people := `^iam:(Create|Update)(AccessKey|LoginProfile|User|Group|SAMLProvider|OpenIDConnectProvider)|^iam:(AddUserToGroup|(Attach|Put)(User|Group)Policy)`

deny contains terraform.finding(rego.metadata.chain(), allowance.resource.address, "It passes roles on, and does not say to which service.") if {
	some allowance in terraform.allowances({"identity"})
	some action in allowance.statement.actions
	action in {"iam:PassRole", "iam:Pass*", "iam:*"}
	not terraform.has_condition(allowance.statement, `(?i)^iam:PassedToService$`)
}

deny contains terraform.finding(rego.metadata.chain(), allowance.resource.address, sprintf("It allows %s, which makes people or keys.", [action])) if {
	some allowance in terraform.allowances({"identity"})
	some action in allowance.statement.actions
	regex.match(people, action)
}

deny contains terraform.finding(rego.metadata.chain(), allowance.resource.address, sprintf("It allows %s on everything, without a boundary.", [action])) if {
	some allowance in terraform.allowances({"identity"})
	some action in allowance.statement.actions
	regex.match(writes, action)
	action != "iam:CreateServiceLinkedRole"
	some resource in allowance.statement.resources
	regex.match(`^(\*|arn:[^:]*:iam::[^:]*:(\*|(role|policy)/\*))$`, resource)
	not terraform.has_condition(allowance.statement, `(?i)^iam:PermissionsBoundary$`)
}

# A boundary that can be taken off, or written anew, bounds nothing.
deny contains terraform.finding(rego.metadata.chain(), allowance.resource.address, sprintf("It allows %s.", [action])) if {
	some allowance in terraform.allowances({"identity"})
	some action in allowance.statement.actions
	action in {"iam:DeleteRolePermissionsBoundary", "iam:DeleteUserPermissionsBoundary"}
}
