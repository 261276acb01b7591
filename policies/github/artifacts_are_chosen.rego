# What is uploaded is chosen file by file.

# METADATA
# title: No artifact is a whole workspace, home or a folder with hidden files
# description: >-
#   The workspace has .git/config with its token, .env and whatever a step left; everybody who can read the
#   repository can download an artifact.
# custom:
#   remediation: >-
#     Name the files or the folder that a reader needs, below one of your own, and leave hidden files out.
#   severity: error
#   control: CWE-538; OWASP CICD-SEC-6
package github.artifacts_are_chosen

import data.lib.workflow

deny contains {"line": use.line, "message": sprintf("It uploads %q: everything that lies there.", [chosen])} if {
	some use in uploads
	some line in split(use.with.path, "\n")
	chosen := trim_space(line)
	regex.match(`^(\./?|/|~/?|\*{1,2}|(\./)?\*\*?(/\*\*?)*|\.\./?.*|\$\{\{\s*(github\.workspace|runner\.(temp|workspace)|env\.HOME)\s*\}\}/?(\*\*?(/\*\*?)*)?|(\S*/)?\.git(/.*)?|(\S*/)?\.env\S*|~/\.\S*)$`, chosen)
}

deny contains {"line": use.line, "message": "It uploads hidden files too."} if {
	some use in uploads
	object.get(use.with, "include-hidden-files", false) != false
}

uploads contains use if {
	some use in workflow.uses
	contains(use.reference, "upload-")
	is_string(use.with.path)
}
