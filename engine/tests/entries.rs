//! The fuzz entries under random texts, on stable Rust: whatever comes in, an answer comes out.

#[path = "../fuzz/entries.rs"]
mod entries;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Texts made of words that mean something to the entry, and of anything else.
fn soup(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    let word = prop_oneof![
        8 => select(words).prop_map(str::to_owned),
        1 => "\\PC{0,6}",
        1 => "[\\x00-\\x7f]{0,4}",
    ];
    vec(word, 0..24).prop_map(|words| words.concat())
}

const YAML: &[&str] = &[
    "a",
    "b: ",
    ": ",
    "- ",
    "\n",
    "\n  ",
    "\n    ",
    "? ",
    "& x",
    "&x ",
    "*x",
    "<<: ",
    "{",
    "}",
    "[",
    "]",
    ",",
    "\"",
    "'",
    "|\n",
    ">-\n",
    "# c\n",
    "---\n",
    "...\n",
    "!!str ",
    "!x ",
    "0x1f",
    "1e400",
    ".inf",
    "~",
    "true",
    "on",
    "0755",
    "1_000",
    "\t",
    "\r\n",
    "\u{feff}",
    "\\u0041",
    "\\",
    "ä",
    "%YAML 1.2\n",
];

const PATTERN: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ": ",
    ", ",
    "a",
    "b",
    "(a)",
    "=(a)",
    "^(a)",
    "X(a)",
    "<(a)",
    "+(a)",
    "\"?*\"",
    "\"*\"",
    "\">1\"",
    "\"<=1Gi\"",
    "\"!a*\"",
    "\"1-10\"",
    "\"1!-10\"",
    "\"a | b & !c\"",
    "1",
    "1.5",
    "true",
    "null",
    "\"1h\"",
    "\"{{ request.object.spec.a }}\"",
    "\"$(./../a)\"",
    "\n",
];

const CONDITION: &[&str] = &[
    "Equals",
    "NotEquals",
    "AnyIn",
    "AllIn",
    "AnyNotIn",
    "AllNotIn",
    "In",
    "NotIn",
    "GreaterThan",
    "LessThanOrEquals",
    "DurationLessThan",
    "\n",
    "\n",
    "[",
    "]",
    ", ",
    "{a: 1}",
    "1",
    "-3.5",
    "1e21",
    "\"1Gi\"",
    "\"1h\"",
    "\"a*\"",
    "\"1-10\"",
    "\"1.2.3\"",
    "true",
    "null",
    "\"{{ request.object.spec.list }}\"",
    "\"[1, 2]\"",
];

const JMESPATH: &[&str] = &[
    "request.object.spec.",
    "list",
    "map",
    "text",
    "@",
    ".",
    "[",
    "]",
    "[*]",
    "[]",
    "[?",
    "[0]",
    "[::-1]",
    "*",
    "|",
    "||",
    "&&",
    "!",
    "==",
    "<",
    "&",
    "(",
    ")",
    ",",
    "{a: ",
    "}",
    "`1`",
    "`[1]`",
    "'x'",
    "\"y\"",
    "length(",
    "to_string(",
    "join('-', ",
    "sort_by(",
    "map(&",
    "sum(",
    "add(",
    "divide(",
    "regex_match(",
    "regex_replace_all(",
    "items(",
    "object_from_lists(",
    "time_add(",
    "parse_json(",
    "parse_yaml(",
    "base64_decode(",
    "truncate(",
    "semver_compare(",
    "random(",
    "path_canonicalize(",
    "x509_decode(",
    "label_match(",
    "pattern_match(",
    "lookup(",
    "zip(",
    "sha256(",
    "element",
    "x",
];

const VARIABLES: &[&str] = &[
    "{{",
    "}}",
    "{{ ",
    " }}",
    "\\{{",
    "$(",
    "$(./",
    "../",
    ")",
    "request.object.spec.text",
    "request.object",
    "element",
    "@",
    "|",
    "'a'",
    "a",
    ".",
    " ",
    "{{request.object.spec.list[0]}}",
    "{{ request.name }}",
    "?*",
    "!",
    ">",
    "*",
    "\n",
    "{{ images }}",
    "{{ serviceAccountName }}",
    "{{ request.operation }}",
];

const POLICY: &[&str] = &[
    "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: p}\nspec:\n  rules:\n",
    "  - name: r\n",
    "    match: {any: [{resources: {kinds: [Widget]}}]}\n",
    "    match: {resources: {kinds: ['*/*']}}\n",
    "    exclude: {any: [{subjects: [{kind: User, name: a}]}]}\n",
    "    preconditions: {all: []}\n",
    "    preconditions: [{key: 1, operator: Equals, value: 1}]\n",
    "    context: [{name: x, variable: {value: 1}}]\n",
    "    validate: {message: m, pattern: {spec: {text: '?*'}}}\n",
    "    validate:\n      deny: {}\n",
    "      foreach: [{list: request.object.spec.list, deny: {conditions: {any: []}}}]\n",
    "      podSecurity: {level: baseline, version: latest}\n",
    "  validationFailureAction: Enforce\n",
    "  background: false\n",
    "  applyRules: One\n",
    "    mutate: {}\n",
    "    validate: {cel: {}}\n",
    "---\n",
    "a: b\n",
    "    - x\n",
];

const GATEKEEPER: &[&str] = &[
    "apiVersion: templates.gatekeeper.sh/v1\nkind: ConstraintTemplate\nmetadata: {name: k}\nspec:\n",
    "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: K\nmetadata: {name: c}\n",
    "  crd: {spec: {names: {kind: K}}}\n",
    "  crd: {spec: {names: {kind: K}, validation: {openAPIV3Schema: {type: object, properties: {a: {type: string, default: x}}}}}}\n",
    "  targets:\n  - target: admission.k8s.gatekeeper.sh\n",
    "    rego: |\n      package a\n",
    "    code: [{engine: Rego, source: {rego: 'package a', version: v1}}]\n",
    "    libs:\n    - |\n      package lib.b\n",
    "      violation[{\"msg\": \"x\"}] { input.review.object.spec.text }\n",
    "      violation[{\"msg\": m, \"details\": input}] { m := input.parameters.a }\n",
    "      violation[{\"msg\": m}] { data.inventory.namespace[m] }\n",
    "      violation[x] { x := data.lib.b.f(input.review) }\n",
    "      f(x) = x { x }\n",
    "spec:\n  enforcementAction: warn\n",
    "spec: {parameters: {a: b}, match: {kinds: [{kinds: [Widget]}]}}\n",
    "  match: {namespaceSelector: {matchLabels: {a: b}}, namespaces: ['*a*']}\n",
    "  parameters: {a: [1, {b: 1e30}]}\n",
    "---\n",
    "      ",
    "x",
    "{ ",
    " }\n",
];

const SUITE: &[&str] = &[
    "apiVersion: cli.kyverno.io/v1alpha1\nkind: Test\nmetadata: {name: t}\n",
    "policies: [p.yaml]\n",
    "resources: [r.yaml, p.yaml]\n",
    "variables: v.yaml\n",
    "userinfo: u.yaml\n",
    "exceptions: [e.yaml]\n",
    "values: {globalValues: {request.operation: UPDATE}, policies: [{name: p, rules: [{name: r, values: {x.data.a: b}}]}]}\n",
    "values:\n  namespaceSelector: [{name: d, labels: {a: b}}]\n",
    "context: {configMaps: []}\n",
    "clusterResources: [c.yaml]\n",
    "targetResources: [t.yaml]\n",
    "results:\n",
    "- {policy: p, rule: r, resources: [a], kind: Pod, result: fail}\n",
    "- {policy: p, rule: autogen-r, resource: d/a, result: pass}\n",
    "- {policy: d/p, resources: [b, '*'], result: skip, operation: DELETE}\n",
    "- policy: p\n  resourceSpecs: [{group: '', version: v1, kind: Pod, name: a}]\n  result: warn\n",
    "- {result: maybe}\n",
    "apiCallResponses: [{urlPath: /api/v1/pods, response: {statusCode: 200, body: {}}}]\n",
    "globalContextEntries: [{name: g, data: {a: 1}}]\n",
    "---\n",
    "  x: 1\n",
    "apiVersion: test.gatekeeper.sh/v1alpha1\nkind: Suite\n",
    "tests:\n- {name: t, template: t, constraint: c}\n",
    "tests:\n- name: t\n  template: t\n  constraint: c\n  cases:\n",
    "  - {name: c, object: o, inventory: [i], assertions: [{violations: no}]}\n",
    "  - {object: o, assertions: [{violations: 1, message: '^a'}, {}]}\n",
];

const REGO: &[&str] = &[
    "package t\n",
    "import rego.v1\n",
    "import data.t.r as q\n",
    "# METADATA\n# title: x\n",
    "default r := 0\n",
    "r contains x if some x in input.a\n",
    "r[k] := v if some k, v in input.a\n",
    "f(x) := x\n",
    "p if { not f(input.n) > 1 }\n",
    "r if { x := ",
    "r[x] { x = ",
    "r := ",
    " if ",
    " contains ",
    " else := ",
    "every x in input.a { ",
    "some i; ",
    "input.a[_]",
    "data.t[_]",
    "f(",
    "count(",
    "sprintf(\"%5d %v\", [",
    "numbers.range(1, 99999999)",
    "walk(input, [y, z])",
    "[x | ",
    "{x | ",
    "{x: y | ",
    "{\"a\": ",
    "$\"a {",
    "}\"",
    " with input as ",
    " with f as 1",
    " == ",
    " = ",
    " := ",
    " | ",
    " - ",
    "not ",
    "x",
    "_",
    "1.50",
    "\"s\\n\"",
    "`raw`",
    "[",
    "]",
    "{",
    "}",
    ")",
    ", ",
    "; ",
    ".b",
    "\n",
];

proptest! {
    #[test]
    fn rego(text in soup(REGO)) {
        entries::rego(&format!("package t\n{text}"));
        entries::rego(&text);
    }

    #[test]
    fn gatekeeper(text in soup(GATEKEEPER)) {
        entries::policy(&text);
    }

    #[test]
    fn suite(text in soup(SUITE)) {
        entries::suite(&text);
    }

    #[test]
    fn yaml(text in soup(YAML)) {
        entries::yaml(&text);
    }

    #[test]
    fn pattern(text in soup(PATTERN)) {
        entries::pattern(&text);
    }

    #[test]
    fn condition(text in soup(CONDITION)) {
        entries::condition(&text);
    }

    #[test]
    fn jmespath(text in soup(JMESPATH)) {
        entries::jmespath(&text);
    }

    #[test]
    fn variables(text in soup(VARIABLES)) {
        entries::variables(&text);
    }

    #[test]
    fn policy(text in soup(POLICY)) {
        entries::policy(&text);
    }
}
