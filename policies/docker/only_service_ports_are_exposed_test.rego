# What only_service_ports_are_exposed refuses, and what it lets pass.

package docker.only_service_ports_are_exposed_test

import data.docker.only_service_ports_are_exposed
import data.lib.dockerfile_instructions as df

denied(list) := found if found := {finding.line | some finding in only_service_ports_are_exposed.deny} with input as df.dockerfile(list)

test_ports_of_the_service_pass if denied([df.instruction("expose", ["3000", "9464/tcp"])]) == set()

test_others_are_refused if denied([df.instruction("expose", ["22"]), df.instruction("expose", ["3000", "9229/tcp"]), df.instruction("expose", ["443"]), df.instruction("expose", ["3000-4000"])]) == {1, 2, 3, 4}

test_a_port_out_of_a_build_argument_is_looked_at if denied([df.instruction("arg", ["PORT=22"]), df.instruction("expose", ["${PORT}"])]) == {2}
