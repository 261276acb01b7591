# What a role may do is written here.

# METADATA
# title: No role has a policy that AWS wrote
# description: >-
#   AWS changes its policies when it likes, and writes them for everybody: AmazonECSTaskExecutionRolePolicy pulls every image and
#   writes to every log of the account.
# custom:
#   remediation: >-
#     Write the actions and resources that are used into a policy of this configuration. What AWS demands by name
#     (AmazonRDSEnhancedMonitoringRole) is listed here.
#   severity: warning
#   control: CIS AWS 1.16; AWS Well-Architected SEC03-BP02
#   resources: aws_iam_role_policy_attachment, aws_iam_role, aws_iam_group_policy_attachment
package terraform.managed_policies_stay_out

import data.lib.terraform

# They can write to their own log and read nothing.
narrow := {"AmazonRDSEnhancedMonitoringRole"}

deny contains terraform.finding(rego.metadata.chain(), resource.address, sprintf("It attaches %s.", [arn])) if {
	some resource in terraform.planned
	some attribute in ["managed_policy_arns", "policy_arn"]
	some arn in terraform.as_list(terraform.setting(resource, [attribute]))
	regex.match(`^arn:aws[a-z-]*:iam::aws:policy/`, sprintf("%v", [arn]))
	parts := split(arn, "/")
	not parts[count(parts) - 1] in narrow
}
