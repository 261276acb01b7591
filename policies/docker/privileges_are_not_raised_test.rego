# What privileges_are_not_raised refuses, and what it lets pass.

package docker.privileges_are_not_raised_test

import data.docker.privileges_are_not_raised
import data.lib.dockerfile_instructions as df

denied(list) := found if found := {finding.line | some finding in privileges_are_not_raised.deny} with input as df.dockerfile(list)

test_ordinary_commands_pass if denied([df.run("npm ci && node --eval 'summary()'"), df.flagged("run", ["--mount=type=cache,target=/c", "--network=none"], ["make"]), df.exec("cmd", ["node", "app/main.ts"])]) == set()

test_leaving_the_sandbox_is_refused if denied([df.flagged("run", ["--security=insecure"], ["make"]), df.flagged("run", ["--network=host"], ["make"])]) == {1, 2}

test_raised_rights_are_refused if {
	denied([df.run("echo x && sudo make"), df.run("setcap cap_net_bind_service=+ep /usr/bin/node"), df.exec("entrypoint", ["gosu", "node", "node"]), df.instruction("volume", ["/var/run/docker.sock"]), df.run("usermod -aG sudo app")]) == {1, 2, 3, 4, 5}
}
