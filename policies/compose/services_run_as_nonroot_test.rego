# What services_run_as_nonroot refuses, and what it lets pass.
package compose.services_run_as_nonroot_test

import data.compose.services_run_as_nonroot

refused := [
	`services:
  a:
    image: a
`,
	`services:
  a:
    user: root
`,
	`services:
  a:
    user: "0:0"
`,
	`services:
  a:
    user: "65534:0"
`,
]

allowed := [
	`services:
  a:
    user: "65534:65534"
`,
	`services:
  a:
    user: 472
`,
]

test_refuses_every_form if {
	every text in refused {
		count(services_run_as_nonroot.deny) > 0 with input as {"file": "observability/compose.yaml", "text": text}
	}
}

test_allows_its_neighbours if {
	every text in allowed {
		count(services_run_as_nonroot.deny) == 0 with input as {"file": "observability/compose.yaml", "text": text}
	}
}
