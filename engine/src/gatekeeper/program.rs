//! The Rego of a template: compiled once for all constraints, asked for its violations.
//!
//! Upstream: constraint/pkg/client/drivers/rego/compilers.go, and constraint/pkg/regorewriter for
//! what a template may import and refer to.

use std::cell::RefCell;
use std::sync::Arc;

use jiff::Timestamp;

use super::template::{Rego, Template};
use crate::diagnostic::Diagnostic;
use crate::rego::Value;
use crate::tree::Node;

/// The Rego of a template.
#[derive(Debug)]
pub(crate) struct Program {
    pub(super) reads_namespace: bool,
    pub(super) reads_inventory: bool,
}

pub(super) struct Asked<'a, 't> {
    pub(super) input: Value<'t>,
    pub(super) data: Value<'t>,
    pub(super) host: &'a Host<'t>,
}

/// An element of the set `violation`.
#[derive(Debug)]
pub(super) struct Element<'t> {
    pub(super) value: Value<'t>,
    /// The places of trees that were read on the way to it, in that order.
    pub(super) read: Vec<Node<'t>>,
}

pub(super) struct Host<'t> {
    now: Timestamp,
    seed: u64,
    notes: RefCell<Vec<&'t str>>,
}

impl<'t> Host<'t> {
    pub(super) fn new(now: Timestamp, seed: u64) -> Self {
        Self { now, seed, notes: RefCell::default() }
    }

    pub(super) fn json(&self, value: &Value<'t>) -> Result<String, String> {
        Ok(String::new())
    }
}

impl Program {
    pub(super) fn compile(template: &Template, rego: &Rego) -> (Option<Arc<Self>>, Vec<Diagnostic>) {
        let tree = template.document.tree();
        let texts: Vec<&str> = [rego.entry]
            .iter()
            .chain(&rego.libs)
            .filter_map(|index| tree.node(*index).as_str())
            .collect();
        let program = Self {
            reads_namespace: texts.iter().any(|text| text.contains("namespaceObject")),
            reads_inventory: texts.iter().any(|text| text.contains("inventory")),
        };
        (Some(Arc::new(program)), Vec::new())
    }

    pub(super) fn violations<'t>(&'t self, asked: &Asked<'_, 't>) -> Result<Vec<Element<'t>>, String> {
        Err("later".to_owned())
    }
}
