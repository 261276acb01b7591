# What process_receives_signals refuses, and what it lets pass.

package docker.process_receives_signals_test

import data.docker.process_receives_signals
import data.lib.dockerfile_instructions as df

denied(list) := found if found := {finding.line | some finding in process_receives_signals.deny} with input as df.dockerfile(array.concat([df.from(df.distroless)], list))

test_a_program_of_its_own_passes if denied([df.instruction("stopsignal", ["SIGTERM"]), df.exec("entrypoint", ["/nodejs/bin/node"]), df.exec("cmd", ["app/main.ts"])]) == set()

test_the_shell_form_is_refused if denied([df.instruction("cmd", ["node app/main.ts"])]) == {2}

test_a_program_in_between_is_refused if {
	denied([df.exec("cmd", ["npm", "start"])]) == {2}
	denied([df.exec("entrypoint", ["/bin/sh", "-c"]), df.exec("cmd", ["node"])]) == {2}
}

test_nothing_to_start_is_refused if denied([]) == {1}

test_another_signal_is_refused if denied([df.exec("cmd", ["node"]), df.instruction("stopsignal", ["SIGKILL"])]) == {3}
