# What file_systems_are_read_only refuses, and what it lets pass.
package compose.file_systems_are_read_only_test

import data.compose.file_systems_are_read_only

refused := [
	`services:
  a:
    image: a
`,
	`services:
  a:
    read_only: false
`,
]

allowed := [
	`services:
  a:
    read_only: true
`,
]

test_refuses_every_form if {
	every text in refused {
		count(file_systems_are_read_only.deny) > 0 with input as {"file": "observability/compose.yaml", "text": text}
	}
}

test_allows_its_neighbours if {
	every text in allowed {
		count(file_systems_are_read_only.deny) == 0 with input as {"file": "observability/compose.yaml", "text": text}
	}
}
