# What a build downloads is checked against a hash, over checked TLS.

# METADATA
# title: What a build downloads is checked against a hash, over checked TLS
# description: >-
#   What the network hands out once may be something else the next time, and is run with the build's rights (CWE-494).
# custom:
#   remediation: Take it from a package with a lock file, or give ADD a --checksum, or compare it by sha256sum in the same RUN; leave certificates checked.
#   severity: error
#   control: CIS Docker 4.9
package docker.downloads_are_verified

import data.lib.dockerfile

deny contains dockerfile.finding(rego.metadata.chain(), instruction, "ADD downloads without a checksum.") if {
	some instruction in input.instructions
	instruction.command == "add"
	some source in instruction.values
	regex.match(`(?i)^(https?|ftp|git|ssh)://|^git@`, source)
	not has_checksum(instruction)
}

deny contains dockerfile.finding(rego.metadata.chain(), instruction, "The command downloads, and compares no hash.") if {
	some instruction in dockerfile.runs
	regex.match(`\b(curl|wget|aria2c|fetch|http|git\s+clone)\b[^|;&]*(https?|ftp|git|ssh)://|\b(curl|wget|aria2c)\s+[^|;&]*\$|\bgit\s+clone\b`, instruction.text)
	not regex.match(`\b(sha256sum|sha384sum|sha512sum|shasum|b2sum|cosign\s+verify\S*|gpgv?\s+.*--verify)\b`, instruction.text)
}

deny contains dockerfile.finding(rego.metadata.chain(), instruction, "A download goes straight into an interpreter.") if {
	some instruction in dockerfile.runs
	some pattern in [
		`\b(curl|wget)\b[^|;&]*\|\s*(\S+=\S+\s+)*(sudo\s+(-\S+\s+)*)?(/\S*/)?(ba|z|da|k|a)?sh\b`,
		`\b(curl|wget)\b[^|;&]*\|\s*(sudo\s+)?(/\S*/)?(node|python3?|perl|ruby|tar)\b`,
		"(<\\(|\\$\\(|`)\\s*(curl|wget)\\b",
	]
	regex.match(pattern, instruction.text)
}

deny contains dockerfile.finding(rego.metadata.chain(), instruction, "Certificates or signatures are not checked.") if {
	some instruction in input.instructions
	instruction.command in {"run", "env", "arg"}
	some pattern in [
		`(?i)(NODE_TLS_REJECT_UNAUTHORIZED|PYTHONHTTPSVERIFY|npm_config_strict_ssl|strict-ssl|sslverify)["']?[=\s]+["']?(0|false)\b`,
		`(?i)GIT_SSL_NO_VERIFY|--no-check-certificate|--trusted-host|--allow-unauthenticated|--force-yes|--nogpgcheck|--no-gpg-checks?|--allow-untrusted|--nosignature|\[trusted=yes\]|--insecure\b`,
		`\bcurl\b[^|;&]*\s-[a-zA-Z]*k`,
	]
	regex.match(pattern, instruction.text)
}

deny contains dockerfile.finding(rego.metadata.chain(), instruction, "It is fetched without TLS.") if {
	some instruction in input.instructions
	instruction.command in {"run", "add"}
	regex.match(`(\b(curl|wget|git\s+clone)|--registry|--index-url)\b[^|;&]*\bhttp://|^http://`, concat(" ", array.concat([instruction.text], instruction.flags)))
}

has_checksum(instruction) if {
	some flag in instruction.flags
	regex.match(`^--checksum=sha(256|384|512):[0-9a-f]{64,}$`, flag)
}
