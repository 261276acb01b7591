# What final_stage_is_minimal refuses, and what it lets pass.

package docker.final_stage_is_minimal_test

import data.docker.final_stage_is_minimal
import data.lib.dockerfile_instructions as df

denied(list) := found if found := {finding.line | some finding in final_stage_is_minimal.deny} with input as df.dockerfile(list)

test_distroless_and_scratch_pass_whatever_the_build_used if {
	denied([df.stage("node:26", "build"), df.run("apt-get install gcc && npm ci"), df.from(df.distroless), df.flagged("copy", ["--from=build"], ["/app/node_modules", "./node_modules"])]) == set()
	denied([df.from("scratch")]) == set()
}

test_a_base_with_a_shell_is_refused if {
	denied([df.from("node:26-slim")]) == {1}
	denied([df.from("gcr.io/distroless/nodejs26-debian13:debug-nonroot")]) == {1}
	denied([df.stage("alpine:3", "a"), df.from("a")]) == {1}
}

test_packages_that_are_installed_into_it_are_refused if denied([df.from(df.distroless), df.run("apk add curl")]) == {2}

test_tools_that_are_copied_into_it_are_refused if {
	denied([df.from(df.distroless), df.flagged("copy", ["--from=build"], ["/bin/busybox", "/bin/sh"])]) == {2}
	denied([df.from(df.distroless), df.flagged("copy", ["--from=build"], ["/usr/local/lib/node_modules/npm", "/npm"])]) == {2}
}
