# The build sees only the files that are named for it.

# METADATA
# title: The build sees only the files that are named for it
# description: >-
#   What the context holds, one COPY puts into the image: the history, .env, keys and test data (CWE-538).
# custom:
#   remediation: Begin .dockerignore with a line that ignores everything, and let back in, by name, what the image is made of.
#   severity: error
#   control: CIS Docker 4.10
package docker.build_context_is_an_allow_list

import data.lib.dockerfile

deny contains dockerfile.finding(rego.metadata.chain(), {"line": 1}, "There is no .dockerignore.") if not input.ignore

deny contains dockerfile.finding(rego.metadata.chain(), {"line": 1, "file": input.ignore.file}, "The first pattern does not ignore everything.") if {
	not input.ignore.patterns[0] in {"*", "**", "**/*"}
}

deny contains dockerfile.finding(rego.metadata.chain(), {"line": 1, "file": input.ignore.file}, sprintf("%s lets in what no image is made of.", [pattern])) if {
	some pattern in input.ignore.patterns
	regex.match(`^!\s*/?(\./)?((\*\*?|\.)(/\*\*?)?|(\*\*/|.*/)?(\.env(\..*)?|\.git(/.*)?|\.ssh(/.*)?|\.aws(/.*)?|\.data(/.*)?|\.cache(/.*)?|\.github(/.*)?|node_modules(/.*)?|id_rsa|\*?\.[^/]*(pem|key|p12|pfx)))/?$`, pattern)
}
