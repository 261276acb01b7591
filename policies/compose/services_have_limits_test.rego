# What services_have_limits refuses, and what it lets pass.
package compose.services_have_limits_test

import data.compose.services_have_limits

refused := [
	`services:
  a:
    image: a
`,
	`services:
  a:
    mem_limit: 1g
`,
	`services:
  a:
    pids_limit: 100
`,
]

allowed := [
	`services:
  a:
    mem_limit: 1g
    pids_limit: 100
`,
	`services:
  a:
    deploy:
      resources:
        limits: { memory: 1g, pids: 100 }
`,
]

test_refuses_every_form if {
	every text in refused {
		count(services_have_limits.deny) > 0 with input as {"file": "observability/compose.yaml", "text": text}
	}
}

test_allows_its_neighbours if {
	every text in allowed {
		count(services_have_limits.deny) == 0 with input as {"file": "observability/compose.yaml", "text": text}
	}
}
