# A job's token may do what that job does, and nothing by default.

# METADATA
# title: The workflow has no permission, and each job names its own
# description: >-
#   What is not named is the repository's default, which may be to write everything. A step that is taken over can
#   do what its job's token can.
# custom:
#   remediation: >-
#     Write `permissions: {}` below the triggers, and in each job the scopes that its steps need, each with its
#     reason.
#   severity: error
#   control: OpenSSF Scorecard Token-Permissions; CWE-250
package github.jobs_have_least_permissions

import data.lib.workflow

is_workflow if workflow.content.jobs

deny contains {"line": workflow.line_of("permissions:"), "message": "The workflow does not begin with `permissions: {}`."} if {
	is_workflow
	object.get(workflow.content, "permissions", "default") != {}
}

deny contains {"line": workflow.line_of_job(id), "message": sprintf("The job %s does not name its permissions one by one.", [id])} if {
	is_workflow
	some id, job in workflow.jobs
	not is_object(object.get(job, "permissions", "default"))
}
