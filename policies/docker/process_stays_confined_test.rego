# What process_stays_confined refuses, and what it lets pass.

package docker.process_stays_confined_test

import data.docker.process_stays_confined
import data.lib.dockerfile_instructions as df

production := df.instruction("env", ["NODE_ENV", "production", "="])

denied(list) := found if found := {finding.line | some finding in process_stays_confined.deny} with input as df.dockerfile(array.concat([df.from(df.distroless)], list))

test_a_narrow_process_passes if denied([production, df.exec("entrypoint", ["/nodejs/bin/node"]), df.exec("cmd", ["--permission", "--allow-fs-read=/app", "app/main.ts"])]) == set()

test_what_is_not_node_is_not_judged if count(process_stays_confined.deny) == 0 with input as df.dockerfile([df.from("scratch"), df.exec("entrypoint", ["/collector"])])

test_a_process_without_permissions_is_refused if denied([production, df.exec("cmd", ["app/main.ts"])]) == {3}

test_wide_grants_are_refused if {
	denied([production, df.exec("cmd", ["--permission", "--allow-fs-read=*", "app/main.ts"])]) == {3}
	denied([production, df.exec("cmd", ["--permission", "--allow-child-process", "app/main.ts"])]) == {3}
	denied([production, df.exec("entrypoint", ["node", "--permission", "--allow-fs-write=/app"])]) == {3}
}

test_a_debugger_is_refused if {
	denied([production, df.exec("cmd", ["--permission", "--inspect=0.0.0.0:9229", "app/main.ts"])]) == {3}
	denied([production, df.instruction("env", ["NODE_OPTIONS", "\"--max-old-space-size=512 --inspect\"", "="]), df.exec("cmd", ["--permission", "app/main.ts"])]) == {3}
}

test_another_mode_is_refused if {
	denied([df.instruction("env", ["NODE_ENV", "development", "="]), df.exec("cmd", ["--permission", "app/main.ts"])]) == {2}
	denied([df.exec("cmd", ["--permission", "app/main.ts"])]) == {1}
}
