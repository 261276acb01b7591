# What health_is_checked refuses, and what it lets pass.

package docker.health_is_checked_test

import data.docker.health_is_checked
import data.lib.dockerfile_instructions as df

denied(list) := found if found := {finding.line | some finding in health_is_checked.deny} with input as df.dockerfile(array.concat([df.from(df.distroless)], list))

test_a_program_passes if denied([df.exec("healthcheck", ["CMD", "/nodejs/bin/node", "healthcheck.ts"])]) == set()

test_none_of_it_is_refused if {
	denied([]) == {1}
	denied([df.instruction("healthcheck", ["NONE"])]) == {2}
	denied([df.instruction("healthcheck", ["CMD", "node check.ts || exit 1"])]) == {2}
}

test_a_program_that_is_not_there_is_refused if denied([df.exec("healthcheck", ["CMD", "curl", "-f", "localhost"])]) == {2}
