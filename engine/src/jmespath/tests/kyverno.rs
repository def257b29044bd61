use super::check;

#[test]
fn texts() {
    check(&[
        ("compare('b', 'a')", "1"),
        ("compare('a', 'b')", "-1"),
        ("equal_fold('ſK', 'sk')", "true"),
        ("equal_fold('a', 'b')", "false"),
        ("to_upper('aßé')", "\"AßÉ\""),
        ("to_lower('İΣ')", "\"iσ\""),
        (
            "to_upper(a.l)",
            "error: Invalid type for: [1 2 3], expected: []jmespath.JpType{\"string\"}",
        ),
        ("replace('aaa', 'a', 'b', `2`)", "\"bba\""),
        ("replace('aé', '', '-', `2`)", "\"-a-é\""),
        ("replace_all('aaa', '', '-')", "\"-a-a-a-\""),
        ("trim('xxaxx', 'x')", "\"a\""),
        ("trim_prefix('ab', 'a')", "\"b\""),
        ("trim_prefix('ab', 'b')", "\"ab\""),
        ("split('a, b', ', ')", "[\"a\",\"b\"]"),
        ("split('abc', '')", "[\"a\",\"b\",\"c\"]"),
        ("split('', '')", "[]"),
        ("split('', ',')", "[\"\"]"),
        ("truncate('日本語', `2`)", "\"日本\""),
        ("truncate('abc', `-1`)", "\"\""),
        ("truncate('abc', `9`)", "\"abc\""),
        ("to_boolean('TruE')", "true"),
        (
            "to_boolean('x')",
            "error: JMESPath function 'to_boolean': lowercase argument must be 'true' or 'false' (provided: 'x')",
        ),
        ("path_canonicalize('///var//run/../x/')", "\"/var/x\""),
        ("path_canonicalize('/../..')", "\"/\""),
        ("path_canonicalize('a/../..')", "\"..\""),
        ("path_canonicalize('')", "\"\""),
        ("path_canonicalize('.')", "\".\""),
    ]);
}

#[test]
fn patterns() {
    check(&[
        ("pattern_match('1*', `12`)", "true"),
        ("pattern_match('a', 'b')", "false"),
        ("regex_match('^[0-9]+%$', '50%')", "true"),
        ("regex_match('b', 'a')", "false"),
        ("regex_match('[', 'a')", "error: error parsing regexp: missing closing ]: `[`"),
        ("regex_match(a.c, 'x')", "true"),
        // Numbers go through 32 bits on their way to text.
        ("regex_match('^16777216$', `16777217`)", "true"),
        (
            "regex_match('a', `true`)",
            "error: Invalid type for: true, expected: []jmespath.JpType{\"string\", \"number\"}",
        ),
        ("regex_replace_all('([Hh]e|G)l', 'Hello', '${1}L')", "\"HeLlo\""),
        (
            "regex_replace_all('*', 'a', 'b')",
            "error: JMESPath function 'regex_replace_all': error parsing regexp: missing argument to repetition operator: `*`",
        ),
        ("regex_replace_all_literal('a', 'ab', '$1')", "\"$1b\""),
        ("regex_replace_all_literal('2', `121`, `3`)", "\"131\""),
        ("semver_compare('1.2.3', '>=1.0.0 <2.0.0')", "true"),
        ("semver_compare('2.2.3', '<2.0.0')", "false"),
        ("semver_compare('x', '<2.0.0')", "true"),
        ("semver_compare('1.0.0', 'x')", "error: Could not parse Range \"x\""),
        ("label_match(a.m, merge(a.m, `{\"x\": 1}`))", "true"),
        ("label_match(`{\"k\": 2}`, a.m)", "false"),
        (
            "label_match(a.l, a.m)",
            "error: Invalid type for: [1 2 3], expected: []jmespath.JpType{\"object\"}",
        ),
    ]);
}

#[test]
fn arithmetic() {
    check(&[
        ("add(`1`, `2`)", "3"),
        ("add('1Gi', '1Mi')", "\"1025Mi\""),
        ("add('1h1m', '2h')", "\"3h1m0s\""),
        ("add('1h', '30m')", "error: JMESPath function 'add': Types mismatch"),
        ("add('x', `1`)", "error: JMESPath function 'add': invalid operand"),
        ("subtract('1Gi', '1')", "\"1073741823\""),
        ("subtract('90m', '30m')", "\"60m\""),
        ("multiply(`2`, '1Gi')", "\"2Gi\""),
        ("multiply('1h', `1.5`)", "\"1h30m0s\""),
        ("multiply('1s', `1e30`)", "\"-2562047h47m16.854775808s\""),
        ("multiply('1', '1')", "error: JMESPath function 'multiply': Types mismatch"),
        ("divide('10', '4')", "2.5"),
        ("divide('1Gi', `3`)", "\"357913941\""),
        ("divide('1s', `3`)", "\"333.333333ms\""),
        ("divide('1h', '15s')", "240"),
        ("divide(`1`, `0`)", "error: JMESPath function 'divide': Zero divisor passed"),
        ("divide(`1`, '1')", "error: JMESPath function 'divide': Types mismatch"),
        ("modulo(`-7`, `3`)", "-1"),
        ("modulo('1Ei', '3')", "\"1\""),
        ("modulo('1s', '300us')", "\"100µs\""),
        (
            "modulo(`10.5`, `3`)",
            "error: JMESPath function 'modulo': Non-integer argument(s) passed for modulo",
        ),
        ("modulo('1', '0')", "error: JMESPath function 'modulo': Zero divisor passed"),
        ("sum(a.l)", "6"),
        ("sum(`[\"1Gi\", \"1024\", \"5m\"]`)", "\"1073742848005m\""),
        ("sum(`[[]]`)", "[]"),
        (
            "sum(`[]`)",
            "error: JMESPath function 'sum': at least one element in the array is required",
        ),
        ("round(`3.14159`, `2`)", "3.14"),
        ("round(`-2.5`, `0`)", "-3"),
        (
            "round(`2.5`, `0.5`)",
            "error: JMESPath function 'round': Non-integer argument(s) passed for round off",
        ),
    ]);
}

#[test]
fn encodings() {
    check(&[
        ("base64_encode('a')", "\"YQ==\""),
        ("base64_decode('YWJj\nZGVm')", "\"abcdef\""),
        ("base64_decode('YR==')", "\"a\""),
        ("base64_decode('YWJj=')", "error: illegal base64 data at input byte 4"),
        ("base64_decode('YQ')", "error: illegal base64 data at input byte 0"),
        ("base64_decode('YWJjYQ==YQ==')", "error: illegal base64 data at input byte 8"),
        ("parse_json('{\"a\": [1, 2.50]}').a[1]", "2.5"),
        ("parse_json('{')", "error: unexpected end of JSON input"),
        ("parse_yaml('a: [1, y]').a", "[1,true]"),
        ("parse_yaml('')", "null"),
        (
            "parse_yaml('a: [') || `1`",
            "error: yaml: expected the end of what `[` opened, found none",
        ),
        ("md5('a')", "\"0cc175b9c0f1b6a831c399e269772661\""),
        ("sha1('a')", "\"86f7e437faa5a7fce15d1ddcb9eaeaea377667b8\""),
        ("sha256('a')", "\"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb\""),
    ]);
}

#[test]
fn collections() {
    check(&[
        ("lookup(a.m, 'k')", "1"),
        ("lookup(a.m, 'zz')", "null"),
        ("lookup(a.l, `1`)", "2"),
        ("lookup(a.l, `9`)", "null"),
        (
            "lookup(a.m, `1`)",
            "error: JMESPath function 'lookup': argument #2 is not of type String",
        ),
        (
            "lookup(a.l, `1.5`)",
            "error: JMESPath function 'lookup': argument #2: expected an integer number but got: 1.5",
        ),
        ("items(a.m, 'key', 'value')", "[{\"key\":\"j\",\"value\":2},{\"key\":\"k\",\"value\":1}]"),
        ("items(`[\"x\"]`, 'i', 'v')", "[{\"i\":0,\"v\":\"x\"}]"),
        (
            "items(a.b, 'i', 'v')",
            "error: Invalid type for: 1, expected: []jmespath.JpType{\"object\", \"array\"}",
        ),
        ("object_from_lists(`[1, 1.5, true]`, `[1]`)", "{\"1\":1,\"1.5\":null,\"true\":null}"),
        (
            "object_from_lists(`[null]`, `[1]`)",
            "error: JMESPath function 'object_from_lists': argument #1 is not of type StringArray",
        ),
    ]);
}

#[test]
fn time() {
    check(&[
        ("time_now()", "\"2024-05-06T07:08:09Z\""),
        ("time_now_utc()", "\"2024-05-06T07:08:09Z\""),
        ("time_add('2024-01-15T10:00:00Z', '2h')", "\"2024-01-15T12:00:00Z\""),
        ("time_add('9999-12-31T23:59:59Z', '1h')", "\"10000-01-01T00:59:59Z\""),
        ("time_add('2024-01-01T00:00:00Z', '1')", "error: time: missing unit in duration \"1\""),
        (
            "time_add('2024-01-01T00:00:00Z', '1x')",
            "error: time: unknown unit \"x\" in duration \"1x\"",
        ),
        ("time_add('2024-01-01T00:00:00Z', 'x')", "error: time: invalid duration \"x\""),
        ("time_diff('2024-01-15T10:00:00Z', '2024-01-16T10:00:00Z')", "\"24h0m0s\""),
        (
            "time_diff('0001-01-01T00:00:00Z', '9999-01-01T00:00:00Z')",
            "\"2562047h47m16.854775807s\"",
        ),
        ("time_since('', '2024-05-06T07:08:09Z', '')", "\"500ms\""),
        ("time_since('15:04', '10:00', '11:30')", "\"1h30m0s\""),
        ("time_parse('1', '253402300800')", "\"10000-01-01T00:00:00Z\""),
        ("time_parse('1', 'x')", "error: strconv.ParseInt: parsing \"x\": invalid syntax"),
        (
            "time_parse('2006-01-02', '2024-02-30')",
            "error: parsing time \"2024-02-30\": day out of range",
        ),
        ("time_parse('Jan 2 2006 MST', 'Mar 7 2015 GMT+3')", "\"2015-03-07T03:00:00+03:00\""),
        ("time_to_cron('2024-01-14T05:06:07+03:00')", "\"6 5 14 1 0\""),
        ("time_utc('2024-01-14T05:06:07+03:00')", "\"2024-01-14T02:06:07Z\""),
        ("time_truncate('2024-01-14T05:06:07+03:00', '24h')", "\"2024-01-14T03:00:00+03:00\""),
        ("time_before('2024-01-01T00:00:00Z', '2024-01-02T00:00:00Z')", "true"),
        ("time_after('2024-01-01T00:00:00Z', '2024-01-02T00:00:00Z')", "false"),
        (
            "time_between('2024-01-01T00:00:00Z', '2024-01-01T00:00:00Z', '2025-01-01T00:00:00Z')",
            "false",
        ),
        (
            "time_utc('x')",
            "error: parsing time \"x\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"x\" as \"2006\"",
        ),
    ]);
}

#[test]
fn randomness() {
    check(&[
        ("regex_match('^[0-9a-z]{8}$', random('[0-9a-z]{8}'))", "true"),
        ("regex_match('^(ab|c)+[^x]?$', random('(ab|c)+[^x]?'))", "true"),
        ("random('[[:digit:]]{3}') == random('[[:digit:]]{3}x')", "false"),
        ("random('')", "error: no pattern provided"),
        ("random('[')", "error: error parsing regexp: missing closing ]: `[`"),
        (
            "random('(?:a)')",
            "error: error parsing regexp: missing argument to repetition operator: `?`",
        ),
        (r"random('\d')", r"error: error parsing regexp: invalid escape sequence: `\d`"),
    ]);
}

#[test]
fn images_and_urls() {
    check(&[
        ("image_normalize('nginx')", "\"docker.io/nginx:latest\""),
        (
            "image_normalize('A')",
            "error: JMESPath function 'image_normalize': bad image: docker.io/A, defaultRegistry: docker.io, enableDefaultRegistryMutation: true: repository name must be lowercase",
        ),
        ("is_external_url('http://user:pw@10.1.1.1:80/')", "false"),
        ("is_external_url('http://[::1]:80')", "false"),
        ("is_external_url('http://8.8.8.8')", "true"),
        ("is_external_url('https://example.com/x')", "true"),
        ("is_external_url('https://inside.test')", "false"),
        ("is_external_url('https://no.test')", "error: lookup no.test: not found"),
        (
            "is_external_url('https://unknown.test')",
            "error: not known: address of https://unknown.test",
        ),
        ("is_external_url(':')", "error: parse \":\": missing protocol scheme"),
        ("is_external_url('')", "error: lookup : no such host"),
    ]);
}
