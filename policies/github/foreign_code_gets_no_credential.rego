# The code of a pull request runs only where there is nothing to take.

# METADATA
# title: Only a workflow of pull_request checks out a pull request
# description: >-
#   Whoever opens a pull request writes its code, its install scripts and its tests. In a workflow that has
#   secrets or a token that writes they get both, also when a person started it by hand (`gh pr checkout`,
#   refs/pull/…).
# custom:
#   remediation: >-
#     Let pull_request do it, whose token only reads; or check out the default `ref`, and read the pull request by
#     the API without running it.
#   severity: error
#   control: OWASP CICD-SEC-4; CWE-829
package github.foreign_code_gets_no_credential

import data.lib.workflow

foreign := `refs/(remotes/)?pull/|refs/pull|\bpull/[^\s/]+/(head|merge)|\bgh\s+pr\s+checkout|pull_request\.head|workflow_run\.head|\bgithub\.head_ref|GITHUB_HEAD_REF|\bpulls?_?(request)?[-_.]?(number|id)`

is_harmless if {
	workflow.triggers == {"pull_request"}
	not regex.match(`secrets\.`, input.text)
}

deny contains {"line": use.line, "message": "It checks out the code of a pull request, or of whom an input names, beside the repository's rights."} if {
	not is_harmless
	some use in workflow.uses
	contains(lower(use.reference), "checkout@")
	some key in ["ref", "repository"]
	regex.match(sprintf(`(?i)%s|\binputs\.|client_payload|\$\{\{\s*(env|needs|steps|vars|matrix)\.`, [foreign]), object.get(use.with, key, ""))
}

deny contains {"line": script.line, "message": "This script fetches the code of a pull request beside the repository's rights."} if {
	not is_harmless
	some script in workflow.scripts
	regex.match(`(?i)\b(git\s+(-\S+\s+\S+\s+)?(fetch|pull|checkout|clone|worktree)|gh\s+(pr\s+checkout|repo\s+clone))\b`, script.text)
	regex.match(sprintf(`(?i)%s`, [foreign]), script.text)
}
