# What is published is built from what was reviewed.

# METADATA
# title: A workflow that publishes restores no cache
# description: >-
#   Every run of the default branch may write the cache, and a poisoned entry comes back in the release
#   (Ultralytics, 2024), where it is signed.
# custom:
#   remediation: >-
#     Leave the cache out of what publishes, and switch it off where an action has it by default (`cache: false`,
#     `package-manager-cache: false`, `cache-binary: false`, `no-cache: true`).
#   severity: error
#   control: SLSA Build L3 isolated; CWE-349
package github.releases_use_no_cache

import data.lib.workflow

publishes if "release" in workflow.triggers

publishes if workflow.content.on.push.tags

publishes if {
	some job in workflow.jobs
	count({"contents", "packages", "id-token", "attestations", "write-all"} & workflow.write_scopes(object.get(job, "permissions", {}))) > 0
}

# Which input switches off a cache that is on.
by_default := {"actions/setup-go": "cache", "docker/setup-buildx-action": "cache-binary"}

deny contains {"line": use.line, "message": sprintf("%s restores a cache.", [use.reference])} if {
	publishes
	some use in workflow.uses
	regex.match(`(^|/)(rust-)?cache([/@]|-)|actions-cache`, lower(use.reference))
}

deny contains {"line": use.line, "message": sprintf("%s caches, by %s.", [use.reference, key])} if {
	publishes
	some use in workflow.uses
	some key, value in use.with
	regex.match(`^(cache(-from|-to|-binary|-dependency-path)?|.*-cache|enable-cache)$`, key)
	key != "no-cache"
	not value in {false, "false", ""}
}

deny contains {"line": use.line, "message": sprintf("%s caches unless %s is false.", [use.reference, by_default[name]])} if {
	publishes
	some use in workflow.uses
	name := split(use.reference, "@")[0]
	object.get(use.with, by_default[name], true) == true
}

deny contains {"line": use.line, "message": "The image is built from cached layers: no-cache is not true."} if {
	publishes
	some use in workflow.uses
	startswith(use.reference, "docker/build-push-action@")
	object.get(use.with, "no-cache", false) != true
}

deny contains {"line": script.line, "message": "The script restores a cache."} if {
	publishes
	some script in workflow.scripts
	regex.match(`--cache-(from|to)|\bgh\s+cache\b|\bsccache\b`, script.text)
}
