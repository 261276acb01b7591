# Where in a file something is, as the policies on YAML tell it.
package lib.document_test

import data.lib.document

test_a_text_is_on_the_first_line_that_has_it_or_on_the_first if {
	document.line_of("b: 1") == 2 with input as {"text": "a:\n  b: 1\n  b: 1\n"}
	document.line_of("nowhere") == 1 with input as {"text": "a:\n"}
}

test_a_key_is_found_in_a_list_and_in_quotes if {
	document.line_of_key("b") == 2 with input as {"text": "a: b\n- b: 1\n"}
	document.line_of_key("b") == 2 with input as {"text": "ab: 1\n\"b\": 1\n"}
	document.line_of_key("c") == 1 with input as {"text": "a: 1\n"}
}

test_one_is_a_list_of_one if {
	document.as_list("a") == ["a"]
	document.as_list(["a"]) == ["a"]
}
