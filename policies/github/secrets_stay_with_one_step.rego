# A secret is given to the step that needs it, by its name.

# METADATA
# title: No secret is handed to a whole workflow or job, to all at once, or to a called workflow
# description: >-
#   What one step gets, a poisoned dependency of another step can't read. toJSON(secrets) and `secrets: inherit`
#   hand over also those that are added later: the worms of 2025 dumped them so.
# custom:
#   remediation: >-
#     Name the one secret in `env:` of the step that uses it.
#   severity: error
#   control: OWASP CICD-SEC-6; CWE-522
package github.secrets_stay_with_one_step

import data.lib.workflow

every_secret := `(?i)\$\{\{[^}]*(toJSON\(\s*(secrets|github)\s*\)|\bsecrets\s*\[|secrets\s*\.\s*\*|\bsecrets\s*\}\}|\bsecrets\s*[,)])`

deny contains {"line": index + 1, "message": "It takes secrets otherwise than by one name."} if {
	some index, line in workflow.lines
	regex.match(every_secret, line)
}

deny contains {"line": workflow.line_of_job(id), "message": sprintf("The workflow that the job %s calls gets every secret.", [id])} if {
	some id, job in workflow.jobs
	job.secrets == "inherit"
}

deny contains {"line": workflow.line_of(name), "message": sprintf("%s is a secret that every step gets.", [name])} if {
	some mapping in shared
	some name, value in mapping
	regex.match(sprintf(`(?i)\$\{\{.*(%s)`, [workflow.secret]), sprintf("%v", [value]))
}

shared contains workflow.of_mapping(object.get(workflow.content, "env", {}))

shared contains workflow.of_mapping(object.get(job, "env", {})) if some job in workflow.jobs
