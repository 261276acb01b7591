# An expression is pasted into a script before any shell sees it.

# METADATA
# title: No script has a template expression in it
# description: >-
#   Whatever an expression gives (a title, a branch, an input, the output of an earlier step) becomes part of the
#   program. A branch named $(…) ran in the release of Ultralytics in 2024.
# custom:
#   remediation: >-
#     Give the value by `env:` of the step, and write "$NAME" in the script (process.env.NAME in JavaScript).
#   severity: error
#   control: CWE-94; OWASP CICD-SEC-4
package github.scripts_hold_no_expression

import data.lib.workflow

deny contains {"line": script.line, "message": "The script has ${{ … }} in it."} if {
	some script in workflow.scripts
	contains(script.text, "${{")
}

deny contains {"line": workflow.line_of(workflow.first_line(shell)), "message": "The shell is named by an expression."} if {
	some entry in workflow.steps
	shell := entry.step.shell
	contains(shell, "${{")
}
