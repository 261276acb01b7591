# Foreign code runs at the commit that was looked at.

# METADATA
# title: Every action and reusable workflow is a full commit with its version beside it
# description: >-
#   A tag can be moved to other code after it was reviewed, as that of tj-actions/changed-files was in 2025; a
#   commit can't. Without the version in a comment nobody sees what it is, and Dependabot does not keep it fresh.
# custom:
#   remediation: >-
#     Write `owner/action@<40 hex digits> # vX.Y.Z`, the commit of that tag; an image as `docker://name@sha256:…`.
#   severity: error
#   control: OpenSSF Scorecard Pinned-Dependencies; CWE-829
package github.actions_are_pinned

import data.lib.workflow

deny contains {"line": use.line, "message": sprintf("%s is no full commit.", [use.reference])} if {
	some use in foreign
	not regex.match(`^[^@\s]+@[0-9a-f]{40}$`, use.reference)
	not regex.match(`^docker://[^@\s]+@sha256:[0-9a-f]{64}$`, use.reference)
}

deny contains {"line": index + 1, "message": sprintf("%s does not say which version it is.", [use.reference])} if {
	some use in foreign
	not startswith(use.reference, "docker://")
	some index, line in workflow.lines
	contains(line, use.reference)
	not regex.match(`#\s*v?\d+(\.\d+)+\b`, line)
}

foreign contains use if {
	some use in workflow.uses
	not startswith(use.reference, "./")
}
