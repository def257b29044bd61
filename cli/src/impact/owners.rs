//! Which object stands at the end of a chain of owners: of a Pod, mostly its Deployment.

use std::collections::BTreeMap;

use ajj_engine::report::ObjectIdentity;
use ajj_engine::{GroupVersionKind, Node, Request, manifest};

/// So many owners stand above an object at most.
const LONGEST: usize = 8;

/// The owners of objects, each looked up at most once.
pub(super) struct Owners<L> {
    known: BTreeMap<ObjectIdentity, Option<ObjectIdentity>>,
    look_up: L,
}

impl<L: FnMut(&ObjectIdentity) -> Option<ObjectIdentity>> Owners<L> {
    /// From objects with their owners; `look_up` finds those of others.
    pub(super) fn new(known: BTreeMap<ObjectIdentity, Option<ObjectIdentity>>, look_up: L) -> Self {
        Self { known, look_up }
    }

    /// The owner that nobody owns; the object itself where it has none.
    pub(super) fn last_of(&mut self, object: &ObjectIdentity) -> ObjectIdentity {
        let mut last = object.clone();
        for _ in 0..LONGEST {
            let owner = match self.known.get(&last) {
                Some(owner) => owner.clone(),
                None => {
                    let owner = (self.look_up)(&last);
                    self.known.insert(last.clone(), owner.clone());
                    owner
                }
            };
            match owner {
                Some(owner) => last = owner,
                None => break,
            }
        }
        last
    }
}

/// The controller of a request's object, where that is no Node: what runs on a Node does not belong
/// to it.
pub(crate) fn owner(request: &Request) -> Option<ObjectIdentity> {
    let object = request.object.as_ref().or(request.old_object.as_ref())?;
    let (api_version, kind, name) = controller(object.root())?;
    if (api_version, kind) == ("v1", "Node") {
        return None;
    }
    let is_namespaced = manifest::is_namespaced(&GroupVersionKind::new(api_version, kind));
    let namespace = if is_namespaced { request.object_namespace() } else { "" };
    Some(ObjectIdentity {
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    })
}

/// The controller that an object belongs to: group and version, kind, and name.
fn controller(object: Node<'_>) -> Option<(&str, &str, &str)> {
    let owners = object.at(&["metadata", "ownerReferences"]).and_then(Node::as_list)?;
    let is_controller =
        |owner: &Node<'_>| owner.get("controller").and_then(Node::as_bool) == Some(true);
    let owner = owners.iter().find(is_controller)?;
    let text = |key: &str| owner.get(key).and_then(|node| node.as_str());
    Some((text("apiVersion")?, text("kind")?, text("name")?))
}
