use super::*;
use crate::gatekeeper::program::Workspace;
use crate::read::{Limits, parse_json};
use crate::request::Asked;

fn shown(request: &Request, at_rest: bool) -> String {
    let arena = Arena::default();
    let review = Review::of(request, at_rest, &arena);
    Workspace::new(request.time, 0).json(&review.with_namespace(None)).unwrap()
}

fn tree(text: &str) -> Arc<Tree> {
    Arc::new(parse_json(text, &Limits::default()).unwrap())
}

const POD: &str = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"x"}}"#;

#[test]
fn an_object_where_it_is_has_no_operation() {
    let request = Request::create(tree(POD), "2026-01-01T00:00:00Z".parse().unwrap());
    // What gator 3.23.1 shows of a plain object.
    let expected = r#"{"kind":{"group":"","kind":"Pod","version":"v1"},"name":"a","namespace":"x","#
        .to_owned()
        + &format!(
            r#""namespaceObject":{{}},"object":{POD},"oldObject":null,"operation":"","options":null,"#
        )
        + r#""resource":{"group":"","resource":"","version":""},"uid":"","userInfo":{}}"#;
    assert_eq!(shown(&request, true), expected);
    assert_eq!(
        shown(&request, false),
        expected.replace(r#""operation":"""#, r#""operation":"CREATE""#)
    );
}

#[test]
fn a_request_of_the_api_server_is_seen_whole() {
    let base = Request::create(tree(POD), "2026-01-01T00:00:00Z".parse().unwrap());
    let request = Request {
        uid: "u".to_owned(),
        resource: GroupVersionResource {
            group: "".into(),
            version: "v1".into(),
            resource: "pods".into(),
        },
        asked: Some(Box::new(Asked {
            kind: GroupVersionKind::new("v2", "Pod"),
            resource: GroupVersionResource {
                group: "".into(),
                version: "v2".into(),
                resource: "pods".into(),
            },
            subresource: String::new(),
        })),
        operation: Operation::Delete,
        old_object: base.object.clone(),
        object: None,
        user: Some(UserInfo {
            username: "jane".to_owned(),
            groups: ["g"].into_iter().collect(),
            extra: [("k", ["v"])].into_iter().collect(),
            ..UserInfo::default()
        }),
        options: Some(tree(r#"{"kind":"DeleteOptions"}"#)),
        ..base
    };
    let expected = r#"{"dryRun":false,"kind":{"group":"","kind":"Pod","version":"v1"},"name":"a","#
        .to_owned()
        + &format!(r#""namespace":"x","namespaceObject":{{}},"object":{POD},"oldObject":{POD},"#)
        + r#""operation":"DELETE","options":{"kind":"DeleteOptions"},"requestKind":{"group":"","#
        + r#""kind":"Pod","version":"v2"},"requestResource":{"group":"","resource":"pods","#
        + r#""version":"v2"},"resource":{"group":"","resource":"pods","version":"v1"},"uid":"u","#
        + r#""userInfo":{"extra":{"k":["v"]},"groups":["g"],"username":"jane"}}"#;
    assert_eq!(shown(&request, false), expected);
}
