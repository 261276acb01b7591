# What outsiders write stays text.

# METADATA
# title: No script runs a variable, or lets an outsider's text set variables of later steps
# description: >-
#   `env:` protects a script until it evaluates the value again: eval, sh -c, xargs sh, node -e, or a line in
#   GITHUB_ENV and GITHUB_PATH that changes every later step (LD_PRELOAD, NODE_OPTIONS).
# custom:
#   remediation: >-
#     Take the value as an argument ("$1" after `sh -c '…' _ "$TITLE"`), compare it with what is allowed, and pass
#     results on by GITHUB_OUTPUT.
#   severity: error
#   control: CWE-95; CWE-78
package github.scripts_evaluate_no_input

import data.lib.workflow

evaluates := [
	`(^|[;&|(\s])eval\s`,
	`\b(ba|z|da|k)?sh\s+(-\w+\s+)*-\w*c\s+("[^"]*[$\x60]|\$)`,
	`\b(node|python3?|ruby|perl|php|pwsh|powershell)\s+(\S+\s+)*(-e|-c|-p|-r|--eval|--print|-Command)\s+("[^"]*\$|\$)`,
	`(^|[;&|]\s*)(source|\.)\s+<\(`,
	`\b(Invoke-Expression|iex)\b`,
	`\b(ba|z|da)?sh\s*<<<?`,
	`\bxargs\s.*\b(ba|z|da)?sh\s+-c`,
	`\bnew\s+Function\s*\(|\beval\s*\(`,
]

deny contains {"line": script.line, "message": "The script evaluates text as a program."} if {
	some script in workflow.scripts
	some pattern in evaluates
	regex.match(sprintf(`(?m)%s`, [pattern]), script.text)
}

deny contains {"line": script.line, "message": "An outsider's text sets the environment of later steps."} if {
	some script in workflow.scripts
	regex.match(`GITHUB_(ENV|PATH)\b`, script.text)
	workflow.expands(script.text, workflow.holding(script, workflow.untrusted))
}

deny contains {"line": script.line, "message": "What a file or a command gave sets the environment of later steps."} if {
	some script in workflow.scripts
	some line in split(script.text, "\n")
	regex.match(`(\bcat\s|\$\(|\x60|<\s*\S).*GITHUB_(ENV|PATH)\b|GITHUB_(ENV|PATH)\b.*<`, line)
}
