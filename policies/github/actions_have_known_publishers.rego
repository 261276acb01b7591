# Whose code may run in a job is decided, not found in a search.

# METADATA
# title: Every action comes from a publisher that this policy names
# description: >-
#   An action reads what its job may read. Look-alikes of known names (action/checkout) wait for a slip of a
#   finger, and every further publisher is one more account that can be taken over.
# custom:
#   remediation: >-
#     Use an action of a publisher that policies/github/actions_have_known_publishers.rego names, or a command of
#     a few lines; a new publisher is added there in a change of its own, with the reason.
#   severity: error
#   control: OWASP CICD-SEC-3
package github.actions_have_known_publishers

import data.lib.workflow

publishers := {"actions", "aws-actions", "docker", "github", "hashicorp", "ossf", "sigstore", "step-security"}

deny contains {"line": use.line, "message": sprintf("Nobody decided to trust the publisher of %s.", [use.reference])} if {
	some use in workflow.uses
	not startswith(use.reference, "./")
	not split(use.reference, "/")[0] in publishers
}
