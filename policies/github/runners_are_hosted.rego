# Every job gets a machine of its own, which is thrown away.

# METADATA
# title: Every job runs on a machine of GitHub that is new for it
# description: >-
#   On a machine that stays, the code of a pull request can leave something behind for the next job: the worm of
#   November 2025 registered one as its back door.
# custom:
#   remediation: >-
#     Use a label of GitHub's (ubuntu-24.04, windows-2025, macos-15), written out, or a matrix that lists them.
#   severity: error
#   control: OWASP CICD-SEC-7
package github.runners_are_hosted

import data.lib.workflow

hosted := `^(ubuntu-(latest|slim|\d\d\.\d\d)(-arm)?|windows-(latest|20\d\d|11-arm)|macos-(latest|\d\d)(-(x?large|intel))?)$`

deny contains {"line": workflow.line_of_job(id), "message": sprintf("The job %s runs on %v, which is no machine of GitHub's own.", [id, label])} if {
	some id, job in workflow.jobs
	some label in labels(job)
	not is_hosted(label)
}

labels(job) := resolved if {
	[_, key] := regex.find_all_string_submatch_n(`^\$\{\{\s*matrix\.([\w-]+)\s*\}\}$`, job["runs-on"], 1)[0]
	resolved := {value | some value in job.strategy.matrix[key]} | {each[key] | some each in job.strategy.matrix.include}
	count(resolved) > 0
} else := {job["runs-on"]} if {
	is_string(job["runs-on"])
} else := {label | some label in job["runs-on"]} if {
	is_array(job["runs-on"])
} else := {"a group"} if is_object(job["runs-on"])

is_hosted(label) if regex.match(hosted, label)
