# What images_have_digests refuses, and what it lets pass.
package compose.images_have_digests_test

import data.compose.images_have_digests

refused := [
	`services:
  a:
    image: prom/prometheus:latest
`,
	`services:
  a:
    image: prom/prometheus
`,
	`services:
  a:
    image: prom/prometheus:v3@sha256:0123
`,
	`services:
  a:
    command: x
`,
	`services:
  a:
    build: .
    image: a:latest
`,
	`services:
  a:
    image: ${IMAGE}
`,
]

allowed := [
	`services:
  a:
    image: prom/prometheus:v3@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
`,
	`services:
  a:
    build: .
`,
]

test_refuses_every_form if {
	every text in refused {
		count(images_have_digests.deny) > 0 with input as {"file": "observability/compose.yaml", "text": text}
	}
}

test_allows_its_neighbours if {
	every text in allowed {
		count(images_have_digests.deny) == 0 with input as {"file": "observability/compose.yaml", "text": text}
	}
}
