# What base_images_are_pinned refuses, and what it lets pass.

package docker.base_images_are_pinned_test

import data.docker.base_images_are_pinned
import data.lib.dockerfile_instructions as df

denied(list) := found if found := {finding.line | some finding in base_images_are_pinned.deny} with input as df.dockerfile(list)

test_images_with_a_digest_stages_and_scratch_pass if {
	denied([
		df.stage(df.distroless, "a"), df.stage("a", "b"), df.from("scratch"),
		df.flagged("copy", ["--from=b"], ["/x", "/x"]), df.flagged("copy", ["--from=0"], ["/y", "/y"]),
		df.flagged("copy", [sprintf("--from=%s", [df.distroless])], ["/z", "/z"]),
	]) == set()
}

test_a_tag_or_nothing_is_refused if denied([df.from("node:latest"), df.from("node"), df.from("node:26.1.0")]) == {1, 2, 3}

test_an_image_out_of_a_build_argument_is_looked_at if {
	denied([df.instruction("arg", ["BASE=node:26"]), df.from("${BASE}")]) == {2}
	denied([df.instruction("arg", ["UNSET"]), df.from("$UNSET")]) == {2}
	denied([df.instruction("arg", [sprintf("BASE=%s", [df.distroless])]), df.from("$BASE")]) == set()
}

test_what_is_copied_or_mounted_from_is_an_image_too if {
	denied([
		df.from("scratch"),
		df.flagged("copy", ["--from=busybox:1"], ["/a", "/b"]),
		df.flagged("run", ["--mount=type=bind,from=alpine:3,target=/x"], ["true"]),
	]) == {2, 3}
}

test_the_frontend_is_an_image if {
	document := object.union(df.dockerfile([df.from("scratch")]), {"frontend": "docker/dockerfile:1"})
	count(base_images_are_pinned.deny) == 1 with input as document
	count(base_images_are_pinned.deny) == 0 with input as object.union(document, {"frontend": sprintf("docker/dockerfile:1%s", [df.digest])})
}

test_a_finding_says_what_to_do if {
	some finding in base_images_are_pinned.deny with input as df.dockerfile([df.from("node")])
	finding.severity == "error"
	finding.file == "Dockerfile"
	contains(finding.remediation, "digest")
}
