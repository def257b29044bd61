use proptest::prelude::*;

use super::filter::{SelectorOperator, SelectorRequirement};
use super::*;
use crate::read::{Limits, parse_yaml};
use crate::request::{GroupVersionKind, Operation, UserInfo};
use crate::tree::Tree;

const NO: fn(Mismatch) -> Match = Match::No;

fn yaml(text: &str) -> Tree {
    parse_yaml(text, &Limits::default()).unwrap()
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn resources(resources: ResourceDescription) -> ResourceFilter {
    ResourceFilter { resources, ..ResourceFilter::default() }
}

fn kinds(kinds: &[&str]) -> ResourceDescription {
    ResourceDescription { kinds: texts(kinds), ..ResourceDescription::default() }
}

fn any(blocks: &[ResourceFilter]) -> Filters {
    Filters { any: blocks.to_vec(), ..Filters::default() }
}

fn labels(pairs: &[(&str, &str)]) -> LabelSelector {
    let pairs = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    LabelSelector { match_labels: pairs.collect(), ..LabelSelector::default() }
}

fn expression(key: &str, operator: SelectorOperator, values: &[&str]) -> LabelSelector {
    let requirement = SelectorRequirement { key: key.to_owned(), operator, values: texts(values) };
    LabelSelector { match_expressions: vec![requirement], ..LabelSelector::default() }
}

/// Asks about a ConfigMap `app` in `prod-a`, changed by whoever `change` says.
fn ask(
    matching: &Filters,
    excluding: Option<&Filters>,
    change: impl Fn(&mut Subject<'_>),
) -> Match {
    let object = yaml(
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: app, namespace: prod-a, \
         labels: {app: web, tier: front}, annotations: {note: 'yes'}}}",
    );
    let kind = GroupVersionKind::new("v1", "ConfigMap");
    let mut subject = Subject::new(&kind, object.root());
    change(&mut subject);
    Matcher::compile(matching, excluding).unwrap().matches(&subject).unwrap()
}

#[test]
fn what_is_asked_of_the_object() {
    let base = ResourceDescription::default;
    for (resources_of, expected) in [
        (kinds(&["Secret", "*Map"]), Match::Yes),
        (kinds(&["configmap"]), NO(Mismatch::Kind)),
        (kinds(&["ConfigMap/status"]), NO(Mismatch::Kind)),
        (ResourceDescription { name: "a*".into(), ..base() }, Match::Yes),
        (ResourceDescription { name: "b".into(), ..base() }, NO(Mismatch::Name)),
        (ResourceDescription { names: texts(&["b", "?pp"]), ..base() }, Match::Yes),
        (ResourceDescription { names: texts(&["b"]), ..base() }, NO(Mismatch::Names)),
        (ResourceDescription { namespaces: texts(&["prod-*"]), ..base() }, Match::Yes),
        (ResourceDescription { namespaces: texts(&["dev"]), ..base() }, NO(Mismatch::Namespace)),
        (
            ResourceDescription { operations: vec![Operation::Delete], ..base() },
            NO(Mismatch::Operation),
        ),
        (
            ResourceDescription { annotations: vec![("n*".into(), "?es".into())], ..base() },
            Match::Yes,
        ),
        (
            ResourceDescription { annotations: vec![("note".into(), "no".into())], ..base() },
            NO(Mismatch::Annotations),
        ),
        (base(), NO(Mismatch::Empty)),
        (ResourceDescription { written: true, ..base() }, Match::Yes),
    ] {
        let filters = any(&[resources(resources_of.clone())]);
        assert_eq!(ask(&filters, None, |_| {}), expected, "{resources_of:?}");
        let direct = Filters { direct: resources(resources_of.clone()), ..Filters::default() };
        assert_eq!(ask(&direct, None, |_| {}), expected, "{resources_of:?}");
    }
}

#[test]
fn selectors() {
    use SelectorOperator::{DoesNotExist, Exists, In, NotIn};
    for (selector, expected) in [
        (LabelSelector::default(), true),
        (labels(&[("app", "web")]), true),
        (labels(&[("app", "web"), ("tier", "back")]), false),
        (labels(&[("a*", "?eb")]), true),
        (labels(&[("*", "front")]), true),
        (labels(&[("x*", "*")]), false),
        (labels(&[("app", "w*")]), true),
        (expression("app", In, &["db", "web"]), true),
        (expression("app", NotIn, &["web"]), false),
        (expression("none", NotIn, &["web"]), true),
        (expression("none", In, &["web"]), false),
        (expression("app", Exists, &[]), true),
        (expression("app", DoesNotExist, &[]), false),
    ] {
        let description =
            ResourceDescription { selector: Some(selector.clone()), ..Default::default() };
        let found = ask(&any(&[resources(description)]), None, |_| {});
        assert_eq!(found == Match::Yes, expected, "{selector:?}");
    }
}

#[test]
fn selectors_that_nothing_can_match_are_refused() {
    use SelectorOperator::{Exists, In};
    let long = "x".repeat(64);
    for (selector, expected) in [
        (labels(&[("a b", "x")]), SelectorError::Key("a b".into())),
        (labels(&[("A.io/x", "x")]), SelectorError::Key("A.io/x".into())),
        (labels(&[("a", &long)]), SelectorError::Value(long.clone())),
        (labels(&[("a", "x-")]), SelectorError::Value("x-".into())),
        (expression("a*", Exists, &[]), SelectorError::Key("a*".into())),
        (expression("a", In, &[]), SelectorError::NoValues("a".into())),
        (expression("a", Exists, &["x"]), SelectorError::Values("a".into())),
    ] {
        let description =
            ResourceDescription { selector: Some(selector), ..ResourceDescription::default() };
        let error = Matcher::compile(&any(&[resources(description)]), None).unwrap_err();
        assert_eq!(error.steps, ["match", "any", "0", "resources", "selector"]);
        assert_eq!(error.error, expected);
    }
}

#[test]
fn one_label_that_is_no_text_hides_all() {
    let object = yaml("{kind: ConfigMap, metadata: {labels: {app: web, n: 5}}}");
    let kind = GroupVersionKind::new("v1", "ConfigMap");
    let description =
        ResourceDescription { selector: Some(labels(&[("app", "web")])), ..Default::default() };
    let matcher = Matcher::compile(&any(&[resources(description)]), None).unwrap();
    let answer = matcher.matches(&Subject::new(&kind, object.root())).unwrap();
    assert_eq!(answer, NO(Mismatch::Selector));
}

#[test]
fn labels_of_the_namespace() {
    let selector = |selector| ResourceDescription {
        namespace_selector: Some(selector),
        ..ResourceDescription::default()
    };
    let red = any(&[resources(selector(labels(&[("team", "red")])))]);
    let tree = yaml("{team: red}");
    let known = Some(Labels(Some(tree.root())));
    assert_eq!(ask(&red, None, |_| {}), Match::NeedsNamespace);
    let with_labels = |namespace: &str| {
        let object = yaml(&format!("{{kind: ConfigMap, metadata: {{namespace: '{namespace}'}}}}"));
        let kind = GroupVersionKind::new("v1", "ConfigMap");
        let subject = Subject { namespace_labels: known, ..Subject::new(&kind, object.root()) };
        Matcher::compile(&red, None).unwrap().matches(&subject).unwrap()
    };
    assert_eq!(with_labels("prod-a"), Match::Yes);
    // An object of the cluster has no namespace to ask for, and its kind no labels of one.
    assert_eq!(ask(&red, None, |subject| subject.namespace = ""), NO(Mismatch::NamespaceSelector));
    assert_eq!(
        ask(&red, None, |subject| subject.object_kind = "Namespace"),
        NO(Mismatch::NamespaceSelector)
    );
    let anywhere = any(&[resources(selector(LabelSelector::default()))]);
    assert_eq!(ask(&anywhere, None, |_| {}), Match::Yes);
    // What settles the matter otherwise needs no labels.
    let other = any(&[resources(ResourceDescription {
        kinds: texts(&["Pod"]),
        ..selector(labels(&[("team", "red")]))
    })]);
    assert_eq!(ask(&other, None, |_| {}), NO(Mismatch::Kind));
    let all = any(&[resources(kinds(&["*"]))]);
    assert_eq!(ask(&all, Some(&red), |_| {}), Match::NeedsNamespace);
    assert_eq!(ask(&all, Some(&other), |_| {}), Match::Yes);
}

#[test]
fn namespaces_are_matched_by_their_own_name() {
    let filters = any(&[resources(ResourceDescription {
        namespaces: texts(&["app"]),
        ..ResourceDescription::default()
    })]);
    let as_namespace = |subject: &mut Subject<'_>| subject.object_kind = "Namespace";
    assert_eq!(ask(&filters, None, as_namespace), Match::Yes);
    assert_eq!(ask(&filters, None, |_| {}), NO(Mismatch::Namespace));
}

#[test]
fn an_object_without_name_is_matched_by_its_prefix() {
    let filters = any(&[resources(ResourceDescription {
        names: texts(&["gen-*"]),
        ..ResourceDescription::default()
    })]);
    let unnamed = |subject: &mut Subject<'_>| {
        subject.name = "";
        subject.generate_name = "gen-";
    };
    assert_eq!(ask(&filters, None, unnamed), Match::Yes);
}

#[test]
fn users() {
    let reference = |kind, name: &str, namespace: &str| SubjectReference {
        kind,
        name: name.to_owned(),
        namespace: namespace.to_owned(),
    };
    let subjects = |subject| UserFilter { subjects: vec![subject], ..UserFilter::default() };
    let user = UserInfo {
        username: "system:serviceaccount:ci:deployer".into(),
        groups: ["devs"].into_iter().collect(),
        roles: texts(&["prod-a:editor"]),
        cluster_roles: texts(&["viewer"]),
        ..UserInfo::default()
    };
    // Each is asked in `match` and in `exclude`, with the user and without.
    for (filter, with_user, excludes_nobody) in [
        (subjects(reference(SubjectKind::User, "system:*", "")), true, false),
        (subjects(reference(SubjectKind::User, "*", "")), true, true),
        (subjects(reference(SubjectKind::User, "jane", "")), false, false),
        (subjects(reference(SubjectKind::Group, "d?vs", "")), true, false),
        (subjects(reference(SubjectKind::ServiceAccount, "deployer", "ci")), true, false),
        (subjects(reference(SubjectKind::ServiceAccount, "deployer", "cd")), false, false),
        (UserFilter { roles: texts(&["prod-a:editor"]), ..UserFilter::default() }, true, false),
        (UserFilter { roles: texts(&["*:editor"]), ..UserFilter::default() }, false, false),
        (UserFilter { cluster_roles: texts(&["viewer"]), ..UserFilter::default() }, true, false),
        (
            UserFilter {
                roles: texts(&["prod-a:editor"]),
                cluster_roles: texts(&["admin"]),
                ..UserFilter::default()
            },
            false,
            false,
        ),
    ] {
        let filter = ResourceFilter { user: filter, resources: kinds(&["ConfigMap"]) };
        let filters = any(std::slice::from_ref(&filter));
        let answer = |matching: &Filters, excluding: Option<&Filters>, known: bool| {
            let object = yaml("{kind: ConfigMap}");
            let kind = GroupVersionKind::new("v1", "ConfigMap");
            let mut subject = Subject::new(&kind, object.root());
            subject.user = known.then_some(&user);
            Matcher::compile(matching, excluding).unwrap().matches(&subject).unwrap() == Match::Yes
        };
        let all = any(&[resources(kinds(&["*"]))]);
        assert_eq!(answer(&filters, None, true), with_user, "{filter:?}");
        assert!(answer(&filters, None, false), "{filter:?}");
        assert_eq!(answer(&all, Some(&filters), true), !with_user, "{filter:?}");
        assert_eq!(answer(&all, Some(&filters), false), !excludes_nobody, "{filter:?}");
    }
}

#[test]
fn blocks_are_joined() {
    let config = || resources(kinds(&["ConfigMap"]));
    let secret = || resources(kinds(&["Secret"]));
    let all = |blocks: &[ResourceFilter]| Filters { all: blocks.to_vec(), ..Filters::default() };
    let everything = any(&[resources(kinds(&["*"]))]);
    for (filters, matching, excluding) in [
        (any(&[config(), secret()]), Match::Yes, NO(Mismatch::Excluded)),
        (any(&[secret(), secret()]), NO(Mismatch::NoneOfAny), Match::Yes),
        (all(&[config(), secret()]), NO(Mismatch::Kind), Match::Yes),
        (all(&[config(), config()]), Match::Yes, NO(Mismatch::Excluded)),
        (Filters { any: vec![secret()], ..all(&[config()]) }, NO(Mismatch::Kind), Match::Yes),
        (Filters { direct: secret(), ..all(&[config()]) }, Match::Yes, NO(Mismatch::Excluded)),
        (Filters::default(), NO(Mismatch::Empty), Match::Yes),
    ] {
        assert_eq!(ask(&filters, None, |_| {}), matching, "{filters:?}");
        assert_eq!(ask(&everything, Some(&filters), |_| {}), excluding, "{filters:?}");
    }
}

#[test]
fn policies_of_a_namespace_see_only_theirs() {
    let filters = any(&[resources(kinds(&["*"]))]);
    let of = |namespace: &'static str| {
        ask(&filters, None, move |subject| subject.policy_namespace = namespace)
    };
    assert_eq!(of("prod-a"), Match::Yes);
    assert_eq!(of("prod-b"), NO(Mismatch::PolicyNamespace));
}

#[test]
fn kinds_for_an_index() {
    let index = |filters: &Filters| {
        let matcher = Matcher::compile(filters, None).unwrap();
        matcher.kinds().map(|kind| kind.exact_kind().unwrap_or("*").to_owned()).collect::<Vec<_>>()
    };
    let pod = || resources(kinds(&["v1/Pod", "apps/v1/Deployment"]));
    let unnamed = || resources(ResourceDescription { name: "x".into(), ..Default::default() });
    assert_eq!(index(&any(&[pod(), resources(kinds(&["C*"]))])), ["Pod", "Deployment", "*"]);
    assert_eq!(index(&any(&[pod(), unnamed()])), ["*"]);
    let all = Filters { all: vec![unnamed(), pod()], ..Filters::default() };
    assert_eq!(index(&all), ["Pod", "Deployment"]);
}

proptest! {
    #[test]
    fn what_matches_is_in_the_index(
        written in proptest::collection::vec(
            "(v1/|apps/v1/|[*]/)?([*]|Pod|P*|Deployment)([./](exec|[*]))?",
            1..4,
        ),
        subresource in "(|exec|ephemeralcontainers)",
        of_apps in proptest::bool::ANY,
    ) {
        let filters = any(&[resources(ResourceDescription {
            kinds: written,
            ..ResourceDescription::default()
        })]);
        let matcher = Matcher::compile(&filters, None).unwrap();
        let kind = if of_apps {
            GroupVersionKind::new("apps/v1", "Deployment")
        } else {
            GroupVersionKind::new("v1", "Pod")
        };
        let object = yaml("{}");
        let mut subject = Subject::new(&kind, object.root());
        subject.subresource = &subresource;
        let matches = matcher.matches(&subject).unwrap() == Match::Yes;
        let indexed = matcher.kinds().any(|selector| {
            selector.exact_kind().is_none_or(|exact| *exact == *kind.kind)
        });
        prop_assert!(indexed || !matches);
    }
}
