# A service has no right that it does not use.

# METADATA
# title: No service is privileged, has a capability, shares a namespace of its machine, or can get more
# description: Each of these is a documented way from the container to the machine.
# custom:
#   remediation: >-
#     Write cap_drop: [ALL] and security_opt: [no-new-privileges:true]; take privileged, cap_add, devices and every `host` out.
#   severity: error
#   control: CIS Docker 5.4, 5.5, 5.9, 5.10, 5.16, 5.18, 5.26
package compose.privileges_are_dropped

import data.lib.compose
import data.lib.document

deny contains document.finding(rego.metadata.chain(), compose.line(name), sprintf("%s keeps capabilities.", [name])) if {
	some name, service in compose.services
	not "ALL" in object.get(service, "cap_drop", [])
}

deny contains document.finding(rego.metadata.chain(), compose.line(name), sprintf("%s can get new privileges.", [name])) if {
	some name, service in compose.services
	count({"no-new-privileges", "no-new-privileges:true"} & {option | some option in object.get(service, "security_opt", [])}) == 0
}

deny contains document.finding(rego.metadata.chain(), compose.line(name), sprintf("%s has %s.", [name, key])) if {
	some name, service in compose.services
	some key in ["cap_add", "device_cgroup_rules", "devices", "privileged"]
	not object.get(service, key, []) in [[], false]
}

deny contains document.finding(rego.metadata.chain(), compose.line(name), sprintf("%s shares %s with its machine.", [name, key])) if {
	some name, service in compose.services
	some key in ["cgroup", "ipc", "network_mode", "pid", "userns_mode", "uts"]
	service[key] == "host"
}

deny contains document.finding(rego.metadata.chain(), compose.line(name), sprintf("%s is not confined: %s.", [name, option])) if {
	some name, service in compose.services
	some option in object.get(service, "security_opt", [])
	regex.match(`(unconfined|disable)$`, option)
}
