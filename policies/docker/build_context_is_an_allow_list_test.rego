# What build_context_is_an_allow_list refuses, and what it lets pass.

package docker.build_context_is_an_allow_list_test

import data.docker.build_context_is_an_allow_list
import data.lib.dockerfile_instructions as df

denied(ignore) := found if found := count(build_context_is_an_allow_list.deny) with input as object.union(df.dockerfile([df.from("scratch")]), {"ignore": ignore})

test_an_allow_list_passes if denied({"file": ".dockerignore", "patterns": ["*", "!app", "!package.json", "app/**/*.test.ts"]}) == 0

test_a_list_of_what_stays_outside_is_refused if denied({"file": ".dockerignore", "patterns": ["node_modules", ".git"]}) == 1

test_letting_in_everything_or_secrets_is_refused if {
	denied({"file": ".dockerignore", "patterns": ["*", "!**"]}) == 1
	denied({"file": ".dockerignore", "patterns": ["*", "!.git", "!.env"]}) == 2
	denied({"file": ".dockerignore", "patterns": ["*", "!certs/*.pem"]}) == 1
}

test_no_file_at_all_is_refused if {
	missing := json.remove(df.dockerfile([df.from("scratch")]), ["ignore"])
	count(build_context_is_an_allow_list.deny) == 1 with input as missing
}
