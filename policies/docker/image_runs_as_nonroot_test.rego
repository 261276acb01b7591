# What image_runs_as_nonroot refuses, and what it lets pass.

package docker.image_runs_as_nonroot_test

import data.docker.image_runs_as_nonroot
import data.lib.dockerfile_instructions as df

denied(users) := found if found := {finding.line | some finding in image_runs_as_nonroot.deny} with input as df.dockerfile(array.concat([df.from(df.distroless)], [df.instruction("user", [user]) | some user in users]))

test_a_number_passes if denied(["0:0", "65532:65532"]) == set()

test_root_a_name_and_a_variable_are_refused if {
	denied(["65532", "0"]) == {3}
	denied(["root"]) == {2}
	denied(["node"]) == {2}
	denied(["$USER_ID"]) == {2}
	denied(["65532:0"]) == {2}
}

test_no_user_is_refused_where_the_final_stage_begins if denied([]) == {1}

test_the_user_is_inherited_and_that_of_another_stage_does_not_count if {
	inherited := df.dockerfile([df.stage(df.distroless, "base"), df.instruction("user", ["1000"]), df.from("base")])
	count(image_runs_as_nonroot.deny) == 0 with input as inherited
	elsewhere := df.dockerfile([df.stage(df.distroless, "build"), df.instruction("user", ["1000"]), df.from(df.distroless)])
	count(image_runs_as_nonroot.deny) == 1 with input as elsewhere
}
