# A check that the ruleset demands can't be stepped around.

# METADATA
# title: Every job that .github/ruleset.json requires runs on every change and judges all it needs
# description: >-
#   GitHub counts a skipped check as passed, and waits for ever for one that no workflow has. A job whose `needs`
#   failed is skipped, unless it says always().
# custom:
#   remediation: >-
#     Give the job `if: always()` and let it fail unless every `needs.*.result` is success; keep `paths`,
#     `branches-ignore` and other conditions out of its workflow; a new name goes into .github/ruleset.json too.
#   severity: error
#   control: OWASP CICD-SEC-1
package github.required_checks_always_report

import data.lib.workflow

required := {check.context |
	some rule in input.ruleset.rules
	rule.type == "required_status_checks"
	some check in rule.parameters.required_status_checks
}

reporting[id] := job if {
	some id, job in workflow.jobs
	object.get(job, "name", id) in required
	"pull_request" in workflow.triggers
}

deny contains {"line": workflow.line_of_job(id), "message": sprintf("The required job %s is skipped, and so passed, when what it needs failed.", [id])} if {
	some id, job in reporting
	object.get(job, "needs", []) != []
	not regex.match(`^\s*(\$\{\{)?\s*always\(\)\s*(\}\})?\s*$`, object.get(job, "if", ""))
}

deny contains {"line": workflow.line_of_job(id), "message": sprintf("The required job %s has a condition, and counts as passed when that does not hold.", [id])} if {
	some id, job in reporting
	object.get(job, "needs", []) == []
	job.if
}

deny contains {"line": workflow.line_of_job(id), "message": sprintf("The required job %s does not demand that all it needs succeeded.", [id])} if {
	some id, job in reporting
	object.get(job, "needs", []) != []
	not demands_success(job)
}

deny contains {"line": workflow.line_of_job(id), "message": sprintf("The required job %s does not need the job %s of its workflow.", [id, other])} if {
	some id, job in reporting
	some other, each in workflow.jobs
	other != id
	not other in as_array(object.get(job, "needs", []))
	not is_extra(each)
}

deny contains {"line": workflow.line_of(filter), "message": sprintf("The workflow of a required check does not run on every pull request (%s).", [filter])} if {
	count(reporting) > 0
	some filter in ["paths", "paths-ignore", "branches-ignore", "branches", "types"]
	workflow.content.on.pull_request[filter]
}

demands_success(job) if {
	some step in job.steps
	some value in step.env
	regex.match(`toJSON\(\s*needs(\.\*\.result)?\s*\)|needs\.\*\.result`, value)
	regex.match(`success`, step.run)
	not regex.match(`success.*(\|\||or)\s.*skipped|skipped.*(\|\||or)\s.*success`, step.run)
}

# Uploads to code scanning alone.
is_extra(job) if object.get(job, "permissions", {}) == {"security-events": "write"}

as_array(value) := value if is_array(value)

as_array(value) := [value] if is_string(value)
