# What hangs, or mines, is ended.

# METADATA
# title: Every job says after how many minutes it is ended
# description: >-
#   Without it a job that hangs, or that somebody made mine coins, runs six hours and is paid for.
# custom:
#   remediation: >-
#     Add `timeout-minutes:` to the job: some twice what it takes, 120 at the most.
#   severity: warning
#   control: CWE-400
package github.jobs_end_in_time

import data.lib.workflow

deny contains {"line": workflow.line_of_job(id), "message": sprintf("The job %s has no timeout-minutes of 120 or less.", [id])} if {
	workflow.content.jobs
	some id, job in workflow.jobs
	not job.uses
	not is_bounded(job)
}

is_bounded(job) if {
	is_number(job["timeout-minutes"])
	job["timeout-minutes"] <= 120
}
