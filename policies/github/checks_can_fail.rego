# A check that can't fail is none.

# METADATA
# title: Nothing turns the failure of a step into a success
# description: >-
#   A gate that is softened for a day stays soft: from then on its green says nothing.
# custom:
#   remediation: >-
#     Remove it, and mend or waive the finding where it is. What may fail is a job of its own that no required job needs.
#   severity: error
#   control: OWASP CICD-SEC-1
package github.checks_can_fail

import data.lib.workflow

deny contains {"line": workflow.line_of("continue-on-error"), "message": sprintf("The job %s may fail without a word.", [id])} if {
	some id, job in workflow.jobs
	object.get(job, "continue-on-error", false) != false
}

deny contains {"line": workflow.line_of("continue-on-error"), "message": sprintf("A step of the job %s may fail without a word.", [entry.job])} if {
	some entry in workflow.steps
	object.get(entry.step, "continue-on-error", false) != false
}

softens := [
	`\|\|\s*(true|:|exit\s+0|echo\b|printf\b|/bin/true|\{\s*(true|:|echo\b[^;}]*|exit\s+0)\s*;?\s*\})`,
	`(^|[;&\s])set\s+(\+\w*e|\+o\s+errexit)`,
	`;\s*(true|:|exit\s+0)\s*$`,
	`\btrap\s+["']?(exit\s+0|true|:)`,
	`\$ErrorActionPreference\s*=\s*["']?(Silently)?Continue`,
	`--(exit-zero|no-fail|soft-fail|exit-code[= ]0|no-error-on-unmatched-pattern|passWithNoTests|if-present)\b`,
]

deny contains {"line": script.line, "message": "The script hides a failure."} if {
	some script in workflow.scripts
	some pattern in softens
	regex.match(sprintf(`(?m)%s`, [pattern]), script.text)
}

deny contains {"line": script.line, "message": "The last command of the script is a success whatever came before it."} if {
	some script in workflow.scripts
	regex.match(`\n\s*(exit\s+0|true|:)\s*$`, script.text)
}

# GitHub's own `bash` has -e and pipefail; a template of one's own has what it says.
deny contains {"line": workflow.line_of(shell), "message": sprintf("The shell `%s` goes on after a failure.", [shell])} if {
	some shell in shells
	not shell in {"bash", "pwsh", "python"}
	not regex.match(`^bash\s.*(-\w*e|errexit).*pipefail`, shell)
}

shells contains entry.step.shell if some entry in workflow.steps

shells contains workflow.content.defaults.run.shell

shells contains job.defaults.run.shell if some job in workflow.jobs
