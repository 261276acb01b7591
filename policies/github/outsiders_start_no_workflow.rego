# Nobody without the right to write starts a workflow that has the repository's rights.

# METADATA
# title: No trigger lets an outsider start a workflow with the repository's token and secrets
# description: >-
#   pull_request_target, workflow_run, comments, issues and discussions run with the repository's rights, whoever
#   caused them: most workflow attacks of 2024 to 2026 (Ultralytics, Nx, and the worm that added a workflow on
#   discussions) came in there. A pull request of a fork gets neither secrets nor a token that writes.
# custom:
#   remediation: >-
#     Start it by pull_request, push, merge_group, schedule or workflow_dispatch. What must write after a pull
#     request goes into a scheduled workflow or one on push to main.
#   severity: error
#   control: OWASP CICD-SEC-4; CWE-829
package github.outsiders_start_no_workflow

import data.lib.workflow

safe := {"create", "delete", "deployment", "deployment_status", "merge_group", "milestone", "page_build", "pull_request", "push", "registry_package", "release", "repository_dispatch", "schedule", "workflow_call", "workflow_dispatch"}

deny contains {"line": workflow.line_of(trigger), "message": sprintf("%s is started by outsiders, with the rights of the repository.", [trigger])} if {
	some trigger in workflow.triggers
	not trigger in safe
}
