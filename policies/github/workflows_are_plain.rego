# What a reviewer sees is what runs.

# METADATA
# title: A workflow is one document of visible characters that says what starts it
# description: >-
#   Characters without a shape, or that turn the direction of the text, make a line look other than it is (Trojan
#   Source); encoded blobs hide what a script does, as in the workflows that worms add.
# custom:
#   remediation: >-
#     Write it out. A script that is too long for the workflow is a file of the repository.
#   severity: error
#   control: CWE-1007; CWE-506
package github.workflows_are_plain

import data.lib.workflow

deny contains {"line": index + 1, "message": "It has characters that nobody sees, or that turn the direction of the text."} if {
	some index, line in workflow.lines
	regex.match(`[\x{200B}-\x{200F}\x{202A}-\x{202E}\x{2060}-\x{2069}\x{00AD}\x{FEFF}\x{E0000}-\x{E007F}\x00-\x08\x0B-\x1F\x7F]`, line)
}

deny contains {"line": 1, "message": "It is not one mapping with jobs and what starts them, or the steps of an action."} if not is_whole

is_whole if {
	count(workflow.triggers) > 0
	count(workflow.content.jobs) > 0
}

is_whole if workflow.content.runs.using

deny contains {"line": index + 1, "message": "A second document begins; only the first is read."} if {
	some index, line in workflow.lines
	index > 0
	regex.match(`^(---|\.\.\.)(\s|$)`, line)
	some before in array.slice(workflow.lines, 0, index)
	regex.match(`^[^#\s-]`, before)
}

deny contains {"line": index + 1, "message": "It decodes what a reviewer can't read."} if {
	some index, line in workflow.lines
	regex.match(`base64\s+(-\w*[dD]\b|--decode)|\bxxd\s+-r|\bopenssl\s+(base64|enc)\s.*-d\b|Buffer\.from\([^)]*base64|b64decode|FromBase64String|\\x[0-9a-f]{2}\\x[0-9a-f]{2}`, line)
}

deny contains {"line": index + 1, "message": "It has a blob that a reviewer can't read."} if {
	some index, line in workflow.lines
	some word in regex.find_n(`[A-Za-z0-9+/=_-]{80,}`, line, -1)
	not regex.match(`^[0-9a-f]+$`, word)
	not contains(word, "/")
}
