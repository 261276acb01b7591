# What downloads_are_verified refuses, and what it lets pass.

package docker.downloads_are_verified_test

import data.docker.downloads_are_verified
import data.lib.dockerfile_instructions as df

denied(list) := found if found := {finding.line | some finding in downloads_are_verified.deny} with input as df.dockerfile(list)

test_what_is_compared_passes if {
	denied([
		df.run("curl -fsSLo a.tgz https://example.org/a.tgz && echo '0  a.tgz' | sha256sum -c"),
		df.flagged("add", [sprintf("--checksum=sha256:%s", [substring(df.digest, 8, -1)])], ["https://example.org/a.tgz", "/a"]),
		df.instruction("copy", ["app", "./"]),
		df.run("npm ci --omit=dev"),
	]) == set()
}

test_add_of_an_address_is_refused if {
	denied([df.instruction("add", ["https://example.org/a.tgz", "/a"]), df.instruction("add", ["git@github.com:a/b.git", "/b"])]) == {1, 2}
}

test_a_download_without_a_hash_is_refused if denied([df.run("wget https://example.org/a"), df.run("curl -O $URL"), df.run("git clone git@github.com:a/b")]) == {1, 2, 3}

test_a_download_into_an_interpreter_is_refused if {
	denied([
		df.run("curl -s https://example.org/i.sh | sudo -E bash -"),
		df.run("wget -qO- https://example.org/i | python3"),
		df.run("bash <(curl -s https://example.org/i.sh)"),
		df.run("sh -c \"$(curl -fsSL https://example.org/i.sh)\""),
	]) == {1, 2, 3, 4}
}

test_unchecked_tls_and_signatures_are_refused if {
	denied([
		df.instruction("env", ["NODE_TLS_REJECT_UNAUTHORIZED", "0", "="]),
		df.run("npm config set strict-ssl false"),
		df.run("apt-get install --allow-unauthenticated x"),
		df.run("curl -sk -o x https://a/b && sha256sum -c sums"),
	]) == {1, 2, 3, 4}
}

test_plain_http_is_refused if denied([df.run("npm ci --registry http://registry.example")]) == {1}
