# What packages_come_from_the_lock_file refuses, and what it lets pass.

package docker.packages_come_from_the_lock_file_test

import data.docker.packages_come_from_the_lock_file
import data.lib.dockerfile_instructions as df

denied(list) := found if found := {finding.line | some finding in packages_come_from_the_lock_file.deny} with input as df.dockerfile(list)

test_a_locked_install_passes if {
	denied([
		df.stage("node", "packages"), df.run("npm ci --omit=dev --omit=optional"),
		df.stage("node", "build"), df.run("npm ci && npm run build"),
		df.from(df.distroless), df.flagged("copy", ["--from=packages"], ["/app/node_modules", "./node_modules"]),
		df.run("pip install --require-hashes -r requirements.txt"), df.run("yarn install --immutable"),
	]) == set()
}

test_an_install_that_resolves_anew_is_refused if {
	denied([df.run("npm install"), df.run("npm --silent i koa"), df.run("npx --yes tsc"), df.run("cargo install x"), df.run("rm -f package-lock.json && npm ci")]) == {1, 2, 3, 4, 5}
}

test_an_install_without_the_lock_is_refused if denied([df.run("yarn install"), df.run("pnpm i"), df.run("pip install flask")]) == {1, 2, 3}

test_install_scripts_are_refused if denied([df.run("npm ci --ignore-scripts=false"), df.instruction("env", ["npm_config_ignore_scripts", "false", "="])]) == {1, 2}

test_development_dependencies_that_ship_are_refused if {
	denied([df.stage("node", "packages"), df.run("npm ci"), df.from(df.distroless), df.flagged("copy", ["--from=packages"], ["/app/node_modules", "./node_modules"])]) == {2}
	denied([df.from("node"), df.run("npm ci"), df.from(df.distroless), df.flagged("copy", ["--from=0"], ["/app/node_modules", "./node_modules"])]) == {2}
}
