# What secrets_stay_out_of_the_file refuses, and what it lets pass.
package compose.secrets_stay_out_of_the_file_test

import data.compose.secrets_stay_out_of_the_file

refused := [
	`services:
  a:
    environment:
      GF_SECURITY_ADMIN_PASSWORD: admin
`,
	`services:
  a:
    environment: ["API_KEY=abc"]
`,
	`services:
  a:
    environment:
      DB_PASSWORD: ${DB_PASSWORD:-admin}
`,
]

allowed := [
	`services:
  a:
    environment:
      GF_SECURITY_ADMIN_PASSWORD__FILE: /run/secrets/a
`,
	`services:
  a:
    environment: ["TOKEN=${TOKEN:?}", "A=b=c"]
`,
	`services:
  a:
    image: a
`,
]

test_refuses_every_form if {
	every text in refused {
		count(secrets_stay_out_of_the_file.deny) > 0 with input as {"file": "observability/compose.yaml", "text": text}
	}
}

test_allows_its_neighbours if {
	every text in allowed {
		count(secrets_stay_out_of_the_file.deny) == 0 with input as {"file": "observability/compose.yaml", "text": text}
	}
}
