# Who publishes or acts for the repository does so in an environment.

# METADATA
# title: A job that may publish, push or prove its identity has a protected environment and is not started by a pull request
# description: >-
#   The token of such a job is what an attacker is after (CICD-SEC-5): with id-token it signs in elsewhere, with
#   packages or contents it changes what users get. An environment has reviewers and a branch; a pull request has
#   neither. To sign in elsewhere for a plan or a preview is the one thing that a pull request may have, where the
#   job is not for forks; what it may do there, the trust of that environment's role decides.
# custom:
#   remediation: >-
#     Move the step into a workflow that a tag or main starts, in a job with `environment: release`, and leave the
#     scope out everywhere else. For `id-token` alone, and an environment whose role only reads, the `if` of the job has
#     `github.event.pull_request.head.repo.full_name == github.repository` as one of its `&&`.
#   severity: error
#   control: OWASP CICD-SEC-5; SLSA Build L3
package github.powerful_jobs_wait_for_approval

import data.lib.workflow

powerful := {"write-all", "actions", "attestations", "contents", "deployments", "id-token", "packages", "pages"}

powers(job) := powerful & workflow.write_scopes(object.get(job, "permissions", {}))

deny contains {"line": workflow.line_of_job(id), "message": sprintf("The job %s may write %s, and nobody approves it.", [id, concat(", ", powers(job))])} if {
	some id, job in workflow.jobs
	count(powers(job)) > 0
	not job.environment
}

deny contains {"line": workflow.line_of_job(id), "message": sprintf("A pull request starts the job %s, which may write %s.", [id, concat(", ", powers(job))])} if {
	"pull_request" in workflow.triggers
	some id, job in workflow.jobs
	count(powers(job)) > 0
	not signs_in_for_us(job)
}

signs_in_for_us(job) if {
	powers(job) == {"id-token"}
	conjuncts := [trim_space(each) | some each in split(trim_space(object.get(job, "if", "")), "&&")]
	some conjunct in conjuncts
	regex.match(sprintf(`^(%s|github\.event_name != 'pull_request'|\(github\.event_name != 'pull_request' \|\| %s\))$`, [is_no_fork, is_no_fork]), conjunct)

	# `||` binds less than `&&`: outside parentheses it would go around the rest.
	every each in conjuncts {
		regex.match(`^([^|]*|\([^()]*\))$`, each)
	}
}

is_no_fork := `github\.event\.pull_request\.head\.repo\.full_name == github\.repository`
