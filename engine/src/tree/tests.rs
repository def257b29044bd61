use std::sync::Arc;

use super::{Builder, Kind};

fn builder() -> Builder {
    Builder::new(Arc::from(""), false)
}

#[test]
fn children_stand_side_by_side_and_keep_their_order() {
    let mut builder = builder();
    builder.open_map((0, 0));
    builder.string("b", (0, 0));
    builder.open_list((0, 0));
    builder.int(1, (0, 0));
    builder.null((0, 0));
    builder.close().unwrap();
    builder.string("a", (0, 0));
    builder.bool(true, (0, 0));
    let (tree, _) = builder.finish().unwrap();
    let keys: Vec<_> = tree.root().as_map().unwrap().iter().map(|(key, _)| key).collect();
    assert_eq!(keys, ["b", "a"]);
    let list = tree.root().get("b").unwrap().as_list().unwrap();
    assert!(matches!(list.get(0).unwrap().kind(), Kind::Int(1)));
    assert!(list.get(1).unwrap().is_null());
    assert!(list.get(2).is_none());
    assert_eq!(tree.root().to_json(), r#"{"a":true,"b":[1,null]}"#);
}

#[test]
fn equal_keys_are_refused_in_small_and_large_maps() {
    for count in [2, 100] {
        let mut builder = builder();
        builder.open_map((0, 0));
        for number in 0..count {
            builder.string(&format!("k{number}"), (0, 0));
            builder.null((0, 0));
        }
        builder.string("k1", (0, 0));
        builder.null((0, 0));
        assert_eq!(builder.close().unwrap_err().key, "k1");
    }
}

#[test]
fn depth_costs_no_stack() {
    let mut builder = builder();
    for _ in 0..200_000 {
        builder.open_list((0, 0));
    }
    let (tree, _) = builder.finish().unwrap();
    assert_eq!(tree.root().to_json().len(), 400_000);
}
