use super::check;

#[test]
fn numbers() {
    check(&[
        ("abs(`-1.5`)", "1.5"),
        ("ceil(`1.2`)", "2"),
        ("floor(`-1.2`)", "-2"),
        ("avg(a.l)", "2"),
        ("abs('x')", "error: Invalid type for: x, expected: []jmespath.JpType{\"number\"}"),
        ("to_number('1e3')", "1000"),
        ("to_number('x')", "null"),
        ("to_number(a.l)", "null"),
        ("to_string(avg(`[]`))", "error: json: unsupported value: NaN"),
    ]);
}

#[test]
fn texts() {
    check(&[
        ("length('日本')", "2"),
        ("reverse('日本')", "\"本日\""),
        ("starts_with('ab', 'a')", "true"),
        ("ends_with('ab', 'a')", "false"),
        ("contains('abc', 'b')", "true"),
        ("contains('abc', `1`)", "false"),
        ("join(',', `[\"a\", \"b\"]`)", "\"a,b\""),
        (
            "join(',', `[1]`)",
            "error: Invalid type for: [1], expected: []jmespath.JpType{\"array[string]\"}",
        ),
        ("to_string('x')", "\"x\""),
        ("to_string(a.m)", r#""{\"j\":2,\"k\":1}""#),
        ("to_string(`9007199254740993`)", "\"9007199254740992\""),
        ("to_string(`1e21`)", "\"1e+21\""),
    ]);
}

#[test]
fn lists() {
    check(&[
        ("length(a)", "5"),
        ("contains(a.l, `2`)", "true"),
        ("contains(a.l, '2')", "false"),
        (
            "contains(items, items[0])",
            "error: JMESPath function 'contains': lists and maps cannot be compared",
        ),
        ("reverse(a.l)", "[3,2,1]"),
        ("sort(`[3, 1.5, 2]`)", "[1.5,2,3]"),
        ("sort(`[\"b\", \"a\"]`)", "[\"a\",\"b\"]"),
        (
            "sort(`[1, \"a\"]`)",
            "error: Invalid type for: [1 a], expected: []jmespath.JpType{\"array[string]\", \"array[number]\"}",
        ),
        ("max(a.l)", "3"),
        ("min(`[\"b\", \"a\"]`)", "\"a\""),
        ("max(`[]`)", "null"),
        (
            "max(`[1, \"a\"]`)",
            "error: Invalid type for: [1 a], expected: []jmespath.JpType{\"array[number]\", \"array[string]\"}",
        ),
        ("to_array(a.b)", "[1]"),
        ("to_array(a.l)", "[1,2,3]"),
        ("type(a.l)", "\"array\""),
        ("type(a.n)", "\"null\""),
        (
            "length(`1`)",
            "error: Invalid type for: 1, expected: []jmespath.JpType{\"string\", \"array\", \"object\"}",
        ),
        ("length()", "error: incorrect number of args"),
    ]);
}

#[test]
fn maps() {
    check(&[
        ("keys(a.m)", "[\"j\",\"k\"]"),
        ("values(a.m)", "[2,1]"),
        ("keys(a.l)", "error: Invalid type for: [1 2 3], expected: []jmespath.JpType{\"object\"}"),
        ("merge(a.m, `{\"k\": 5}`)", "{\"j\":2,\"k\":5}"),
        ("merge()", "error: Invalid arity."),
        ("merge(a.m, `1`)", "error: Invalid type for: 1, expected: []jmespath.JpType{\"object\"}"),
        ("not_null(a.zz, a.n, a.b)", "1"),
        ("not_null()", "error: Invalid arity."),
    ]);
}

#[test]
fn by_expression() {
    check(&[
        ("sort_by(`[{\"a\": 2}, {\"a\": 1}]`, &a)", "[{\"a\":1},{\"a\":2}]"),
        ("sort_by(items, &v)", "error: error in sort_by comparison"),
        ("sort_by(a.l, &x)", "error: invalid type, must be number of string"),
        ("max_by(a.l, &@)", "3"),
        ("max_by(items, &v)", "error: invalid type, must be number"),
        ("min_by(items, &n).n", "\"x\""),
        ("min_by(`[\"a\", 1]`, &@)", "error: invalid type, must be string"),
        ("map(&to_string(@), a.l)", "[\"1\",\"2\",\"3\"]"),
        (
            "map(a, a.l)",
            "error: Invalid type for: map[b:1 c:x l:[1 2 3] m:map[j:2 k:1] n:<nil>], expected: []jmespath.JpType{\"expref\"}",
        ),
    ]);
}
