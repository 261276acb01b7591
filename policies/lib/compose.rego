# A compose file as its policies see it: services, and what they publish and mount, in each form in which it can be said.

# METADATA
# title: A compose file as its policies see it
# description: The input is {file, text}. https://github.com/compose-spec/compose-spec/blob/main/spec.md
package lib.compose

import data.lib.document

services[name] := service if {
	some name, service in document.content.services
	is_object(service)
}

line(name) := document.line_of_key(name)

# METADATA
# description: What a service publishes, with the address that it listens on ("" is every one).
ports contains {"service": name, "host": host_of(port), "text": sprintf("%v", [port])} if {
	some name, service in services
	some port in object.get(service, "ports", [])
}

host_of(port) := object.get(port, "host_ip", "") if is_object(port)

host_of(port) := "" if is_number(port)

# [address:]published:container, and an address of version 6 in brackets.
host_of(port) := host if {
	is_string(port)
	[[_, host]] := regex.find_all_string_submatch_n(`^(\[[^\]]*\]|[^:]*):[^:]*:[^:]*$`, port, 1)
} else := "" if is_string(port)

# METADATA
# description: What a service mounts from its machine; a named volume is none of it.
mounts contains {"service": name, "source": source} if {
	some name, service in services
	some volume in object.get(service, "volumes", [])
	source := source_of(volume)
	regex.match(`^[./~$]`, source)
}

source_of(volume) := object.get(volume, "source", "") if is_object(volume)

source_of(volume) := split(volume, ":")[0] if is_string(volume)

# METADATA
# description: Variables of a service, which are a mapping or a list of NAME=value.
variables contains {"service": name, "name": variable, "value": sprintf("%v", [value])} if {
	some name, service in services
	is_object(service.environment)
	some variable, value in service.environment
}

variables contains {"service": name, "name": parts[0], "value": concat("=", array.slice(parts, 1, count(parts)))} if {
	some name, service in services
	is_array(service.environment)
	some declared in service.environment
	parts := split(declared, "=")
}
