package main

test_many_are_denied if {
	found := deny with input as {"metadata": {"name": "a"}, "spec": {"replicas": 9}} with data.limits.replicas.max as 3 with data.conftest.file.name as "a"
	count(found) == 1
}

test_config_is_parsed if parse_config("ini", "[a]\nb = 1\n").a.b == 1

test_files_are_parsed if parse_config_file("../web.yaml").metadata.name == "web"

test_this_fails if {
	print("seen")
	count(deny) == 1 with input as {}
}

todo_test_later if false
