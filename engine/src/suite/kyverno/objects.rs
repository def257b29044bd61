//! The objects under test, as upstream's `test` command reads them.

use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::manifest::{Content, objects};
use crate::read::Document;
use crate::report::ObjectIdentity;
use crate::tree::Tree;

/// An object under test.
#[derive(Clone, Debug)]
pub(super) struct TestObject {
    pub(super) identity: ObjectIdentity,
    /// With every number as a float (`ProcessResources` in commands/test/test.go).
    pub(super) tree: Arc<Tree>,
}

/// The objects of documents. Of two with one name the first counts, as upstream has it.
pub(super) fn under_test<'d>(
    documents: impl Iterator<Item = &'d Document>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<TestObject> {
    let mut found: Vec<TestObject> = Vec::new();
    for document in documents {
        let odd = |code, message: String| {
            Diagnostic::warning(code, message).at(Some(document.span::<&str>(&[])))
        };
        let manifests = match objects(document.tree()) {
            Content::Objects(manifests) => manifests,
            Content::Other => {
                diagnostics
                    .push(odd("not-an-object", "this is not a Kubernetes object".to_owned()));
                continue;
            }
            Content::Incomplete(message) => {
                let message = format!("this is not a Kubernetes object: {message}");
                diagnostics.push(odd("not-an-object", message));
                continue;
            }
        };
        for manifest in manifests {
            let identity = ObjectIdentity::of_object(manifest.object.root());
            if found.iter().any(|known| known.identity == identity) {
                let message = format!("two objects are named {identity}; only the first is judged");
                diagnostics.push(odd("duplicate-object", message));
                continue;
            }
            let tree = manifest.object.with_floats();
            found.push(TestObject { identity, tree });
        }
    }
    found
}
