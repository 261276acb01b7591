# What files_belong_to_root refuses, and what it lets pass.

package docker.files_belong_to_root_test

import data.docker.files_belong_to_root
import data.lib.dockerfile_instructions as df

denied(list) := found if found := {finding.line | some finding in files_belong_to_root.deny} with input as df.dockerfile(list)

test_files_of_root_pass if {
	denied([
		df.stage("node", "build"), df.run("chown -R node:node /app && chmod u+x build.sh"),
		df.from(df.distroless), df.flagged("copy", ["--from=build", "--chown=0:0", "--chmod=0555"], ["/a", "/a"]),
		df.exec("run", ["chown", "-R", "root:root", "/a"]), df.run("chmod 755 /a"),
	]) == set()
}

test_files_that_are_given_away_are_refused if {
	denied([df.from(df.distroless), df.flagged("copy", ["--chown=65532:65532"], ["app", "./app"]), df.exec("run", ["chown", "-R", "nonroot", "/app"])]) == {2, 3}
}

test_files_that_others_may_write_are_refused if {
	denied([df.run("chmod -R 777 /app"), df.run("chmod a+rwx /tmp/x"), df.run("chmod u+s /bin/x"), df.run("chmod 4755 /bin/x"), df.flagged("copy", ["--chmod=666"], ["a", "b"]), df.run("chmod g=rw,o+w x")]) == {1, 2, 3, 4, 5, 6}
}
