# No secret goes into a layer or the image's history.

# METADATA
# title: No secret goes into a layer or the image's history
# description: >-
#   Everybody who can pull the image can read every layer, build argument and variable of it, deleted files included (CWE-538).
# custom:
#   remediation: Hand it to the build by RUN --mount=type=secret, and to the process by a file or variable at its start; revoke one that was built in.
#   severity: error
#   control: CIS Docker 4.10
package docker.secrets_stay_out_of_layers

import data.lib.dockerfile

deny contains dockerfile.finding(rego.metadata.chain(), assignment.instruction, sprintf("%s stays in the image's history.", [assignment.name])) if {
	some assignment in dockerfile.assignments
	regex.match(`(?i)(passw(or)?d|pwd$|passphrase|secret|token|api_?key|private_?key|access_?key|encryption_?key|signing_?key|credential|_auth$|_pat$)`, assignment.name)
	not regex.match(`(?i)_(file|path|dir|ttl|seconds|ms|issuer|audience|algorithms?|name)$`, assignment.name)
}

deny contains dockerfile.finding(rego.metadata.chain(), instruction, "An address with a password in it stays in the image's history.") if {
	some instruction in input.instructions
	regex.match(`[a-z+]://[^\s/:@$"']*:[^\s/@$"']+@`, instruction.text)
}

deny contains dockerfile.finding(rego.metadata.chain(), instruction, sprintf("%s is copied into a layer.", [source])) if {
	some instruction in dockerfile.copies
	some source in instruction.values
	regex.match(`(^|/)(\.env(\.[a-z]+)?|\.git|\.ssh|\.aws|\.kube|\.docker|\.netrc|\.pypirc|\.git-credentials|credentials(\.json)?|id_(rsa|dsa|ecdsa|ed25519)|[^/]*\.(pem|key|p12|pfx|jks|keystore))/?$`, source)
	not endswith(source, ".env.example")
}

deny contains dockerfile.finding(rego.metadata.chain(), instruction, "The command has a credential among its words.") if {
	some instruction in dockerfile.runs
	regex.match(`(?i)(_authtoken|_password|--password|--token|--api-?key)([= ]|["'],? *["']?)["']?[^\s$"']|authorization: *(bearer|basic|token) +[^\s$]|echo\s+["']?\$\{?\w*(token|secret|password|key)\w*`, instruction.text)
}
