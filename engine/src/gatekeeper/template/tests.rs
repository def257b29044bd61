use super::*;
use crate::read::{Limits, read};
use crate::source::Source;

fn template(text: &str) -> (Option<Template>, Vec<String>) {
    let documents = read(&Source::new("t.yaml", text), &Limits::default()).documents;
    let (template, found) = decode(&documents[0]);
    let said = found.into_iter().map(|found| {
        let help = found.help.map(|help| format!("; {help}")).unwrap_or_default();
        format!("{} {}{help}", found.code, found.message)
    });
    (template, said.collect())
}

fn of(version: &str, crd: &str, target: &str) -> String {
    format!(
        "apiVersion: templates.gatekeeper.sh/{version}\nkind: ConstraintTemplate\n\
         metadata: {{name: probe}}\nspec:\n  crd: {{spec: {{names: {{kind: Probe}}{crd}}}}}\n  \
         targets: [{{target: admission.k8s.gatekeeper.sh, {target}}}]\n"
    )
}

#[test]
fn code_is_found_where_it_may_stand() {
    let rego = "rego: 'package a'";
    let v1 = "{engine: Rego, source: {rego: 'package b', libs: ['package lib.c'], version: v1}}";
    let cel = "{engine: K8sNativeValidation, source: {validations: []}}";
    for (target, expected) in [
        (rego.to_owned(), "v0 package a"),
        (format!("{rego}, libs: ['package lib.x', 'package lib.y']"), "v0 package a+2"),
        (format!("code: [{v1}]"), "v1 package b+1"),
        (format!("code: [{cel}, {v1}]"), "v1 package b+1"),
        (format!("code: [{cel}]"), "other K8sNativeValidation"),
    ] {
        let text = of("v1", "", &target);
        let (template, said) = template(&text);
        assert!(said.is_empty(), "{target}: {said:?}");
        let template = template.unwrap();
        let tree = template.document.tree();
        let found = match &template.code {
            Code::Rego(Rego { entry, libs, is_v1 }) => {
                let version = if *is_v1 { "v1" } else { "v0" };
                let libs = if libs.is_empty() { String::new() } else { format!("+{}", libs.len()) };
                format!("{version} {}{libs}", tree.node(*entry).as_str().unwrap())
            }
            Code::Other(engine) => format!("other {engine}"),
            Code::Missing => "missing".to_owned(),
        };
        assert_eq!(found, expected, "{target}");
    }
}

#[test]
fn versions_differ_in_what_they_keep() {
    let rego = "rego: 'package a'";
    let schema = ", validation: {openAPIV3Schema: {type: object}}";
    for (version, crd, legacy, any) in [
        ("v1", "", false, false),
        ("v1beta1", "", true, true),
        ("v1alpha1", "", true, true),
        ("v1", schema, false, false),
        ("v1beta1", schema, true, false),
        ("v1", ", validation: {legacySchema: true}", true, true),
        ("v1beta1", ", validation: {legacySchema: false}", false, false),
    ] {
        let (template, said) = template(&of(version, crd, rego));
        assert!(said.is_empty(), "{version} {crd}: {said:?}");
        let template = template.unwrap();
        assert_eq!((template.legacy, template.takes_any_parameters()), (legacy, any), "{crd}");
    }
}

#[test]
fn operations_are_those_of_the_api() {
    let (template, _) = template(&of("v1", "", "rego: 'package a', operations: [CREATE, DELETE]"));
    let expected = BTreeSet::from([Operation::Create, Operation::Delete]);
    assert_eq!(template.unwrap().operations, expected);
}

#[test]
fn what_is_wrong_is_said() {
    let rego = "rego: 'package a'";
    for (text, expected) in [
        (
            of("v1", "", rego).replace("name: probe", "name: other"),
            "template-name the template's name is `other`, and the kind of its constraints is \
             `Probe`; name it `probe`: the kind in lower case",
        ),
        (
            of("v2", "", rego),
            "unknown-word `apiVersion` cannot be `templates.gatekeeper.sh/v2`; did you mean \
             `templates.gatekeeper.sh/v1`?",
        ),
        (
            of("v1", "", "regos: x"),
            "unknown-field unknown field `regos` in a target; did you mean `rego`?",
        ),
        (
            of("v1", "", "code: []"),
            "missing-field the target has no code; write `code: [{engine: Rego, source: {rego: …}}]`",
        ),
        (
            of("v1", "", rego).replace("admission.k8s.gatekeeper.sh", "other"),
            "unknown-word `target` cannot be `other`; one of: admission.k8s.gatekeeper.sh",
        ),
        (
            of("v1", "", rego).replace("}]\n", "}, {}]\n"),
            "targets a template has exactly one target, this one has 2",
        ),
        (
            of("v1", "", "code: [{engine: Rego, source: {rego: 'package a', version: v2}}]"),
            "unknown-word `version` is `v2`, which is read as `v0`; one of: v0, v1",
        ),
        (
            of("v1", "", "rego: 'package a', operations: [PATCH]"),
            "unknown-word `operations` cannot be `PATCH`; one of: CREATE, UPDATE, DELETE, CONNECT, *",
        ),
    ] {
        let (_, said) = template(&text);
        assert!(said.contains(&expected.to_owned()), "{expected}\n{said:#?}");
    }
}
