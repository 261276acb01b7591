# What secrets_stay_out_of_layers refuses, and what it lets pass.

package docker.secrets_stay_out_of_layers_test

import data.docker.secrets_stay_out_of_layers
import data.lib.dockerfile_instructions as df

denied(list) := found if found := {finding.line | some finding in secrets_stay_out_of_layers.deny} with input as df.dockerfile(list)

test_settings_and_mounted_secrets_pass if {
	denied([
		df.from(df.distroless),
		df.instruction("env", ["NODE_ENV", "production", "=", "DATABASE_PASSWORD_FILE", "/run/secrets/database", "="]),
		df.instruction("arg", ["VERSION=1.0"]),
		df.flagged("run", ["--mount=type=secret,id=npm,target=/app/.npmrc"], ["npm ci"]),
		df.instruction("copy", ["package.json", ".env.example", "./"]),
	]) == set()
}

test_variables_and_build_arguments_are_refused if {
	denied([df.instruction("env", ["HOST", "0.0.0.0", "=", "SESSION_SECRET", "\"x\"", "="])]) == {1}
	denied([df.instruction("arg", ["NPM_TOKEN"])]) == {1}
	denied([df.instruction("arg", ["API_KEY=abc=def"])]) == {1}
}

test_an_address_with_a_password_is_refused if {
	denied([df.instruction("env", ["DATABASE_URL", "postgres://app:hunter2@db/app", "="])]) == {1}
	denied([df.run("git clone https://x:ghp@github.com/a/b")]) == {1}
}

test_files_of_credentials_are_refused if {
	denied([df.instruction("copy", [".env", "./"]), df.instruction("add", ["certs/server.key", "/etc/"]), df.instruction("copy", ["home/.ssh/", "/r/"])]) == {1, 2, 3}
}

test_credentials_in_a_command_are_refused if {
	denied([
		df.run("npm config set //registry.npmjs.org/:_authToken=abc"),
		df.run("curl -H 'Authorization: Bearer abc' https://example.com"),
		df.run("echo $NPM_TOKEN > .npmrc"),
	]) == {1, 2, 3}
}
